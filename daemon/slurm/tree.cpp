// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts of one cluster as a tree; must not know libslurm.
#include "daemon/slurm/tree.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

std::string key(std::string_view account, std::string_view user, std::string_view partition) {
    std::string text{account};
    text.append(1, '\n').append(user).append(1, '\n').append(partition);
    return text;
}

void work_in(std::vector<std::string>& list, const std::string& delta) {
    const std::string name = delta.substr(1);
    const auto found = std::find(list.begin(), list.end(), name);
    if (delta.front() == '-' && found != list.end())
        list.erase(found);
    else if (delta.front() == '+' && found == list.end())
        list.push_back(name);
}

} // namespace

bool is_delta(const std::string& qos) {
    return !qos.empty() && (qos.front() == '+' || qos.front() == '-');
}

AccountTree::AccountTree(const model::Structure& structure) {
    for (const model::Association& row : structure.associations) {
        if (row.user.empty()) {
            accounts_.emplace(row.account, &row);
            if (!row.parent.empty())
                children_.emplace(row.parent, &row);
        } else
            users_.emplace(key(row.account, row.user, row.partition), &row);
    }
}

const model::Association* AccountTree::account(std::string_view name) const {
    const auto found = accounts_.find(name);
    return found == accounts_.end() ? nullptr : found->second;
}

const model::Association* AccountTree::user(std::string_view account, std::string_view user,
                                            std::string_view partition) const {
    const auto found = users_.find(key(account, user, partition));
    return found == users_.end() ? nullptr : found->second;
}

std::vector<const model::Association*> AccountTree::upward(std::string_view name) const {
    std::vector<const model::Association*> way;
    // Bounded by the number of accounts: a damaged tree must not keep us here.
    for (const model::Association* row = account(name);
         row != nullptr && way.size() <= accounts_.size();
         row = row->parent.empty() ? nullptr : account(row->parent))
        way.push_back(row);
    return way;
}

std::vector<std::string> AccountTree::children(std::string_view name) const {
    std::vector<std::string> names;
    const auto [first, last] = children_.equal_range(name);
    for (auto it = first; it != last; ++it)
        names.push_back(it->second->account);
    return names;
}

std::vector<std::string> AccountTree::below(std::string_view name) const {
    std::vector<std::string> names;
    std::vector<std::string_view> open{name};
    while (!open.empty() && names.size() <= accounts_.size()) {
        const auto [first, last] = children_.equal_range(open.back());
        open.pop_back();
        for (auto it = first; it != last; ++it) {
            names.push_back(it->second->account);
            open.push_back(it->second->account);
        }
    }
    return names;
}

std::vector<std::string> AccountTree::qos_in_force(const model::Association& row) const {
    std::vector<const model::Association*> way =
        upward(row.user.empty() ? row.parent : row.account);
    way.insert(way.begin(), &row);
    std::vector<std::string> list;
    // From the top down, as Slurm does: an own list replaces, deltas change.
    for (auto it = way.rbegin(); it != way.rend(); ++it) {
        const std::vector<std::string>& own = (*it)->qos;
        if (own.empty())
            continue;
        if (!is_delta(own.front()))
            list.clear();
        for (const std::string& qos : own) {
            if (is_delta(qos))
                work_in(list, qos);
            else
                list.push_back(qos);
        }
    }
    return list;
}

} // namespace sluice::slurm
