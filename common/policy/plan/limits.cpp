// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/limits.hpp"

#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/metric.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/plan/draft.hpp"
#include "common/policy/plan/set_value.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Association;
using model::Command;
using model::CommandType;
using model::Figure;
using model::LimitKey;
using model::LimitType;
using model::Mode;
using model::Policy;
using model::SetValue;

namespace {

constexpr Wide kScale = Decimal::kScale;

Error too_large(const std::string& what) {
    return {Errc::overflow, "the limit of " + what + " does not fit"};
}

// One limit in minutes: level = effective * numerator / denominator * (1 + grace).
struct Level {
    Wide effective = 0;
    Wide used = 0;
    Wide numerator = 1; // to minutes
    Wide denominator = 60;
    Decimal grace;
    std::optional<Amount> raw; // slurmctld's TRES-seconds; nullopt: the limit does not follow them
    // What slurmctld's counter has more than `used`, also where the counter began at zero.
    Amount beyond = 0;
};

// (raw / 60) + effective * n / d * (1 + grace) - used * n / d, rounded once; without `raw`
// (beyond / 60) + effective * n / d * (1 + grace).
std::optional<std::int64_t> minutes(const Level& in) {
    if (in.effective == 0)
        return 0;
    const auto granted = multiply(in.effective, kScale + in.grace.scaled());
    if (!granted)
        return std::nullopt;
    if (!in.raw && in.beyond == 0)
        return scaled_amount(*granted, in.numerator, in.denominator * kScale);
    // All terms over denominator * 60 * kScale; the common factor is taken out first.
    const auto spent = multiply(in.raw ? in.used : 0, kScale);
    const auto left = spent ? add(*granted, -*spent) : std::nullopt;
    const Wide common = greatest_divisor(in.numerator * 60, in.denominator);
    const auto weighted = left ? multiply(*left, in.numerator * 60 / common) : std::nullopt;
    const auto held = multiply(Wide{in.raw.value_or(in.beyond)} * kScale, in.denominator / common);
    const auto sum = weighted && held ? add(*weighted, *held) : std::nullopt;
    const auto under = multiply(in.denominator / common, Wide{60} * kScale);
    if (!sum || !under)
        return std::nullopt;
    const auto value = narrow(divide_half_up(*sum, *under));
    return value ? std::optional<std::int64_t>(std::max<std::int64_t>(0, *value)) : std::nullopt;
}

// GrpTRES counts what is allocated at one time: units, not minutes.
std::optional<std::int64_t> count(const Figure& figure, Decimal grace) {
    const auto granted = multiply(figure.effective, kScale + grace.scaled());
    return granted ? scaled_amount(*granted, 1, Wide{figure.component.unit_factor.scaled()} * 60)
                   : std::nullopt;
}

// The limits of one account.
class Wanted {
public:
    Wanted(const Policy& policy, const AccountDecision& decision, const model::Facts& facts)
        : policy_(policy), decision_(decision), facts_(facts),
          follows_(policy.limits.type == LimitType::grp_tres_mins &&
                   (!decision.span.empty() || !begins_at_zero())) {}

    Result<WantedLimit> time_limit(const std::string& tres, Level level) const {
        level.grace = policy_.grace_ratio;
        const auto budget = minutes(level);
        if (!budget)
            return too_large(tres);
        WantedLimit wanted{tres, *budget};
        if (!follows_ && level.beyond != 0 && !decision_.grant_changed)
            wanted.tolerance = percent_of(*budget, policy_.limits.tolerance).value_or(0);
        if (!follows_ || level.effective == 0)
            return wanted;
        if (!facts_.raw_usage_known || decision_.incomplete()) {
            wanted.value.reset();
            return wanted;
        }
        level.raw = raw(tres);
        wanted.value = minutes(level);
        if (!wanted.value)
            return too_large(tres);
        if (!decision_.grant_changed)
            wanted.tolerance = percent_of(*budget, policy_.limits.tolerance).value_or(0);
        return wanted;
    }

    Result<WantedLimit> of(const Figure& figure) const {
        if (policy_.limits.type == LimitType::grp_tres) {
            const auto value = count(figure, policy_.grace_ratio);
            if (!value)
                return too_large(figure.component.tres);
            return WantedLimit{figure.component.tres, value, 0};
        }
        return time_limit(figure.component.tres, {figure.effective, figure.used(), 1, 60, Decimal{},
                                                  std::nullopt, beyond(figure)});
    }

private:
    // Raw usage was set to zero when this period began (or is, by this plan).
    bool begins_at_zero() const {
        const auto& memory = decision_.memory;
        return policy_.raw_usage_reset && facts_.raw_usage_resets &&
               (memory.reset_owed || memory.reset_done_for == decision_.period.label);
    }
    // MaxTRESMins is compared with one job, GrpTRESMins with the account's counter.
    Amount beyond(const Figure& figure) const {
        return policy_.limits.type == LimitType::grp_tres_mins && !follows_ ? figure.usage.beyond
                                                                            : 0;
    }
    Amount raw(const std::string& tres) const {
        const auto account = facts_.raw_usage.find(decision_.account);
        if (account == facts_.raw_usage.end())
            return 0;
        const auto value = account->second.find(tres);
        return value == account->second.end() ? 0 : value->second;
    }

    const Policy& policy_;
    const AccountDecision& decision_;
    const model::Facts& facts_;
    bool follows_;
};

bool limits_billing(const Policy& policy, const AccountDecision& decision) {
    if (!policy.billing.enabled || policy.limits.type == LimitType::grp_tres)
        return false;
    return std::none_of(decision.figures.begin(), decision.figures.end(),
                        [](const Figure& f) { return f.component.tres == "billing"; });
}

} // namespace

bool runs_by_override(const AccountDecision& decision) {
    const auto& pin = decision.in_force;
    if (!pin || pin->foreign || pin->standing == model::Standing::paused)
        return false;
    const auto& figures = decision.figures;
    return decision.metric_used >= decision.metric_effective ||
           std::any_of(figures.begin(), figures.end(),
                       [](const Figure& f) { return f.used() >= f.effective; });
}

namespace {

// The policy whose `limits` count: the first one that has them enabled, of those that decide if
// any. nullptr: none, or runs_by_override(): Slurm would keep its jobs pending at the limit, and
// later end them.
const Policy* limiting_policy(const model::PolicySet& set, const AccountDecision& decision) {
    if (runs_by_override(decision))
        return nullptr;
    return first_policy(set, decision, [](const Policy& policy) { return policy.limits.enabled; });
}

Command limits_command(const std::string& account, LimitType type) {
    Command command;
    command.type = CommandType::limits;
    command.account = account;
    command.limit_type = type;
    return command;
}

void describe(const Association& row, Command& command, std::string reason) {
    const auto text = [](std::optional<std::int64_t> value) {
        return value ? std::to_string(*value) : std::string("unlimited");
    };
    std::string list;
    for (const auto& [tres, value] : command.limits) {
        const auto now = present(row, {command.limit_type, tres});
        list += (list.empty() ? "" : ", ") + tres + " " + text(value) +
                (now && now != value ? " (was " + text(now) + ")" : "");
    }
    command.description = "Set " + std::string(model::name(command.limit_type)) + " of account " +
                          command.account + " to " + list + " (" + reason + ")";
    command.reason = std::move(reason);
}

bool is_wanted(const std::vector<WantedLimit>& wanted, const std::string& tres) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const WantedLimit& limit) { return limit.tres == tres; });
}

// No limit is looser than what the site itself has set, for that would let the account use more
// than without Sluice. Where Sluice has not set the limit, what is there is the site's own.
void keep_stricter(const Association& row, LimitType type, const std::map<LimitKey, SetValue>& ours,
                   std::vector<WantedLimit>& wanted, std::vector<std::string>* notes = nullptr) {
    for (auto& limit : wanted) {
        const LimitKey key{type, limit.tres};
        const auto found = ours.find(key);
        const auto own = found == ours.end() ? present(row, key) : found->second.saved;
        if (!own || !limit.value || *own >= *limit.value)
            continue;
        if (notes != nullptr)
            notes->push_back(std::string(model::name(type)) + " " + limit.tres + "=" +
                             std::to_string(*own) + " is the site's own and stricter than " +
                             std::to_string(*limit.value) +
                             ": the limit stays, and jobs wait at it");
        limit.value = own;
    }
}

// Adds what the account had before Sluice set limits that no policy wants any more.
void add_saved(const Association& row, const std::map<LimitKey, SetValue>& ours,
               const std::vector<WantedLimit>& wanted, Command& command) {
    for (const auto& [key, value] : ours)
        if (key.first == command.limit_type && is_ours(value, present(row, key)) &&
            value.saved != value.in_force && !is_wanted(wanted, key.second))
            command.limits[key.second] = value.saved;
}

void restore_others(const Association& row, const std::map<LimitKey, SetValue>& ours,
                    std::optional<LimitType> except, const std::string& reason, Draft& draft) {
    for (const LimitType type : model::kLimitTypes) {
        if (type == except)
            continue;
        Command command = limits_command(row.account, type);
        add_saved(row, ours, {}, command);
        if (command.limits.empty())
            continue;
        describe(row, command, reason);
        draft.add(std::move(command), true);
    }
}

struct Difference {
    bool any = false;
    bool drifted = false;
};

Difference compare(const Association& row, LimitType type, const std::vector<WantedLimit>& wanted,
                   const std::map<LimitKey, SetValue>& ours) {
    Difference out;
    for (const auto& limit : wanted) {
        const LimitKey key{type, limit.tres};
        const auto now = present(row, key);
        if (!limit.value || (now && limit.accepts(*now)))
            continue;
        out.any = true;
        const auto found = ours.find(key);
        out.drifted = out.drifted || (found != ours.end() && is_drifted(found->second, now));
    }
    return out;
}

std::string limits_reason(const AccountDecision& decision, bool drifted) {
    if (drifted)
        return "drift";
    return decision.grant_changed ? "effective allocation of " + decision.period.label
                                  : "follows raw usage";
}

} // namespace

Result<std::vector<WantedLimit>>
wanted_limits(const Policy& policy, const AccountDecision& decision, const model::Facts& facts) {
    const Wanted limits(policy, decision, facts);
    std::vector<WantedLimit> all;
    for (const Figure& figure : decision.figures) {
        auto one = limits.of(figure);
        if (!one)
            return std::move(one).error();
        all.push_back(std::move(*one));
    }
    if (!limits_billing(policy, decision))
        return all;
    auto figures = decision.figures;
    const auto sum = metric(policy.billing, figures);
    if (!sum)
        return sum.error();
    auto one = limits.time_limit("billing", {sum->effective, sum->used, sum->minutes_numerator,
                                             sum->minutes_denominator, Decimal{}, std::nullopt, 0});
    if (!one)
        return std::move(one).error();
    all.push_back(std::move(*one));
    return all;
}

std::optional<std::int64_t> present(const Association& row, const LimitKey& key) {
    const auto& limits = row.limits(key.first);
    const auto found = limits.find(key.second);
    return found == limits.end() ? std::nullopt : std::optional<std::int64_t>(found->second);
}

namespace {

void remember_limit(const Association& row, LimitType type, const WantedLimit& limit,
                    std::map<LimitKey, SetValue>& ours) {
    if (!limit.value)
        return;
    const LimitKey key{type, limit.tres};
    const auto now = present(row, key);
    const bool right = now && limit.accepts(*now);
    auto found = ours.find(key);
    if (found == ours.end()) {
        if (!right)
            ours[key] = {now, std::nullopt, limit.value};
        return;
    }
    if (!right)
        found->second.asked = limit.value;
    else if (now == found->second.saved)
        ours.erase(found); // the site's own is in force again
    else
        found->second.in_force = now;
}

} // namespace

void remember_limits(const model::PolicySet& set, const model::Facts& facts, const Association& row,
                     AccountDecision& decision) {
    const Policy* policy = limiting_policy(set, decision);
    const bool enforced = policy != nullptr && policy->mode == Mode::enforce;
    auto wanted = policy != nullptr ? wanted_limits(*policy, decision, facts)
                                    : Result<std::vector<WantedLimit>>(std::vector<WantedLimit>{});
    if (!wanted && enforced)
        return;
    auto& ours = decision.memory.limits;
    for (auto& [key, value] : ours)
        note_arrival(value, present(row, key));
    if (policy != nullptr && wanted)
        keep_stricter(row, policy->limits.type, ours, *wanted, &decision.notes);
    if (!enforced)
        wanted = std::vector<WantedLimit>{};
    for (const auto& limit : *wanted)
        remember_limit(row, policy->limits.type, limit, ours);
    std::erase_if(ours, [&](const auto& entry) {
        const bool keeps = enforced && entry.first.first == policy->limits.type &&
                           is_wanted(*wanted, entry.first.second);
        return !keeps && !is_ours(entry.second, present(row, entry.first));
    });
}

void plan_limits(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto& ours = decision.memory.limits;
    const Policy* policy = limiting_policy(draft.set(), decision);
    const bool enforced = policy != nullptr && policy->mode == Mode::enforce;
    if (!enforced)
        restore_others(row, ours, std::nullopt,
                       runs_by_override(decision)
                           ? "override " + std::to_string(decision.in_force->id)
                           : "limits no longer enabled",
                       draft);
    if (policy == nullptr)
        return;
    auto wanted = wanted_limits(*policy, decision, draft.facts());
    if (!wanted) {
        draft.fail(decision.account, wanted.error().context, "check the allocation of the account");
        return;
    }
    const LimitType type = policy->limits.type;
    keep_stricter(row, type, ours, *wanted);
    if (enforced)
        restore_others(row, ours, type, "limit type changed", draft);
    const auto difference = compare(row, type, *wanted, ours);
    Command command = limits_command(decision.account, type);
    if (difference.any)
        for (const auto& limit : *wanted)
            if (const LimitKey key{type, limit.tres};
                limit.value && (ours.contains(key) || present(row, key) != limit.value))
                command.limits[limit.tres] = limit.value;
    if (enforced)
        add_saved(row, ours, *wanted, command);
    if (command.limits.empty())
        return;
    describe(row, command, limits_reason(decision, difference.drifted));
    if (enforced && difference.drifted)
        draft.add_against_drift(std::move(command),
                                std::string(model::name(type)) + " of account " + decision.account,
                                *policy, decision);
    else
        draft.add(std::move(command), enforced);
}

void plan_limit_release(const Association& row, const model::AccountMemory& memory, Draft& draft) {
    restore_others(row, memory.limits, std::nullopt, "no longer under a policy", draft);
}

} // namespace sluice::policy
