// SPDX-License-Identifier: GPL-2.0-or-later
// Limits, shares and the reset of raw usage.
#include "common/policy/clock.hpp"
#include "common/policy/exact.hpp"
#include "common/policy/format.hpp"
#include "common/policy/limits.hpp"
#include "common/policy/lookup.hpp"
#include "common/policy/plan_parts.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Association;
using model::Command;
using model::CommandType;
using model::LimitType;
using model::Mode;
using model::Policy;

namespace {

constexpr LimitType kTypes[] = {LimitType::grp_tres_mins, LimitType::max_tres_mins,
                                LimitType::grp_tres};

Command limits_command(const std::string& account, LimitType type) {
    Command command;
    command.type = CommandType::limits;
    command.account = account;
    command.limit_type = type;
    return command;
}

void describe(Command& command, std::string reason) {
    std::string list;
    for (const auto& [tres, value] : command.limits)
        list += (list.empty() ? "" : ", ") + tres + " " +
                (value ? std::to_string(*value) : std::string("unlimited"));
    command.description = "Set " + std::string(model::name(command.limit_type)) + " of account " +
                          command.account + " to " + list + " (" + reason + ")";
    command.reason = std::move(reason);
}

// Limits that Slurm still has from us and that nobody wants any more.
void add_leftovers(const Association& row, const std::map<std::string, std::int64_t>& ours,
                   LimitType type, const std::vector<WantedLimit>& wanted, Command& command) {
    const auto& present = limits_of(row, type);
    for (const auto& [tres, value] : ours) {
        const auto found = present.find(tres);
        const auto is_wanted = [&, name = tres](const WantedLimit& w) { return w.tres == name; };
        if (found != present.end() && found->second == value &&
            std::none_of(wanted.begin(), wanted.end(), is_wanted))
            command.limits[tres] = std::nullopt;
    }
}

void clear_others(const Association& row, const std::map<std::string, std::int64_t>& ours,
                  std::optional<LimitType> except, const std::string& reason, Draft& draft) {
    for (const LimitType type : kTypes) {
        if (type == except)
            continue;
        Command command = limits_command(row.account, type);
        add_leftovers(row, ours, type, {}, command);
        if (command.limits.empty())
            continue;
        describe(command, reason);
        draft.add(std::move(command), true);
    }
}

struct Difference {
    bool any = false;
    bool drifted = false; // Slurm had our value and somebody changed it
};

Difference compare(const Association& row, LimitType type, const std::vector<WantedLimit>& wanted,
                   const std::map<std::string, std::int64_t>& in_force) {
    Difference out;
    const auto& present = limits_of(row, type);
    for (const auto& limit : wanted) {
        const auto found = present.find(limit.tres);
        if (!limit.value || (found != present.end() && limit.accepts(found->second)))
            continue;
        out.any = true;
        const auto ours = in_force.find(limit.tres);
        out.drifted = out.drifted || (ours != in_force.end() &&
                                      (found == present.end() || found->second != ours->second));
    }
    return out;
}

std::string limits_reason(const AccountDecision& decision, bool drifted) {
    if (drifted)
        return "drift";
    return decision.grant_changed ? "effective allocation of " + decision.period.label
                                  : "follows raw usage";
}

// The first policy that asks for something; enforcing ones first.
template <class Asks>
const Policy* asking(const Draft& draft, const AccountDecision& decision, Asks asks) {
    for (const auto mode : {Mode::enforce, Mode::observe})
        for (const auto& name : decision.policies)
            if (const Policy* policy = find_policy(draft.set(), name);
                policy && policy->mode == mode && asks(*policy))
                return policy;
    return nullptr;
}

std::optional<std::uint32_t> shares(const AccountDecision& decision, Decimal divisor) {
    Wide common = 1;
    for (const auto& figure : decision.figures) {
        const Wide factor = figure.component.unit_factor.scaled();
        const auto next =
            factor > 0 ? multiply(common / greatest_divisor(common, factor), factor) : std::nullopt;
        if (!next)
            return std::nullopt;
        common = *next;
    }
    Wide sum = 0;
    for (const auto& figure : decision.figures) {
        const auto part =
            multiply(figure.effective, common / figure.component.unit_factor.scaled());
        const auto next = part ? add(sum, *part) : std::nullopt;
        if (!next)
            return std::nullopt;
        sum = *next;
    }
    // floor(sum / (60 * common) * scale / (divisor / scale)), common factors taken out first.
    Wide numerator = Wide{Decimal::kScale} * Decimal::kScale;
    Wide denominator = Wide{60} * divisor.scaled();
    for (Wide* factor : {&common, &denominator}) {
        const Wide shared = greatest_divisor(numerator, *factor);
        numerator /= shared;
        *factor /= shared;
    }
    const auto over = multiply(sum, numerator);
    const auto under = multiply(common, denominator);
    if (!over || !under || *under <= 0)
        return std::nullopt;
    constexpr Wide kMax = INT32_MAX; // Slurm keeps shares in 31 bits
    return static_cast<std::uint32_t>(std::clamp<Wide>(*over / *under, 1, kMax));
}

} // namespace

void plan_fairshare(const Association& row, const AccountDecision& decision, Draft& draft) {
    const Policy* policy =
        asking(draft, decision, [](const Policy& p) { return p.fairshare.enabled; });
    if (policy == nullptr || decision.incomplete())
        return;
    const auto wanted = shares(decision, policy->fairshare.divisor);
    if (!wanted) {
        draft.fail(decision.account, "the shares do not fit", "check allocation and divisor");
        return;
    }
    if (*wanted == row.shares)
        return;
    Command command;
    command.type = CommandType::fairshare;
    command.account = decision.account;
    command.shares = *wanted;
    command.reason =
        decision.grant_changed ? "effective allocation of " + decision.period.label : "drift";
    command.description = "Set fairshare of account " + decision.account + " to " +
                          std::to_string(*wanted) + " (" + command.reason + ")";
    const bool enforced = policy->mode == Mode::enforce;
    if (enforced && !decision.grant_changed && only_reports_drift(*policy, decision))
        draft.report_drift(std::move(command), "fairshare of account " + decision.account);
    else
        draft.add(std::move(command), enforced);
}

void plan_limits(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto& ours = decision.memory.limits_in_force;
    const Policy* policy = limiting_policy(draft.set(), decision);
    const bool enforced = policy != nullptr && policy->mode == Mode::enforce;
    if (!enforced)
        clear_others(row, ours, std::nullopt,
                     let_run(decision) ? "override " + std::to_string(decision.in_force->id)
                                       : "not limited any more",
                     draft);
    if (policy == nullptr)
        return;
    const auto wanted = wanted_limits(*policy, decision, draft.facts());
    if (!wanted) {
        draft.fail(decision.account, wanted.error().context, "check the allocation");
        return;
    }
    if (enforced)
        clear_others(row, ours, policy->limits.type, "limit type changed", draft);
    const auto difference = compare(row, policy->limits.type, *wanted, ours);
    Command command = limits_command(decision.account, policy->limits.type);
    if (difference.any)
        for (const auto& limit : *wanted)
            if (limit.value)
                command.limits[limit.tres] = limit.value;
    if (enforced)
        add_leftovers(row, ours, policy->limits.type, *wanted, command);
    if (command.limits.empty())
        return;
    describe(command, limits_reason(decision, difference.drifted));
    if (enforced && difference.drifted && only_reports_drift(*policy, decision))
        draft.report_drift(std::move(command), std::string(model::name(policy->limits.type)) +
                                                   " of account " + decision.account);
    else
        draft.add(std::move(command), enforced);
}

void plan_reset(const AccountDecision& decision, Draft& draft) {
    const Policy* policy =
        asking(draft, decision, [](const Policy& p) { return p.raw_usage_reset; });
    const auto& known = draft.facts().history.accounts;
    const auto before = known.find(decision.account);
    // A boundary only: neither the first judgement of an account nor `total` resets anything.
    if (policy == nullptr || !draft.facts().raw_usage_resets || before == known.end() ||
        before->second.period.empty() || !decision.period.end ||
        !reset_is_due(before->second, decision.period))
        return;
    Command command;
    command.type = CommandType::reset_usage;
    command.account = decision.account;
    command.reason = "period " + decision.period.label + " began";
    command.description =
        "Set raw usage of account " + decision.account + " to zero (" + command.reason + ")";
    draft.add(std::move(command), policy->mode == Mode::enforce);
}

void plan_limit_release(const Association& row, const std::map<std::string, std::int64_t>& ours,
                        Draft& draft) {
    clear_others(row, ours, std::nullopt, "no longer under a policy", draft);
}

} // namespace sluice::policy
