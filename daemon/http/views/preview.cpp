// SPDX-License-Identifier: GPL-2.0-or-later
// What a policy would mean: thresholds, carryover and dates, from an account or typed figures.
#include "daemon/http/views/preview.hpp"

#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/model/tres.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/render.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

using json::Value;

// The component that is nearest to its limit.
const model::Figure* nearest_to_limit(const model::AccountDecision& account) {
    const auto found = std::max_element(account.figures.begin(), account.figures.end(),
                                        [](const auto& a, const auto& b) {
                                            return a.percent.value_or(-1) < b.percent.value_or(-1);
                                        });
    return found == account.figures.end() ? nullptr : &*found;
}

void take_amount(Decimal& out, Amount amount, const model::Component& component) {
    if (const auto millionths = model::unit_millionths(amount, component))
        out = Decimal::raw(*millionths * (Decimal::kScale / 1'000'000));
}

// Usage of one day, by the days of the period so far, the first one at least.
std::optional<Amount> daily_rate(Amount used, Instant begin, Instant now) {
    constexpr Wide kDay = 86'400;
    const Wide seconds = std::max<Wide>(epoch(now) - epoch(begin), kDay);
    const auto product = multiply(used, kDay);
    return product ? narrow(*product / seconds) : std::nullopt;
}

void take_policy(model::PreviewInput& input, const model::Policy& policy) {
    input.grace_ratio = policy.grace_ratio;
    input.carryover_enabled = policy.carryover.enabled;
    input.carryover_factor = policy.carryover.factor;
}

Value exact_value(Decimal value) {
    return Value::decimal(value.scaled(), 9);
}

const char* outlook_word(model::Outlook outlook) {
    switch (outlook) {
    case model::Outlook::exceeded:
        return "reached";
    case model::Outlook::projected:
        return "expected";
    case model::Outlook::never:
        break;
    }
    return "not expected";
}

// The words of Waldur's preview as those of Sluice's thresholds.
const char* threshold_word(const std::string& name) {
    return name == "notification" ? "notify" : name == "slowdown" ? "downscale" : "pause";
}

Value render_preview(const model::PreviewInput& input, const model::Preview& made) {
    Value figures = Value::object();
    for (const auto& figure : kPreviewFigures)
        figures.set(figure.key, exact_value(input.*figure.member));
    figures.set("carryover_enabled", input.carryover_enabled);
    const auto& carry = made.carryover;
    return object(kv("figures", std::move(figures)),
                  kv("effective_allocation", units(made.effective, made.component)),
                  kv("carryover", units(carry.applied ? carry.carry : Amount{0}, made.component)),
                  kv("usage_percentage", made.percent ? Value::decimal(*made.percent, 2) : Value()),
                  kv("thresholds", array_of(made.thresholds, [&](const auto& each) {
                         return object(
                             kv("threshold", threshold_word(each.name)),
                             kv("percent", exact_value(each.percent)),
                             kv("amount", units(each.amount, made.component)),
                             kv("outlook", outlook_word(each.outlook)), kv("days", each.days),
                             kv("date", each.date ? Value(date_text(*each.date)) : Value()));
                     })));
}

} // namespace

void take_account(model::PreviewInput& input, const model::PolicySet& set,
                  const ports::CycleReport& cycle, const model::AccountDecision& account) {
    for (const auto& policy : set.policies)
        if (std::find(account.policies.begin(), account.policies.end(), policy.name) !=
            account.policies.end()) {
            take_policy(input, policy);
            break;
        }
    const auto* figure = nearest_to_limit(account);
    if (figure == nullptr)
        return;
    take_amount(input.allocation, figure->allocation, figure->component);
    take_amount(input.previous_usage, figure->carryover.used_before, figure->component);
    take_amount(input.current_usage, figure->used(), figure->component);
    if (const auto rate = daily_rate(figure->used(), account.period.begin, cycle.at))
        take_amount(input.daily_usage_rate, *rate, figure->component);
}

Response view_preview(const Call& call) {
    const auto set = call.status.policies();
    const auto info = call.status.info();
    model::PreviewInput input;
    if (const std::string account = lower(call.request.argument("account")); !account.empty()) {
        const CyclePtr cycle = call.status.last_cycle();
        if (cycle == nullptr)
            return no_cycle_yet();
        const Visible visible(cycle.get(), call.request.viewer);
        if (auto bad = unknown(call, cycle.get(), visible, {account}))
            return std::move(*bad);
        take_account(input, *set, *cycle, *cycle->decision.find(account));
    }
    if (const std::string name = call.request.argument("policy"); !name.empty()) {
        const auto found = std::find_if(set->policies.begin(), set->policies.end(),
                                        [&](const auto& policy) { return policy.name == name; });
        if (found == set->policies.end())
            return failure(404, "policy '" + name + "' does not exist");
        take_policy(input, *found);
    }
    for (const auto& figure : kPreviewFigures) {
        const auto text = call.request.argument(figure.key);
        const auto typed = text.empty() ? std::nullopt : Decimal::parse(text);
        if (!text.empty() && !typed)
            return failure(400, std::string(figure.key) + " must be a number, not '" + text + "'");
        if (typed)
            input.*figure.member = *typed;
    }
    input.today = info.zone.local(info.now).date();
    const auto made = call.status.preview(input);
    if (!made)
        return failure(made.error());
    return answer(call, kv("preview", render_preview(input, *made)));
}

} // namespace sluice::http
