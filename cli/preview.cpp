// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice preview`: what a policy would mean, from a handful of figures. Takes them as options, or
// as the JSON body that Waldur's preview_impact takes; answers with Waldur's keys.
#include "common/policy/preview.hpp"
#include "cli/options.hpp"
#include "cli/report.hpp"
#include "cli/subcommands.hpp"
#include "common/base/zone.hpp"
#include "common/json/json.hpp"
#include "common/model/units.hpp"
#include "common/policy/format.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace sluice::cli {
namespace {

using json::Value;
using policy::Outlook;
using policy::Preview;
using policy::PreviewInput;

struct Figure {
    const char* option;
    const char* key;
    Decimal PreviewInput::*member;
};

constexpr Figure kFigureList[] = {
    {"allocation", "allocation", &PreviewInput::allocation},
    {"grace-ratio", "grace_ratio", &PreviewInput::grace_ratio},
    {"previous-usage", "previous_usage", &PreviewInput::previous_usage},
    {"carryover-factor", "carryover_factor", &PreviewInput::carryover_factor},
    {"current-usage", "current_usage", &PreviewInput::current_usage},
    {"daily-rate", "daily_usage_rate", &PreviewInput::daily_usage_rate}};

struct Close {
    void operator()(std::FILE* file) const {
        if (file != stdin)
            std::fclose(file);
    }
};

Result<std::string> read_text(const std::string& path) {
    constexpr std::size_t kMax = 64 * 1024;
    const std::unique_ptr<std::FILE, Close> file(path == "-" ? stdin
                                                             : std::fopen(path.c_str(), "re"));
    if (!file)
        return Error{Errc::unavailable, path + ": " + std::strerror(errno)};
    std::string text(kMax + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (text.size() > kMax)
        return Error{Errc::malformed, path + ": longer than 64 KiB"};
    return text;
}

Result<void> take_json(const std::string& path, PreviewInput& in) {
    const auto text = read_text(path);
    if (!text)
        return text.error();
    const auto body = json::parse(*text);
    if (!body)
        return Error(body.error()).in(path);
    for (const auto& figure : kFigureList) {
        const auto value = (*body)[figure.key];
        if (!value.exists())
            continue;
        const auto number = json::decimal_of(value);
        if (!number)
            return Error{Errc::malformed, path + ": " + figure.key + " is not a number"};
        in.*figure.member = *number;
    }
    in.carryover_enabled = (*body)["carryover_enabled"].boolean(in.carryover_enabled);
    return {};
}

Result<void> take_options(const Options& options, PreviewInput& in) {
    for (const auto& figure : kFigureList) {
        const auto typed = options.figures.find(figure.option);
        if (typed == options.figures.end())
            continue;
        const auto number = Decimal::parse(typed->second);
        if (!number)
            return Error{Errc::malformed, std::string("--") + figure.option +
                                              " takes a number, not '" + typed->second + "'"};
        in.*figure.member = *number;
    }
    if (options.figures.contains("no-carryover"))
        in.carryover_enabled = false;
    return {};
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
    const auto units = [&](Amount amount) { return policy::units_text(amount, preview.component); };
    const auto& c = preview.carryover;
    std::string out = "Allocation " + units(preview.allocation) + " h";
    out += c.applied ? ", carried over " + units(c.carry) + " h (unused " + units(c.unused) +
                           ", at most " + units(c.cap) + "): effective " +
                           units(preview.effective) + " h\n"
                     : ", nothing carried over\n";
    out += "Used " + units(preview.used) + " h (" + policy::share_text(preview.percent) +
           "), status " + preview.status + "\n";
    for (const auto& threshold : preview.thresholds) {
        out += "  " + threshold.name + " at " + threshold.percent.text() +
               " % = " + units(threshold.amount) + " h: ";
        if (threshold.outlook == Outlook::exceeded)
            out += "reached, or within a day\n";
        else if (threshold.date)
            out += "on " + date_text(*threshold.date) + ", in " + std::to_string(*threshold.days) +
                   (*threshold.days == 1 ? " day\n" : " days\n");
        else
            out += threshold.days ? "in " + std::to_string(*threshold.days) + " days\n"
                                  : std::string("never, at a rate of 0\n");
    }
    return in.daily_usage_rate.is_zero()
               ? out
               : out + "at " + in.daily_usage_rate.text() + " h a day from today on\n";
}

} // namespace

int run_preview(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("preview"), kJson | kFile | kFigures, argc, argv);
    if (parsed.done)
        return *parsed.done;
    PreviewInput in;
    const auto host = Zone::load("");
    in.today = (host ? *host : Zone()).local(context.clock.now()).date();
    if (!parsed.options.file.empty())
        if (const auto taken = take_json(parsed.options.file, in); !taken)
            return complain(parsed.context, taken.error());
    if (const auto taken = take_options(parsed.options, in); !taken)
        return complain(parsed.context, taken.error());
    const auto made = policy::preview(in);
    if (!made)
        return complain(parsed.context, made.error());
    if (parsed.options.json)
        return print_json(parsed, preview_json(in, *made));
    print(parsed.context, preview_text(in, *made));
    return kOk;
}

} // namespace sluice::cli
