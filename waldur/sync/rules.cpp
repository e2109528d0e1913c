// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/rules.hpp"

#include "common/base/text.hpp"
#include "common/settings/times.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::waldur {
namespace {

using model::PeriodKind;
using settings::WaldurOffering;
using settings::WaldurSettings;

std::optional<model::Action> action_of(const std::string& name) {
    const auto found = std::find_if(kActions.begin(), kActions.end(), [&](model::Action action) {
        return name == model::name(action);
    });
    return found == kActions.end() ? std::nullopt : std::optional(*found);
}

std::optional<PeriodKind> period_kind(const std::string& limit_period) {
    if (limit_period == "month")
        return PeriodKind::month;
    if (limit_period == "quarterly")
        return PeriodKind::quarter;
    if (limit_period == "annual")
        return PeriodKind::year;
    if (limit_period == "total")
        return PeriodKind::total;
    return std::nullopt;
}

std::optional<PeriodKind> period_kind(std::int64_t period) {
    constexpr PeriodKind kKinds[] = {PeriodKind::total, PeriodKind::month, PeriodKind::quarter,
                                     PeriodKind::year};
    if (period < 1 || period > 4)
        return std::nullopt;
    return kKinds[period - 1];
}

class Taker {
public:
    // `whose`: "Waldur's policy".
    Taker(const Offering& offering, core::Rules& rules, model::Policy& policy, std::string whose)
        : offering_(offering), from_(*offering.policy), rules_(rules), to_(policy),
          whose_(std::move(whose)) {}

    void take() {
        take_actions();
        take_period();
        take_carryover();
        take_billing();
        take_rest();
    }

private:
    void problem(const std::string& what) {
        rules_.problems.push_back({"", whose_ + ": " + what, ""});
    }

    void take_actions() {
        to_.actions.clear();
        to_.actions_missing = from_.actions.empty();
        for (const auto& name : from_.actions)
            if (const auto action = action_of(name)) {
                to_.actions.push_back(*action);
            } else {
                to_.actions_missing = true;
                problem("unknown action " + name + " is ignored");
            }
        to_.external_users = from_.external_users;
    }

    // As in Waldur: exactly one limit_period among the limited components wins.
    void take_period() {
        std::set<PeriodKind> kinds;
        for (const auto& component : offering_.components)
            if (component.billing_type == "limit" && rules_.set.component(component.type))
                if (const auto kind = period_kind(component.limit_period))
                    kinds.insert(*kind);
        std::optional<PeriodKind> kind = from_.period ? period_kind(*from_.period) : std::nullopt;
        if (kinds.size() == 1)
            kind = *kinds.begin();
        else if (kinds.size() > 1)
            problem("components of the offering have different limit_periods; set the same one for "
                    "all");
        to_.period_missing = to_.period_missing && !kind;
        if (kind && *kind != to_.period.kind) {
            to_.period = {};
            to_.period.kind = *kind;
        }
    }

    void take_carryover() {
        if (from_.carryover)
            to_.carryover.enabled = *from_.carryover;
        if (!from_.carryover_factor || to_.carryover.model != model::CarryoverModel::cap)
            return;
        if (*from_.carryover_factor > Decimal::whole(100) || from_.carryover_factor->is_negative())
            problem("carryover_factor " + from_.carryover_factor->text() + " is not from 0 to 100");
        else
            to_.carryover.factor = *from_.carryover_factor;
    }

    void take_billing() {
        if (!from_.billing)
            return;
        to_.billing.enabled = *from_.billing;
        if (!from_.weights.empty())
            to_.billing.weights = from_.weights;
        else if (to_.billing.enabled && to_.billing.weights.empty() && !to_.billing.weights_slurm)
            to_.billing.weights = {{"CPU", Decimal::raw(15'625'000)},
                                   {"Mem", Decimal::raw(1'953'125)},
                                   {"GRES/gpu", Decimal::raw(250'000'000)}};
    }

    void take_rest() {
        if (from_.grace_ratio) {
            if (*from_.grace_ratio > Decimal::whole(10) || from_.grace_ratio->is_negative())
                problem("grace_ratio " + from_.grace_ratio->text() + " is not from 0 to 10");
            else
                to_.grace_ratio = *from_.grace_ratio;
        }
        if (from_.raw_usage_reset)
            to_.raw_usage_reset = *from_.raw_usage_reset;
        for (const auto& limit : kLimitKeys)
            if (from_.limit_type == model::name(limit.type))
                to_.limits.type = limit.type;
        if (from_.qos_strategy == "progressive" && to_.steps.empty())
            problem("qos_strategy is progressive, but the policy in sluiced.yaml has no steps; "
                    "threshold is used");
        else if (from_.qos_strategy == "progressive")
            to_.strategy = model::QosStrategy::progressive;
        else if (from_.qos_strategy == "threshold")
            to_.strategy = model::QosStrategy::threshold;
    }

    const Offering& offering_;
    const OfferingPolicy& from_;
    core::Rules& rules_;
    model::Policy& to_;
    std::string whose_;
};

// The policy of an offering; nullptr: neither Waldur nor the file has one.
model::Policy* policy_of(const WaldurOffering& named, const Offering* offering,
                         core::Rules& rules) {
    auto& policies = rules.set.policies;
    if (!named.policy.empty()) {
        const auto found = std::find_if(policies.begin(), policies.end(), [&](const auto& policy) {
            return policy.name == named.policy;
        });
        return found == policies.end() ? nullptr : &*found;
    }
    if (policies.empty() && offering != nullptr && offering->policy) {
        model::Policy made;
        made.name = "waldur";
        made.mode_missing = made.period_missing = true;
        policies.push_back(std::move(made));
    }
    return policies.empty() ? nullptr : &policies.front();
}

// Replaces in the policy of the file what Waldur's states; what cannot be taken becomes a problem
// and stays as in the file.
void take_policy(const WaldurOffering& named, const Offering& offering,
                 const AccountResources& known, core::Rules& rules) {
    model::Policy* policy = policy_of(named, &offering, rules);
    if (policy == nullptr) {
        rules.problems.push_back({"",
                                  "Waldur has no policy for the offering and sluiced.yaml has "
                                  "none: no account is evaluated",
                                  "add a policy in Waldur or under policies"});
        return;
    }
    if (offering.policy)
        Taker(offering, rules, *policy,
              named.policy.empty() ? "Waldur's policy" : "Waldur's policy of " + named.policy)
            .take();
    const bool some = offering.policy && !offering.policy->for_all;
    if (!some && !policy->match.listed)
        return;
    policy->match = {};
    policy->match.listed = true;
    for (const auto& [account, resource] : known.by_account)
        if (!some || offering.policy->customers.contains(resource->customer))
            policy->match.accounts.push_back(account);
}

// A flag of Waldur ends when Waldur clears it; the snapshot needs an instant nevertheless.
constexpr Instant kFarAway = instant(4'102'444'800); // 2100-01-01

std::string shown(const Resource& resource) {
    return resource.name + " (" + resource.uuid + ')';
}

// Units by our own components. Unlike a grant of 0 in sluiced.yaml, 0 is no limit in Waldur.
model::Allocation allocation(const Resource& resource, const model::PolicySet& set) {
    model::Allocation granted;
    for (const auto& [type, units] : resource.limits)
        if (const auto* component = set.component(type); component != nullptr && !units.is_zero())
            granted.emplace(component->name, units);
    return granted;
}

// Of two ends the earlier one counts.
void take_end_date(const Resource& resource, std::optional<model::AccountLife>& life) {
    if (resource.end_date.empty())
        return;
    if (!life)
        life.emplace();
    const auto day = settings::parse_day(resource.end_date);
    if (!day) {
        life->endless = life->endless || !life->until;
        return;
    }
    const std::chrono::local_seconds end = std::chrono::local_days{*day} + std::chrono::days{1};
    life->until = life->until ? std::min(*life->until, end) : end;
}

void take_accounts(const Offering& offering, const AccountResources& known, core::Rules& rules) {
    std::set<std::string> missing;
    for (const auto& [account, resource] : known.by_account) {
        auto granted = allocation(*resource, rules.set);
        auto& entry = rules.set.accounts[account];
        entry.allocation.reset();
        if (!granted.empty())
            entry.allocation = std::move(granted);
        take_end_date(*resource, entry.life);
        for (const auto& [type, units] : resource->limits)
            if (!units.is_zero() && rules.set.component(type) == nullptr)
                missing.insert(type);
    }
    for (const auto& component : offering.components)
        if (component.billing_type == "limit" && missing.contains(component.type))
            rules.problems.push_back({"",
                                      "Waldur limits " + component.type +
                                          ", but sluiced.yaml defines no such component: usage of "
                                          "it is not evaluated",
                                      "add " + component.type + " under components"});
}

// With authority: waldur its flags count both ways; otherwise a flag of a person only makes the
// standing stricter.
void take_flags(const WaldurSettings& settings, const Offering& offering,
                const AccountResources& known, const AskedFlags& asked, core::Rules& rules) {
    const bool obey = settings.authority == WaldurSettings::Authority::waldur;
    const auto counts = [&](const Resource& resource, Flag flag, bool value) {
        const auto found = asked.find({resource.uuid, flag});
        return obey ? value
                    : is_foreign(value, found == asked.end() ? nullptr : &found->second,
                                 offering.began);
    };
    for (const auto& [account, resource] : known.by_account) {
        model::Override pin;
        pin.account = account;
        if (counts(*resource, Flag::paused, resource->paused))
            pin.standing = model::Standing::paused;
        else if (counts(*resource, Flag::downscaled, resource->downscaled))
            pin.standing = model::Standing::downscaled;
        else if (!obey)
            continue;
        pin.until = kFarAway;
        pin.reason = obey ? "waldur.authority is waldur" : "set in Waldur by a person";
        pin.by = "Waldur";
        pin.foreign = true;
        pin.at_least = !obey;
        rules.pins.push_back(std::move(pin));
    }
}

// Contacts of sluiced.yaml win.
void take_owners(const Offering& offering, const AccountResources& known, core::Rules& rules) {
    for (const auto& [account, resource] : known.by_account) {
        rules.notices.holders[account] = {resource->customer_name, resource->project_name};
        const auto found = offering.owners.find(resource->customer);
        if (found != offering.owners.end() && !found->second.empty())
            rules.notices.contacts.emplace(account, found->second);
    }
}

} // namespace

namespace {

// True: the resource counts, and has an account.
bool has_account(const Resource& resource, std::vector<model::Problem>& problems) {
    if (resource.state == "Terminating" || resource.state == "Terminated")
        return false;
    if (!resource.fault.empty())
        problems.push_back({resource.account,
                            "resource " + shown(resource) + " of Waldur is not readable: " +
                                resource.fault + "; its account is left unchanged",
                            ""});
    else if (resource.account.empty() && resource.state != "Creating")
        problems.push_back({"", "resource " + shown(resource) + " of Waldur has no account",
                            "set its backend_id in Waldur"});
    else if (const auto& date = resource.end_date;
             !date.empty() && date != "never" && !settings::parse_day(date)) {
        problems.push_back({resource.account,
                            "end_date of resource " + shown(resource) +
                                " of Waldur is no day; its account is left unchanged",
                            "correct it in Waldur"});
        return false;
    }
    return resource.fault.empty() && !resource.account.empty();
}

struct Holder {
    std::size_t offering;
    const Resource* resource;
};

model::Problem in_several(const std::string& account, const std::vector<Holder>& holders) {
    std::string names;
    for (const auto& holder : holders)
        names += (names.empty() ? "" : ", ") + shown(*holder.resource);
    return {account,
            "account " + account + " is in " + std::to_string(holders.size()) +
                " resources of Waldur: " + names + "; it is left unchanged",
            "terminate all but one of them, or correct their backend_id"};
}

// What an offering that never answered would decide is not known; what is enforced stays.
model::Problem not_answered(const WaldurOffering& named) {
    return {"",
            "offering " + dashed(named.uuid) + " of Waldur has not answered yet: policy " +
                named.policy + " evaluates no account",
            "check its UUID, and the role of the token's user in its service provider; sluiced "
            "retries by itself"};
}

} // namespace

Instant began(const Answers& answers) {
    Instant newest{};
    for (const auto& answer : answers)
        if (answer)
            newest = std::max(newest, answer->began);
    return newest;
}

std::vector<AccountResources> account_resources(const Answers& answers) {
    std::vector<AccountResources> found(answers.size());
    std::map<std::string, std::vector<Holder>> by_account;
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (answers[i])
            for (const auto& resource : answers[i]->resources)
                if (has_account(resource, found[i].problems))
                    by_account[resource.account].push_back({i, &resource});
    for (const auto& [account, holders] : by_account) {
        auto& first = found[holders.front().offering];
        if (holders.size() == 1)
            first.by_account.emplace(account, holders.front().resource);
        else
            first.problems.push_back(in_several(account, holders));
    }
    return found;
}

namespace {

void take_offering(const WaldurSettings& settings, const WaldurOffering& named,
                   const Offering& offering, const AccountResources& known, const AskedFlags& asked,
                   core::Rules& rules) {
    rules.source_answers[dashed(named.uuid)] = offering.began;
    Offering timeless = offering;
    timeless.began = timeless.taken = {};
    rules.version += '-' + fingerprint(text_of(timeless));
    rules.problems.insert(rules.problems.end(), known.problems.begin(), known.problems.end());
    for (const auto& problem : offering.problems)
        rules.problems.push_back({"", problem, ""});
    if (settings.push.usage || settings.push.user_usage)
        for (const auto& [account, resource] : known.by_account)
            rules.monthly.insert(account);
    if (settings.source == WaldurSettings::Source::waldur) {
        rules.grants = true;
        take_policy(named, offering, known, rules);
        take_accounts(offering, known, rules);
        take_flags(settings, offering, known, asked, rules);
    }
    take_owners(offering, known, rules);
}

} // namespace

std::shared_ptr<core::Rules> rules_from(const core::Rules& file, const WaldurSettings& settings,
                                        const Answers& answers, const AskedFlags& asked) {
    auto rules = std::make_shared<core::Rules>(file);
    rules->source_began = began(answers);
    const bool source = settings.source == WaldurSettings::Source::waldur;
    if (source && rules->source_began == Instant{})
        rules->missing = "Waldur has not answered yet, so allocations are not known";
    if (rules->source_began == Instant{})
        return rules;
    const auto known = account_resources(answers);
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (answers[i])
            take_offering(settings, settings.offerings[i], *answers[i], known[i], asked, *rules);
        else if (source)
            rules->problems.push_back(not_answered(settings.offerings[i]));
    return rules;
}

KnownIds known_ids(const WaldurSettings& settings, const Answers& answers,
                   const core::Rules& rules) {
    KnownIds ids;
    const bool source = settings.source == WaldurSettings::Source::waldur;
    const auto known = account_resources(answers);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i])
            continue;
        for (const auto& [account, resource] : known[i].by_account)
            ids.resources.emplace(account, resource->uuid);
        const auto& named = settings.offerings[i];
        for (const auto& policy : rules.set.policies) {
            const bool only = named.policy.empty() && settings.offerings.size() == 1;
            if (!only && policy.name != named.policy)
                continue;
            KnownPolicy found;
            found.offering = named.uuid;
            if (source && answers[i]->policy) {
                found.uuid = answers[i]->policy->uuid;
                found.for_all = answers[i]->policy->for_all;
                found.groups = answers[i]->policy->groups;
            }
            ids.policies.emplace(policy.name, std::move(found));
        }
    }
    return ids;
}

} // namespace sluice::waldur
