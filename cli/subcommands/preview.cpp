// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice preview`: thresholds, carryover and dates of one account, calculated from a few figures.
// --json has the keys of Waldur's preview_impact.
#include "common/policy/preview.hpp"
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/zone.hpp"
#include "common/format/numbers.hpp"
#include "common/json/json.hpp"
#include "common/model/tres.hpp"

namespace sluice::cli {
namespace {

using json::Value;
using policy::Outlook;
using policy::Preview;
using policy::PreviewInput;

struct Figure {
    const char* option;
    Decimal PreviewInput::*member;
};

constexpr Figure kFigureOptions[] = {{"allocation", &PreviewInput::allocation},
                                     {"grace-ratio", &PreviewInput::grace_ratio},
                                     {"previous-usage", &PreviewInput::previous_usage},
                                     {"carryover-factor", &PreviewInput::carryover_factor},
                                     {"current-usage", &PreviewInput::current_usage},
                                     {"daily-rate", &PreviewInput::daily_usage_rate}};

Result<PreviewInput> input_of(const Options& options) {
    PreviewInput in;
    for (const auto& figure : kFigureOptions) {
        const auto* typed = options.value(figure.option);
        if (typed == nullptr)
            continue;
        const auto number = Decimal::parse(*typed);
        if (!number)
            return Error{Errc::malformed, std::string("--") + figure.option +
                                              " takes a number, not '" + *typed + "'"};
        in.*figure.member = *number;
    }
    in.carryover_enabled = !options.no_carryover;
    return in;
}

Value hours(Amount amount, const Preview& preview) {
    const auto millionths = model::unit_millionths(amount, preview.component);
    return millionths ? Value::decimal(*millionths, model::kUnitPlaces) : Value();
}

Value exact(Decimal value) {
    return Value::decimal(value.scaled(), 9);
}

Value carryover_json(const PreviewInput& in, const Preview& preview) {
    const auto& c = preview.carryover;
    if (!c.applied)
        return {};
    Value out = Value::object();
    out.set("previous_usage", hours(c.used_before, preview))
        .set("carryover_factor", exact(in.carryover_factor))
        .set("base_allocation", hours(c.base, preview))
        .set("unused", hours(c.unused, preview))
        .set("carryover_cap", hours(c.cap, preview))
        .set("carryover", hours(c.carry, preview))
        .set("total_allocation", hours(preview.effective, preview));
    return out;
}

const char* status_word(Outlook outlook) {
    switch (outlook) {
    case Outlook::exceeded:
        return "exceeded";
    case Outlook::projected:
        return "projected";
    case Outlook::never:
        break;
    }
    return "never";
}

Value projections(const Preview& preview) {
    Value out = Value::object();
    for (const auto& threshold : preview.thresholds) {
        Value one = Value::object();
        one.set("days", threshold.days)
            .set("date", threshold.date ? Value(date_text(*threshold.date)) : Value())
            .set("status", status_word(threshold.outlook));
        out.set(threshold.name, std::move(one));
    }
    return out;
}

Value preview_json(const PreviewInput& in, const Preview& preview) {
    Value thresholds = Value::object();
    thresholds.set("allocation", hours(preview.effective, preview))
        .set("grace_ratio", exact(in.grace_ratio))
        .set("notification_ratio", Value::decimal(8, 1));
    for (const auto& threshold : preview.thresholds)
        thresholds.set(threshold.name + "_threshold", hours(threshold.amount, preview));
    Value out = Value::object();
    out.set("base_allocation", hours(preview.allocation, preview))
        .set("effective_allocation", hours(preview.effective, preview))
        .set("carryover_enabled", in.carryover_enabled)
        .set("carryover", carryover_json(in, preview))
        .set("thresholds", std::move(thresholds))
        .set("grace_ratio", exact(in.grace_ratio))
        .set("carryover_factor", exact(in.carryover_factor))
        .set("current_usage", hours(preview.used, preview))
        .set("daily_usage_rate", exact(in.daily_usage_rate))
        .set("usage_percentage", preview.percent ? Value::decimal(*preview.percent, 2) : Value())
        .set("current_qos_status", preview.status)
        .set("date_projections", projections(preview));
    return out;
}

std::string preview_text(const PreviewInput& in, const Preview& preview) {
    const auto units = [&](Amount amount) { return format::units_text(amount, preview.component); };
    const auto& c = preview.carryover;
    std::string out = "Allocation " + units(preview.allocation) + " h";
    out += c.applied ? ", carryover " + units(c.carry) + " h (unused " + units(c.unused) +
                           " h, at most " + units(c.cap) + " h): effective allocation " +
                           units(preview.effective) + " h\n"
                     : ", no carryover\n";
    out += "Used " + units(preview.used) + " h (" + format::share_text(preview.percent) +
           "), status " + preview.status + "\n";
    for (const auto& threshold : preview.thresholds) {
        out += "  " + threshold.name + " at " + threshold.percent.text() +
               " % = " + units(threshold.amount) + " h: ";
        if (threshold.outlook == Outlook::exceeded)
            out += "reached, or within a day\n";
        else if (!threshold.days)
            out += "never, without usage\n";
        else
            out += "in " + counted(*threshold.days, "day") +
                   (threshold.date ? ", on " + date_text(*threshold.date) : "") + '\n';
    }
    return in.daily_usage_rate.is_zero()
               ? out
               : out + "Usage from today on: " + in.daily_usage_rate.text() + " h per day\n";
}

} // namespace

int run_preview(Parsed parsed) {
    auto in = input_of(parsed.options);
    if (!in)
        return complain(parsed.context, in.error());
    const auto host = Zone::load("");
    in->today = (host ? *host : Zone()).local(parsed.context.clock.now()).date();
    const auto made = policy::preview(*in);
    if (!made)
        return complain(parsed.context, made.error());
    if (parsed.options.json)
        return print_json(parsed, preview_json(*in, *made));
    print(parsed.context, preview_text(*in, *made));
    return kOk;
}

} // namespace sluice::cli
