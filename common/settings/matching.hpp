// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: which policies match an account, by the names written in the file and the
// account tree.
#pragma once

#include "common/settings/policy_set.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::settings {

inline constexpr std::size_t kDeepest = 64; // levels of accounts; real trees have under ten

// From `account` up to its root, at most kDeepest levels, so that a cycle ends too.
inline std::vector<std::string> ancestry(const std::string& account, const Parents& parents) {
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
        }
    }
    const std::vector<std::size_t>& all() const { return all_; }
    // Those that name the account or an ancestor's subtree, rising; without all().
    std::vector<std::size_t> named(const std::string& account) const {
        std::vector<std::size_t> found;
        append(exact_, account, found);
        for (const auto& name : ancestry(account, parents_))
            append(subtree_, name, found);
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return found;
    }
    // Every account that is written down or has a parent.
    std::set<std::string> accounts(const model::PolicySet& set) const {
        std::set<std::string> names;
        for (const auto& [name, account] : set.accounts)
            names.insert(name);
        for (const auto* lists : {&exact_, &subtree_})
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
};

} // namespace sluice::settings
