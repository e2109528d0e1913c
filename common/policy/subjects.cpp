// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/subjects.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace sluice::policy {

using model::Policy;
using model::PolicySet;

namespace {

constexpr std::string_view kRoot = "root";

class Matcher {
public:
    Matcher(const PolicySet& set, const Tree& tree) : tree_(tree), own_(tree.size(), nullptr) {
        for (const auto& [name, settings] : set.accounts)
            if (const int node = find(name);
                node != kNone && settings.allocation && !settings.allocation->empty())
                own_[at(node)] = &*settings.allocation;
    }

    // Per node: does the policy match it?
    std::vector<bool> matched(const Policy& policy) {
        std::vector<bool> marks(tree_.size(), false);
        if (policy.match.all())
            for (std::size_t i = 0; i < marks.size(); ++i)
                marks[i] = own_[i] || tree_[static_cast<int>(i)].name != kRoot;
        for (const auto& name : policy.match.accounts)
            if (const int node = find(name); node != kNone)
                marks[at(node)] = true;
        for (const auto& name : policy.match.subtrees)
            if (const int node = find(name); node != kNone)
                mark_below(node, marks);
        return marks;
    }

    const model::Allocation* own(int node) const { return own_[at(node)]; }
    std::set<std::string> unknown;

private:
    static std::size_t at(int node) { return static_cast<std::size_t>(node); }
    int find(const std::string& name) {
        const int node = tree_.find(name);
        if (node == kNone)
            unknown.insert(name);
        return node;
    }
    void mark_below(int root, std::vector<bool>& marks) const {
        std::vector<int> stack{root};
        while (!stack.empty()) {
            const int node = stack.back();
            stack.pop_back();
            marks[at(node)] = true;
            const auto& children = tree_[node].children;
            stack.insert(stack.end(), children.begin(), children.end());
        }
    }

    const Tree& tree_;
    std::vector<const model::Allocation*> own_;
};

bool spans(const PolicySet& set, const Subject& subject) {
    const auto settings = set.accounts.find(subject.account);
    return subject.policies.front()->spans &&
           (settings == set.accounts.end() || !settings->second.apart);
}

} // namespace

std::vector<Subject> subjects(const PolicySet& set, const Tree& tree,
                              std::vector<std::string>& unknown) {
    Matcher matcher(set, tree);
    std::vector<Subject> by_node(tree.size());
    for (const Policy& policy : set.policies) {
        const auto marks = matcher.matched(policy);
        for (std::size_t i = 0; i < marks.size(); ++i) {
            const auto* own = matcher.own(static_cast<int>(i));
            const bool by_default = policy.allocation && !policy.allocation->empty();
            if (!marks[i] || (own == nullptr && !by_default))
                continue;
            Subject& subject = by_node[i];
            subject.policies.push_back(&policy);
            if (subject.allocation == nullptr)
                subject.allocation = own != nullptr ? own : &*policy.allocation;
        }
    }
    std::vector<Subject> found;
    for (std::size_t i = 0; i < by_node.size(); ++i)
        if (by_node[i].allocation != nullptr) {
            by_node[i].node = static_cast<int>(i);
            by_node[i].account = tree[static_cast<int>(i)].name;
            by_node[i].spans = spans(set, by_node[i]);
            found.push_back(std::move(by_node[i]));
        }
    std::sort(found.begin(), found.end(),
              [](const Subject& a, const Subject& b) { return a.account < b.account; });
    std::set_difference(matcher.unknown.begin(), matcher.unknown.end(), set.elsewhere.begin(),
                        set.elsewhere.end(), std::back_inserter(unknown));
    return found;
}

} // namespace sluice::policy
