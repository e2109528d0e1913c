// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/qos_restore.hpp"

#include "common/policy/limits.hpp"
#include "common/policy/lookup.hpp"
#include "common/policy/standing.hpp"

#include <algorithm>
#include <unordered_map>

namespace sluice::policy {

using model::AccountDecision;
using model::AccountMemory;
using model::Association;
using model::SavedQos;

namespace {

std::size_t at(int index) {
    return static_cast<std::size_t>(index);
}

bool inherits(const Association& row) {
    return row.qos.empty() && row.default_qos.empty();
}

// Everything that the journal remembers as held, by association.
std::unordered_map<std::string, SavedQos> all_saved(const model::History& history) {
    std::unordered_map<std::string, SavedQos> all;
    for (const auto& [account, memory] : history.accounts) {
        for (const auto& [key, saved] : memory.saved_members)
            all.emplace(key, saved);
        if (memory.saved_qos)
            all.insert_or_assign(model::association_key(account, "", ""), *memory.saved_qos);
    }
    return all;
}

class Holder {
public:
    Holder(const model::PolicySet& set, const Tree& tree, const model::Facts& facts,
           model::Decision& decision)
        : set_(set), tree_(tree), facts_(facts), decision_(decision),
          governance_(governance(tree, decision)), saved_(all_saved(facts.history)),
          final_(tree.size()) {}

    void run() {
        for (auto& account : decision_.accounts) {
            account.memory.saved_qos.reset();
            account.memory.saved_members.clear();
        }
        begin_release();
        for (const int node : tree_.order())
            visit(node);
    }

private:
    AccountDecision* governor(int node) {
        const int index = governance_.governor[at(node)];
        return index == kNone ? nullptr : &decision_.accounts[at(index)];
    }

    // Accounts that hold something but are not judged (any more).
    void begin_release() {
        for (const auto& [name, memory] : facts_.history.accounts) {
            const bool holds = memory.saved_qos || !memory.saved_members.empty() ||
                               !memory.limits_in_force.empty() || !memory.held_jobs.empty();
            const int node = tree_.find(name);
            if (!holds || (node != kNone && governance_.judged[at(node)]))
                continue;
            AccountMemory& left = decision_.released[name];
            const Association* row = node == kNone ? nullptr : tree_[node].row;
            for (const auto& [tres, limit] : memory.limits_in_force)
                if (row != nullptr && has_limit(*row, tres, limit))
                    left.limits_in_force[tres] = limit;
        }
    }

    static bool has_limit(const Association& row, const std::string& tres, std::int64_t limit) {
        for (const auto type : {model::LimitType::grp_tres_mins, model::LimitType::max_tres_mins,
                                model::LimitType::grp_tres}) {
            const auto& present = limits_of(row, type);
            const auto found = present.find(tres);
            if (found != present.end() && found->second == limit)
                return true;
        }
        return false;
    }

    void visit(int node) {
        AccountDecision* above = governor(node);
        const int parent = tree_[node].parent;
        const std::string inherited = parent == kNone ? std::string() : final_[at(parent)];
        final_[at(node)] = inherited;
        const bool own = governance_.judged[at(node)];
        if (const Association* row = tree_[node].row)
            final_[at(node)] = association(*row, above, own, inherited);
        for (const Association* row : tree_[node].users)
            if (!inherits(*row) || !saved_.empty())
                association(*row, above, false, final_[at(node)]);
    }

    // The QOS that the association will have alone after the plan ("": something else).
    std::string association(const Association& row, AccountDecision* above, bool own,
                            const std::string& inherited) {
        const std::string key = model::association_key(row.account, row.user, row.partition);
        const auto found = saved_.find(key);
        const SavedQos* saved = found == saved_.end() ? nullptr : &found->second;
        const std::string untouched = inherits(row) ? inherited : std::string();
        if (above != nullptr && !above->error.empty()) {
            if (saved != nullptr)
                keep(above, own, key, row, *saved);
            return saved != nullptr && has_qos(row, above->memory.qos_in_force)
                       ? above->memory.qos_in_force
                       : untouched;
        }
        if (above == nullptr || above->enforced_qos.empty())
            return give_back(row, above, own, saved, key), untouched;
        return take(row, above, own, saved, key, inherited);
    }

    void give_back(const Association& row, AccountDecision* above, bool own, const SavedQos* saved,
                   const std::string& key) {
        if (own) {
            above->memory.qos_in_force.clear();
            if (saved == nullptr)
                name_foreign(row, *above);
        }
        if (saved == nullptr)
            return;
        const SavedQos target = own ? given_back(set_, *above, *saved) : *saved;
        if (!has_qos(row, target))
            keep(above, own, key, row, *saved);
    }

    std::string take(const Association& row, AccountDecision* above, bool own,
                     const SavedQos* saved, const std::string& key, const std::string& inherited) {
        const std::string& target = above->enforced_qos;
        const bool covered = inherits(row) && inherited == target;
        const bool there = covered || has_qos(row, target);
        if (own) {
            auto& seen = above->memory.qos_in_force;
            if (there)
                seen = target;
            else if (seen != target)
                seen.clear();
        }
        if (saved != nullptr) {
            keep(above, own, key, row, *saved);
            return target;
        }
        if (covered)
            return target;
        if (on_paused_qos(row, *above)) {
            if (own)
                name_foreign(row, *above);
            return there ? target : std::string();
        }
        if (!there)
            keep(above, own, key, row, {row.qos, row.default_qos});
        return target;
    }

    void keep(AccountDecision* above, bool own, const std::string& key, const Association& row,
              const SavedQos& saved) {
        if (above == nullptr) {
            AccountMemory& left = decision_.released[row.account];
            if (row.user.empty())
                left.saved_qos = saved;
            else
                left.saved_members[key] = saved;
        } else if (own) {
            above->memory.saved_qos = saved;
        } else {
            above->memory.saved_members[key] = saved;
        }
    }

    bool on_paused_qos(const Association& row, const AccountDecision& above) const {
        for (const auto& name : above.policies) {
            const auto* policy = find_policy(set_, name);
            if (policy == nullptr)
                continue;
            const std::string paused = qos_for(*policy, model::Standing::paused);
            const bool only = row.qos.size() == 1 && row.qos.front() == paused;
            if (!paused.empty() && (only || row.default_qos == paused))
                return true;
        }
        return false;
    }

    void name_foreign(const Association& row, AccountDecision& decision) const {
        if (!on_paused_qos(row, decision))
            return;
        const std::string qos = row.qos.size() == 1 ? row.qos.front() : row.default_qos;
        decision.notes.push_back("QOS " + qos + " was not set by Sluice and is left unchanged");
        if (standing(decision.flags) == model::Standing::normal)
            decision.cause = {model::CauseKind::foreign, "", 0};
    }

    const model::PolicySet& set_;
    const Tree& tree_;
    const model::Facts& facts_;
    model::Decision& decision_;
    Governance governance_;
    std::unordered_map<std::string, SavedQos> saved_;
    std::vector<std::string> final_; // by node
};

} // namespace

Governance governance(const Tree& tree, const model::Decision& decision) {
    Governance out{std::vector<int>(tree.size(), kNone), std::vector<bool>(tree.size(), false)};
    for (std::size_t i = 0; i < decision.accounts.size(); ++i)
        if (const int node = tree.find(decision.accounts[i].account); node != kNone) {
            out.governor[at(node)] = static_cast<int>(i);
            out.judged[at(node)] = true;
        }
    for (const int node : tree.order())
        if (const int parent = tree[node].parent; !out.judged[at(node)] && parent != kNone)
            out.governor[at(node)] = out.governor[at(parent)];
    return out;
}

void hold(const model::PolicySet& set, const Tree& tree, const model::Facts& facts,
          model::Decision& decision) {
    Holder(set, tree, facts, decision).run();
}

SavedQos given_back(const model::PolicySet& set, const AccountDecision& decision,
                    const SavedQos& saved) {
    for (const auto& name : decision.policies)
        if (const auto* policy = find_policy(set, name); policy && !policy->qos_default.empty())
            return {{policy->qos_default}, policy->qos_default};
    return saved;
}

bool has_qos(const Association& row, const std::string& qos) {
    return !qos.empty() && row.qos.size() == 1 && row.qos.front() == qos && row.default_qos == qos;
}

bool has_qos(const Association& row, const SavedQos& saved) {
    return row.default_qos == saved.default_qos && row.qos.size() == saved.list.size() &&
           std::is_permutation(row.qos.begin(), row.qos.end(), saved.list.begin());
}

} // namespace sluice::policy
