// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the parts of a configuration agree: parents, groups, policies that meet on
// one account. Cost grows in line with the number of names written.
#include "common/settings/checks.hpp"

#include "common/base/text.hpp"
#include "common/settings/components.hpp"
#include "common/settings/policy_set.hpp"

#include <algorithm>
#include <set>

namespace sluice::settings {
namespace {

// Parents known so far, by account: from the scenario, or from the cluster.
using Parents = std::map<std::string, std::string>;

constexpr std::size_t kDeepest = 64; // levels of accounts; real trees have under ten

// From `account` up to its root, at most kDeepest levels, so that a cycle ends too.
std::vector<std::string> ancestry(const std::string& account, const Parents& parents) {
    std::vector<std::string> line{account};
    for (auto it = parents.find(account);
         it != parents.end() && !it->second.empty() && line.size() < kDeepest;
         it = parents.find(line.back()))
        line.push_back(it->second);
    return line;
}

// Which policies match an account, by their index.
class Matching {
public:
    Matching(const model::PolicySet& set, const Parents& parents) : parents_(parents) {
        for (std::size_t i = 0; i < set.policies.size(); ++i) {
            const auto& match = set.policies[i].match;
            if (match.all())
                all_.push_back(i);
            for (const auto& name : match.accounts)
                exact_[name].push_back(i);
            for (const auto& name : match.subtrees)
                subtree_[name].push_back(i);
            for (const auto& name : match.below)
                below_[name].push_back(i);
        }
    }
    const std::vector<std::size_t>& all() const { return all_; }
    // Those that name the account, an ancestor's subtree or what is below one, rising; without
    // all().
    std::vector<std::size_t> named(const std::string& account) const {
        std::vector<std::size_t> found;
        append(exact_, account, found);
        for (const auto& name : ancestry(account, parents_)) {
            append(subtree_, name, found);
            if (name != account)
                append(below_, name, found);
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return found;
    }
    // Every account that is written down or has a parent.
    std::set<std::string> accounts(const model::PolicySet& set) const {
        std::set<std::string> names;
        for (const auto& [name, account] : set.accounts)
            names.insert(name);
        for (const auto* lists : {&exact_, &subtree_, &below_})
            for (const auto& [name, policies] : *lists)
                names.insert(name);
        for (const auto& [name, parent] : parents_)
            names.insert(name);
        return names;
    }

private:
    using Lists = std::map<std::string, std::vector<std::size_t>>;
    static void append(const Lists& lists, const std::string& name, std::vector<std::size_t>& out) {
        const auto it = lists.find(name);
        if (it != lists.end())
            out.insert(out.end(), it->second.begin(), it->second.end());
    }
    const Parents& parents_;
    std::vector<std::size_t> all_;
    Lists exact_;
    Lists subtree_;
    Lists below_;
};

using model::Policy;
using model::PolicySet;

std::vector<std::string> differences(const Policy& a, const Policy& b) {
    std::vector<std::string> words;
    if (!(a.period == b.period))
        words.emplace_back("period");
    if (a.grace_ratio != b.grace_ratio)
        words.emplace_back("grace_ratio");
    if (!(a.carryover == b.carryover))
        words.emplace_back("carryover");
    if (!(a.borrow == b.borrow))
        words.emplace_back("borrow");
    if (!(a.billing == b.billing))
        words.emplace_back("tres_billing");
    if (a.pause_by != b.pause_by)
        words.emplace_back("pause_by");
    if (a.spans != b.spans)
        words.emplace_back("span");
    else if (a.spans && a.clusters != b.clusters)
        words.emplace_back("clusters");
    if (a.allocation && b.allocation && *a.allocation != *b.allocation)
        words.emplace_back("allocation");
    return words;
}

// Whether there is a cluster on which both apply.
bool meet(const Policy& a, const Policy& b) {
    return a.clusters.empty() || b.clusters.empty() ||
           std::find_first_of(a.clusters.begin(), a.clusters.end(), b.clusters.begin(),
                              b.clusters.end()) != a.clusters.end();
}

class Agreement {
public:
    Agreement(const PolicySet& set, const Places& places, Errors& errors)
        : set_(set), places_(places), errors_(errors) {}

    // Each with each: a policy without an allocation agrees with two that differ in theirs.
    void check(const std::vector<std::size_t>& policies, const std::string& account) {
        for (std::size_t i = 0; i < policies.size(); ++i)
            for (std::size_t j = i + 1; j < policies.size(); ++j)
                compare(policies[i], policies[j], account);
    }

private:
    void compare(std::size_t a, std::size_t b, const std::string& account) {
        const Policy& first = set_.policies[a];
        const Policy& second = set_.policies[b];
        if (!meet(first, second))
            return;
        const auto words = differences(first, second);
        if (words.empty() || !told_.insert({a, b}).second)
            return;
        errors_.add(places_.policies[b].policy,
                    "policies " + shown(first.name) + " (" +
                        errors_.line(places_.policies[a].policy) + ") and " + shown(second.name) +
                        " both match " +
                        (account.empty() ? "all accounts" : "account " + shown(account)) +
                        " but differ in " + join(words, ", ") +
                        "; make them agree or let them match different accounts");
    }
    const PolicySet& set_;
    const Places& places_;
    Errors& errors_;
    std::set<std::pair<std::size_t, std::size_t>> told_;
};

void check_known_parents(const Reading& reading, const Parents& parents, Errors& errors) {
    std::vector<std::string> known;
    for (const auto& [name, settings] : reading.set.accounts)
        known.push_back(name);
    for (const auto& [account, parent] : parents)
        if (!reading.set.accounts.contains(parent))
            errors.add(reading.places.accounts.at(account),
                       "account " + shown(account) + ": parent " + shown(parent) +
                           " is not among the accounts" + suggestion(parent, known));
}

void check_cycles(const Reading& reading, const Parents& parents, Errors& errors) {
    std::set<std::string> done;
    for (const auto& entry : parents) {
        std::vector<std::string> walk;
        std::set<std::string> walked;
        std::string name = entry.first;
        while (parents.contains(name) && !done.contains(name) && walked.insert(name).second) {
            walk.push_back(name);
            name = parents.at(name);
        }
        if (walked.contains(name)) {
            std::vector<std::string> circle(std::find(walk.begin(), walk.end(), name), walk.end());
            circle.push_back(name);
            errors.add(reading.places.accounts.at(name),
                       "parents form a circle: " + join(circle, " -> ") +
                           "; give one of them another parent or none");
        } else if (walk.size() > kDeepest) {
            errors.add(reading.places.accounts.at(entry.first),
                       "account " + shown(entry.first) + " lies deeper than " +
                           std::to_string(kDeepest) + " levels; flatten the tree");
        }
        done.insert(walked.begin(), walked.end());
    }
}

void check_groups(const Reading& reading, const Parents& parents, Errors& errors) {
    struct Owner {
        std::string group;
        std::size_t line;
    };
    std::map<std::string, Owner> subtrees;
    std::map<std::string, Owner> accounts;
    const auto clash = [&](const Reference& name, const std::string& group, const Owner& other) {
        if (other.group != group)
            errors.add(name.place, "account " + shown(name.name) + " is in the groups " +
                                       shown(other.group) + " (line " + std::to_string(other.line) +
                                       ") and " + shown(group) + "; keep it in one");
    };
    for (const auto& [group, members] : reading.groups)
        for (const auto& root : members.subtrees) {
            const auto [it, is_new] = subtrees.insert({root.name, {group, root.place.line}});
            if (!is_new)
                clash(root, group, it->second);
        }
    for (const auto& [group, members] : reading.groups) {
        for (const auto& account : members.accounts) {
            const auto [it, is_new] = accounts.insert({account.name, {group, account.place.line}});
            if (!is_new)
                clash(account, group, it->second);
            for (const auto& name : ancestry(account.name, parents))
                if (const auto root = subtrees.find(name); root != subtrees.end())
                    clash(account, group, root->second);
        }
        for (const auto& root : members.subtrees)
            for (const auto& name : ancestry(root.name, parents))
                if (const auto other = subtrees.find(name); other != subtrees.end())
                    if (name != root.name)
                        clash(root, group, other->second);
    }
}

void check_agreement(const PolicySet& set, const Places& places, const Parents& parents,
                     Errors& errors) {
    const Matching matching(set, parents);
    Agreement agreement(set, places, errors);
    agreement.check(matching.all(), "");
    const bool apart = std::any_of(set.policies.begin(), set.policies.end(),
                                   [](const Policy& policy) { return !policy.clusters.empty(); });
    for (const auto& account : matching.accounts(set)) {
        auto policies = matching.named(account);
        // Those that match all agree with each other, unless they are of different clusters.
        if (apart)
            policies.insert(policies.end(), matching.all().begin(), matching.all().end());
        else if (!matching.all().empty())
            policies.push_back(matching.all().front());
        std::sort(policies.begin(), policies.end());
        agreement.check(policies, account);
    }
}

// Weights and allocations that cannot be evaluated together.

bool has_weight(const PolicySet& set, const model::Billing& billing, const std::string& name) {
    const auto* component = set.component(name);
    return component == nullptr || // reported where it is written
           std::any_of(billing.weights.begin(), billing.weights.end(), [&](const auto& entry) {
               return equals_ignoring_case(entry.first, name) ||
                      equals_ignoring_case(entry.first, component->tres);
           });
}

bool is_billing(const model::Component& component) {
    return component.tres == "billing";
}

bool has_billing(const PolicySet& set) {
    return std::any_of(set.components.begin(), set.components.end(), is_billing);
}

class WeightCheck {
public:
    WeightCheck(const PolicySet& set, const Places& places, Errors& errors)
        : set_(set), places_(places), errors_(errors) {}

    void check(std::size_t policy, const std::string& component, const std::string& where) {
        const auto& billing = set_.policies[policy].billing;
        if (!billing.enabled || billing.weights_slurm || has_weight(set_, billing, component) ||
            !told_.insert({policy, component}).second)
            return;
        errors_.add(places_.policies[policy].weights,
                    "policy " + shown(set_.policies[policy].name) + ": component " +
                        shown(component) + " has an allocation (" + where +
                        ") but no weight; give it a weight, 0 to leave it out");
    }

    // With weights: slurm an account without an allocation of billing is never limited.
    void check_slurm(std::size_t policy, const model::Allocation& allocation,
                     const std::string& where) {
        const auto counts_billing = [this](const auto& entry) {
            const auto* component = set_.component(entry.first);
            return component == nullptr || is_billing(*component);
        };
        const auto& billing = set_.policies[policy].billing;
        if (!billing.enabled || !billing.weights_slurm || !has_billing(set_) ||
            std::any_of(allocation.begin(), allocation.end(), counts_billing) ||
            !told_.insert({policy, ""}).second)
            return;
        errors_.add(places_.policies[policy].weights,
                    "policy " + shown(set_.policies[policy].name) + ": the allocation (" + where +
                        ") grants none of the components that weights: slurm counts; grant the "
                        "component that "
                        "counts billing");
    }

private:
    const PolicySet& set_;
    const Places& places_;
    Errors& errors_;
    std::set<std::pair<std::size_t, std::string>> told_;
};

// Billing that no allocation could ever be evaluated by.
void check_billing(const PolicySet& set, std::size_t index, const Places& places, Errors& errors) {
    const Policy& policy = set.policies[index];
    const auto& weights = policy.billing.weights;
    if (!policy.billing.enabled)
        return;
    if (policy.billing.weights_slurm && !has_billing(set))
        errors.add(places.policies[index].weights,
                   "policy " + shown(policy.name) +
                       ": weights: slurm needs a component that counts Slurm's own billing, for "
                       "example billing_hours: billing");
    if (!weights.empty() && std::all_of(weights.begin(), weights.end(),
                                        [](const auto& w) { return w.second.is_zero(); }))
        errors.add(places.policies[index].weights,
                   "policy " + shown(policy.name) +
                       ": every weight is 0; give one component a weight above 0");
}

std::string at_line(const Places& places, const std::string& account, const Errors& errors) {
    const auto it = places.accounts.find(account);
    return "account " + shown(account) +
           (it == places.accounts.end() ? "" : ", " + errors.line(it->second));
}

void check_weights(const PolicySet& set, const Places& places, const Parents& parents,
                   Errors& errors) {
    const Matching matching(set, parents);
    WeightCheck weights(set, places, errors);
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        check_billing(set, i, places, errors);
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        if (const auto& allocation = set.policies[i].allocation) {
            weights.check_slurm(i, *allocation, "the policy's own");
            for (const auto& [component, units] : *allocation)
                weights.check(i, component, "the policy's own");
        }
    std::map<std::string, std::string> first_account; // by component
    for (const auto& [name, account] : set.accounts) {
        if (!account.allocation)
            continue;
        const auto policies = matching.named(name);
        for (const std::size_t policy : policies)
            weights.check_slurm(policy, *account.allocation, at_line(places, name, errors));
        for (const std::size_t policy : matching.all())
            weights.check_slurm(policy, *account.allocation, at_line(places, name, errors));
        for (const auto& [component, units] : *account.allocation) {
            first_account.emplace(component, name);
            for (const std::size_t policy : policies)
                weights.check(policy, component, at_line(places, name, errors));
        }
    }
    for (const std::size_t policy : matching.all())
        for (const auto& [component, account] : first_account)
            weights.check(policy, component, at_line(places, account, errors));
}

void check_lives(const PolicySet& set, const Places& places, const Parents& parents,
                 Errors& errors) {
    const Matching matching(set, parents);
    for (const auto& [name, account] : set.accounts) {
        if (!account.life || !account.life->prorate)
            continue;
        auto policies = matching.named(name);
        policies.insert(policies.end(), matching.all().begin(), matching.all().end());
        for (const std::size_t policy : policies)
            if (set.policies[policy].period.kind == model::PeriodKind::total) {
                errors.add(places.accounts.at(name),
                           "account " + shown(name) + " has prorate, but policy " +
                               shown(set.policies[policy].name) +
                               " has period total, which has no end to count to; leave prorate "
                               "out, or choose another period");
                break;
            }
    }
}

template <class Use>
void for_each_allocation(const model::AccountSettings& account, Use use) {
    if (account.allocation)
        use(*account.allocation);
    for (const auto& [cluster, allocation] : account.by_cluster)
        use(allocation);
}

// By policy: the components that an account of it is granted.
using Granted = std::vector<std::set<std::string>>;

Granted granted(const PolicySet& set, const Matching& matching) {
    Granted names(set.policies.size());
    const auto add = [&](std::size_t policy, const model::Allocation& allocation) {
        for (const auto& [component, units] : allocation)
            names[policy].insert(component);
    };
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        if (set.policies[i].allocation)
            add(i, *set.policies[i].allocation);
    for (const auto& [name, account] : set.accounts) {
        auto policies = matching.named(name);
        policies.insert(policies.end(), matching.all().begin(), matching.all().end());
        for_each_allocation(account, [&](const auto& allocation) {
            for (const std::size_t policy : policies)
                add(policy, allocation);
        });
    }
    return names;
}

void note_budget_check(const PolicySet& set, std::size_t index, const std::set<std::string>& names,
                       const Places& places, Errors& errors) {
    const Policy& policy = set.policies[index];
    if (policy.budget_check != model::BudgetCheck::warn &&
        policy.budget_check != model::BudgetCheck::refuse)
        return;
    const std::string what = "policy " + shown(policy.name) + ": budget_check checks ";
    if (policy.billing.enabled && policy.billing.weights_slurm) {
        errors.note(places.policies[index].weights,
                    what + "nothing: with weights: slurm, Slurm prices a job when it starts; give "
                           "weights of your own, or rely on limits");
        return;
    }
    std::vector<std::string> unknown;
    for (const auto& name : names)
        if (const auto* component = set.component(name);
            component != nullptr && !model::is_known_before(component->tres))
            unknown.push_back(name + " (" + component->tres + ")");
    if (!unknown.empty())
        errors.note(places.policies[index].policy,
                    what + (unknown.size() == names.size() ? "nothing: " : "no ") +
                        join(unknown, ", ") +
                        (unknown.size() == names.size() ? " is" : ", which is") +
                        " not known when a job is submitted");
}

bool is_zero(const std::pair<const std::string, Decimal>& granted) {
    return granted.second.is_zero();
}

// With 0 of one component an account is at every threshold from the start.
void note_zero(const std::string& whose, Place place, const model::Allocation& allocation,
               Errors& errors) {
    const auto zero = std::find_if(allocation.begin(), allocation.end(), is_zero);
    if (zero == allocation.end() || std::all_of(allocation.begin(), allocation.end(), is_zero))
        return;
    errors.note(place, whose + ": 0 " + zero->first +
                           " pauses the account for all jobs, also those that use none of it (the "
                           "fullest component decides); to keep jobs from one TRES, leave the "
                           "component out and set GrpTRES of that TRES to 0 with sacctmgr");
}

void note_what_surprises(const Reading& reading, const Parents& parents, Errors& errors) {
    const PolicySet& set = reading.set;
    const Matching matching(set, parents);
    const auto names = granted(set, matching);
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        note_budget_check(set, i, names[i], reading.places, errors);
    if (std::all_of(set.policies.begin(), set.policies.end(), [](const Policy& policy) {
            return policy.billing.enabled ||
                   !policy.has(model::Action::request_slurm_resource_pausing);
        }))
        return;
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        if (const auto& allocation = set.policies[i].allocation)
            note_zero("policy " + shown(set.policies[i].name), reading.places.policies[i].policy,
                      *allocation, errors);
    for (const auto& entry : set.accounts)
        for_each_allocation(entry.second, [&](const auto& allocation) {
            note_zero("account " + shown(entry.first), reading.places.accounts.at(entry.first),
                      allocation, errors);
        });
}

} // namespace

void cross_check(const Reading& reading, Errors& errors) {
    Parents parents;
    for (const auto& [name, account] : reading.set.accounts)
        if (!account.parent.empty())
            parents.emplace(name, account.parent);
    check_known_parents(reading, parents, errors);
    check_cycles(reading, parents, errors);
    check_groups(reading, parents, errors);
    check_agreement(reading.set, reading.places, parents, errors);
    check_weights(reading.set, reading.places, parents, errors);
    check_lives(reading.set, reading.places, parents, errors);
    note_what_surprises(reading, parents, errors);
}

// The configuration held against the cluster's structure.
namespace {

void check_tres(const Settings& settings, const model::Structure& structure, Errors& errors) {
    std::vector<std::string> known;
    for (const auto& tres : structure.tres)
        if (std::string name = tres.name; tres_fault(name).empty())
            known.push_back(tres.name);
    std::sort(known.begin(), known.end());
    for (const auto& component : settings.policies.components) {
        if (std::find(known.begin(), known.end(), component.tres) != known.end())
            continue;
        const auto place = settings.places.tres.find(component.name);
        std::string near = nearest(component.tres, known);
        for (const auto& name : known) // "gpu" is no slip of the pen for "gres/gpu"
            if (name.ends_with('/' + component.tres))
                near = name;
        errors.add(place == settings.places.tres.end() ? Place{} : place->second,
                   "unknown TRES " + shown(component.tres) +
                       (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                       "; the cluster has: " + join(known, ", ") +
                       (component.tres.find('/') == std::string::npos
                            ? ""
                            : "; or add it to AccountingStorageTRES in slurm.conf"));
    }
}

Parents parents_of(const model::Structure& structure) {
    Parents parents;
    for (const auto& association : structure.associations)
        if (association.user.empty() && !association.parent.empty())
            parents.emplace(association.account, association.parent);
    return parents;
}

// `known` is sorted. `what`: "account", "QOS".
void warn_unknown(const Reference& name, const std::vector<std::string>& known,
                  const std::string& what, const std::string& add, Errors& errors) {
    if (std::binary_search(known.begin(), known.end(), name.name))
        return;
    std::string text = what + ' ' + shown(name.name) + " is not known to slurmdbd";
    const std::string near = nearest(name.name, known);
    text += near.empty() ? "; run: " : "; did you mean \"" + near + "\"? Else run: ";
    errors.add(name.place, text + add + name.name);
}

} // namespace

std::vector<std::string> check_against(const Settings& settings,
                                       const model::Structure& structure) {
    Errors errors(settings.file, settings.sources);
    check_tres(settings, structure, errors);
    const Parents parents = parents_of(structure);
    check_agreement(settings.policies, settings.places, parents, errors);
    check_weights(settings.policies, settings.places, parents, errors);
    return errors.lines();
}

std::vector<std::string> warnings_against(const Settings& settings,
                                          const model::Structure& structure,
                                          const std::set<std::string>& others) {
    Errors errors(settings.file, settings.sources);
    std::vector<std::string> accounts(others.begin(), others.end());
    accounts.insert(accounts.end(), settings.policies.elsewhere.begin(),
                    settings.policies.elsewhere.end());
    for (const auto& association : structure.associations)
        if (association.user.empty())
            accounts.push_back(association.account);
    std::sort(accounts.begin(), accounts.end());
    const auto warn_account = [&](const Reference& name) {
        warn_unknown(name, accounts, "account", "sacctmgr add account ", errors);
    };
    for (const auto& [name, place] : settings.places.accounts)
        warn_account({name, place});
    std::vector<std::string> qos;
    for (const auto& known : structure.qos)
        qos.push_back(known.name);
    std::sort(qos.begin(), qos.end());
    for (const auto& policy : settings.places.policies) {
        for (const auto& account : policy.accounts)
            warn_account(account);
        for (const auto& name : policy.qos)
            warn_unknown(name, qos, "QOS", "sacctmgr add qos ", errors);
    }
    return errors.lines();
}

} // namespace sluice::settings
