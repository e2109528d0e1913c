// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/accounts/shown_qos.hpp"

#include "common/base/text.hpp"
#include "common/model/qos_list.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace sluice::slurm {

using model::Association;

ShownQos::ShownQos(const model::Structure& structure) : tree_(structure), accounts_(tree_.size()) {
    for (const std::size_t node : tree_.order()) {
        const std::size_t parent = tree_[node].parent;
        accounts_[node] = parent == model::kNone ? Inherited{} : accounts_[parent];
        if (tree_[node].row != nullptr)
            accounts_[node] = with_own(*tree_[node].row, accounts_[node]);
    }
    for (const Association& row : structure.associations)
        rows_.emplace(row.id, &row);
}

ShownQos::Inherited ShownQos::with_own(const Association& row, const Inherited& above) const {
    Inherited own = above;
    if (!row.qos.empty())
        own.list = sorted(model::qos_in_force(tree_, row));
    if (!row.default_qos.empty())
        own.standard = row.default_qos;
    return own;
}

void ShownQos::compare(const Association& live) {
    const auto found = rows_.find(live.id);
    const std::size_t node = tree_.find(live.account);
    if (found == rows_.end() || node == model::kNone || found->second->account != live.account ||
        found->second->user != live.user)
        return;
    const Association& row = *found->second;
    const bool is_user = !row.user.empty();
    if (is_user && !row.qos.empty())
        return;
    const Inherited own = is_user ? with_own(row, accounts_[node]) : accounts_[node];
    std::vector<std::string> names;
    if (is_user || !row.qos.empty()) {
        const std::vector<std::string> list = sorted(live.qos);
        std::set_symmetric_difference(own.list.begin(), own.list.end(), list.begin(), list.end(),
                                      std::back_inserter(names));
    }
    // slurmctld drops the default of a user whose list does not have it (assoc_mgr.c).
    const bool dropped = is_user && live.default_qos.empty() &&
                         !std::binary_search(own.list.begin(), own.list.end(), own.standard);
    if ((is_user || !row.default_qos.empty()) && live.default_qos != own.standard && !dropped)
        for (const std::string& name : {live.default_qos, own.standard})
            if (!name.empty())
                names.push_back(name);
    if (!names.empty())
        differences_[live.account].insert(names.begin(), names.end());
}

} // namespace sluice::slurm
