// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/subjects.hpp"

#include "common/base/amount.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sluice::policy {

using model::Policy;
using model::PolicySet;

namespace {

constexpr std::string_view kRoot = "root";

using Allocations = std::vector<const model::Allocation*>; // by node; nullptr: no own one

const model::Allocation* not_empty(const std::optional<model::Allocation>& allocation) {
    return allocation && !allocation->empty() ? &*allocation : nullptr;
}

Allocations own_allocations(const PolicySet& set, const AccountTree& tree) {
    Allocations own(tree.size(), nullptr);
    for (const auto& [name, settings] : set.accounts)
        if (const std::size_t node = tree.find(name); node != kNone)
            own[node] = not_empty(settings.allocation);
    return own;
}

// How a policy covers an account. `granted`: with the policy's own allocation, too.
enum class Cover : unsigned char { none, without_grant, granted };

std::vector<Cover> covered(const Policy& policy, const AccountTree& tree, const Allocations& own) {
    std::vector<Cover> marks(tree.size(), Cover::none);
    const auto by_place = [&](std::size_t node) {
        if (marks[node] == Cover::none)
            marks[node] = policy.match.grants_parents || tree[node].children.empty()
                              ? Cover::granted
                              : Cover::without_grant;
    };
    if (policy.match.all())
        for (std::size_t node = 0; node < marks.size(); ++node)
            if (own[node] != nullptr || tree[node].name != kRoot)
                by_place(node);
    for (const auto& name : policy.match.subtrees)
        if (const std::size_t node = tree.find(name); node != kNone)
            for (const std::size_t below : tree.subtree(node))
                by_place(below);
    for (const auto& name : policy.match.below)
        if (const std::size_t node = tree.find(name); node != kNone)
            for (const std::size_t below : tree.subtree(node))
                if (below != node)
                    marks[below] = Cover::granted;
    for (const auto& name : policy.match.accounts)
        if (const std::size_t node = tree.find(name); node != kNone)
            marks[node] = Cover::granted;
    return marks;
}

const model::Allocation* default_of(const Policy& policy, Cover cover) {
    return cover == Cover::granted ? not_empty(policy.allocation) : nullptr;
}

bool spans(const PolicySet& set, const Subject& subject) {
    const auto settings = set.accounts.find(subject.account);
    return subject.first().spans && (settings == set.accounts.end() || !settings->second.apart);
}

// Another cluster that the allocations span has the account, or may have it.
bool may_be_elsewhere(const model::Facts& facts, const std::string& account) {
    return std::any_of(facts.others.begin(), facts.others.end(), [&](const auto& other) {
        return other.figures == nullptr || other.figures->history.accounts.contains(account);
    });
}

} // namespace

std::vector<Subject> subjects(const PolicySet& set, const AccountTree& tree) {
    const Allocations own = own_allocations(set, tree);
    std::vector<Subject> by_node(tree.size());
    for (const Policy& policy : set.policies) {
        const auto marks = covered(policy, tree, own);
        for (std::size_t node = 0; node < marks.size(); ++node) {
            const auto* allocation =
                own[node] != nullptr ? own[node] : default_of(policy, marks[node]);
            if (marks[node] == Cover::none || allocation == nullptr)
                continue;
            by_node[node].policies.push_back(&policy);
            if (by_node[node].allocation == nullptr)
                by_node[node].allocation = allocation;
        }
    }
    std::vector<Subject> found;
    for (std::size_t node = 0; node < by_node.size(); ++node)
        if (by_node[node].allocation != nullptr) {
            by_node[node].account = tree[node].name;
            by_node[node].spans = spans(set, by_node[node]);
            if (const auto settings = set.accounts.find(by_node[node].account);
                settings != set.accounts.end() && settings->second.life)
                by_node[node].life = &settings->second.life;
            found.push_back(std::move(by_node[node]));
        }
    std::sort(found.begin(), found.end(),
              [](const Subject& a, const Subject& b) { return a.account < b.account; });
    return found;
}

std::vector<std::string> left_without_rules(const std::vector<Subject>& subjects,
                                            const AccountTree& tree,
                                            const model::History& history) {
    std::set<std::string_view> covered;
    for (const auto& subject : subjects)
        covered.insert(subject.account);
    std::vector<std::string> left;
    for (const auto& [account, memory] : history.accounts)
        if (!memory.enforced_by.empty() && !covered.contains(account) &&
            tree.account(account) != nullptr)
            left.push_back(account);
    return left;
}

std::vector<std::string> unknown_accounts(const PolicySet& set, const AccountTree& tree,
                                          const model::Facts& facts) {
    std::set<std::string> named;
    for (const auto& [name, settings] : set.accounts)
        named.insert(name);
    for (const Policy& policy : set.policies) {
        named.insert(policy.match.accounts.begin(), policy.match.accounts.end());
        named.insert(policy.match.subtrees.begin(), policy.match.subtrees.end());
        named.insert(policy.match.below.begin(), policy.match.below.end());
    }
    std::erase_if(named, [&](const std::string& name) {
        return tree.find(name) != kNone || set.elsewhere.contains(name) ||
               may_be_elsewhere(facts, name);
    });
    return {named.begin(), named.end()};
}

std::vector<OverGrant> over_granted(const PolicySet& set, const AccountTree& tree) {
    const auto all = subjects(set, tree);
    std::vector<const Subject*> by_node(tree.size(), nullptr);
    for (const auto& subject : all)
        by_node[tree.find(subject.account)] = &subject;
    std::map<std::pair<std::size_t, std::string>, Wide> sums; // by parent and component
    for (const auto& subject : all) {
        std::size_t above = tree[tree.find(subject.account)].parent;
        while (above != kNone && by_node[above] == nullptr)
            above = tree[above].parent;
        if (above == kNone || !(by_node[above]->first().period == subject.first().period))
            continue;
        for (const auto& [component, units] : *subject.allocation)
            sums[{above, component}] += units.scaled();
    }
    std::vector<OverGrant> out;
    for (const auto& [key, sum] : sums) {
        const auto& allocation = *by_node[key.first]->allocation;
        const auto own = allocation.find(key.second);
        const auto together = narrow(sum);
        if (own != allocation.end() && sum > own->second.scaled() && together)
            out.push_back(
                {by_node[key.first]->account, key.second, own->second, Decimal::raw(*together)});
    }
    std::sort(out.begin(), out.end(), [](const OverGrant& a, const OverGrant& b) {
        return std::tie(a.account, a.component) < std::tie(b.account, b.component);
    });
    return out;
}

std::vector<const Policy*> policies_of(const PolicySet& set,
                                       const model::AccountDecision& decision) {
    std::vector<const Policy*> found;
    for (const auto& name : decision.policies)
        if (const Policy* policy = set.policy(name))
            found.push_back(policy);
    return found;
}

std::vector<const Policy*> policies_in_force(const PolicySet& set,
                                             const model::AccountDecision& decision) {
    if (!decision.by_last_rules())
        return policies_of(set, decision);
    std::vector<const Policy*> found;
    for (const auto& name : decision.memory.rules.policies)
        if (const Policy* policy = decision.last_rules->policy(name))
            found.push_back(policy);
    return found;
}

Governance::Governance(const AccountTree& tree, const model::Decision& decision)
    : tree_(tree), governor_(tree.size(), kNone), own_(tree.size(), false) {
    for (std::size_t i = 0; i < decision.accounts.size(); ++i)
        if (const std::size_t node = tree.find(decision.accounts[i].account); node != kNone) {
            governor_[node] = i;
            own_[node] = true;
        }
    for (const std::size_t node : tree.order())
        if (!own_[node])
            governor_[node] = above(node);
}

} // namespace sluice::policy
