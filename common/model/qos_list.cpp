// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/qos_list.hpp"

#include "common/model/facts.hpp"

#include <algorithm>

namespace sluice::model {
namespace {

void apply_delta(std::vector<std::string>& list, const std::string& delta) {
    const std::string name = delta.substr(1);
    const auto found = std::find(list.begin(), list.end(), name);
    if (delta.front() == '-' && found != list.end())
        list.erase(found);
    else if (delta.front() == '+' && found == list.end())
        list.push_back(name);
}

} // namespace

bool is_delta(std::string_view qos) {
    return !qos.empty() && (qos.front() == '+' || qos.front() == '-');
}

void apply_own(std::vector<std::string>& list, const std::vector<std::string>& own) {
    if (!own.empty() && !is_delta(own.front()))
        list.clear();
    for (const std::string& qos : own) {
        if (is_delta(qos))
            apply_delta(list, qos);
        else
            list.push_back(qos);
    }
}

std::vector<std::string> qos_in_force(const AccountTree& tree, const Association& row) {
    auto rows = tree.upward(row.user.empty() ? row.parent : row.account);
    rows.insert(rows.begin(), &row);
    std::vector<std::string> list;
    for (auto it = rows.rbegin(); it != rows.rend(); ++it) // as Slurm does
        apply_own(list, (*it)->qos);
    return list;
}

std::string default_qos_in_force(const AccountTree& tree, const Association& row) {
    if (!row.default_qos.empty())
        return row.default_qos;
    for (const Association* above : tree.upward(row.account))
        if (!above->default_qos.empty())
            return above->default_qos;
    return {};
}

std::string job_default_qos(const AccountTree& tree, const Association& row) {
    const auto list = qos_in_force(tree, row);
    std::string qos = default_qos_in_force(tree, row);
    if (qos.empty())
        qos = list.size() == 1 ? list.front() : "normal";
    return std::find(list.begin(), list.end(), qos) != list.end() ? qos : std::string();
}

std::vector<std::string> accounts_below(const AccountTree& tree, std::string_view account) {
    std::vector<std::string> names;
    if (const std::size_t top = tree.find(account); top != kNone)
        for (const std::size_t node : tree.subtree(top))
            if (node != top)
                names.emplace_back(tree[node].name);
    return names;
}

} // namespace sluice::model
