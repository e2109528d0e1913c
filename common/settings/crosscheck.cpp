// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of a configuration say about each other: parents, groups, policies that meet on
// one account. Cost grows in line with the number of names written.
#include "common/base/text.hpp"
#include "common/settings/matching.hpp"

#include <algorithm>
#include <set>

namespace sluice::settings {
namespace {

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
    if (a.spans != b.spans)
        words.emplace_back("span");
    else if (a.spans && a.clusters != b.clusters)
        words.emplace_back("clusters");
    if (a.allocation && b.allocation && *a.allocation != *b.allocation)
        words.emplace_back("allocation");
    return words;
}

// Whether there is a cluster on which both judge.
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
                    "policies " + shown(first.name) + " (line " +
                        std::to_string(places_.policies[a].policy.line) + ") and " +
                        shown(second.name) + " both match " +
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

} // namespace

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
}

} // namespace sluice::settings
