// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/qos.hpp"

#include "common/base/text.hpp"
#include "common/model/qos_list.hpp"
#include "common/policy/evaluate/thresholds.hpp"
#include "common/policy/plan/draft.hpp"
#include "common/policy/plan/limits.hpp"
#include "common/policy/plan/set_value.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

namespace sluice::policy {

using model::AccountDecision;
using model::AccountMemory;
using model::Association;
using model::CauseKind;
using model::Command;
using model::Policy;
using model::SavedQos;
using model::Standing;

namespace {

SavedQos exactly(const std::string& qos) {
    return {{qos}, qos};
}

bool has_only(const Association& row, const std::string& qos) {
    return !qos.empty() && has_qos(row, exactly(qos));
}

bool exists(const std::vector<model::Qos>& all, std::string_view name) {
    return std::any_of(all.begin(), all.end(), [&](const auto& qos) { return qos.name == name; });
}

// "high" of "+high" and "-high", a change to the inherited list.
std::string_view bare(std::string_view qos) {
    return qos.substr(qos.starts_with('+') || qos.starts_with('-') ? 1 : 0);
}

// What is left of a saved list after QOS were deleted: what Slurm itself leaves of it. Of a list
// that is gone the association inherits again.
SavedQos what_exists(const std::vector<model::Qos>& all, SavedQos saved) {
    std::erase_if(saved.list, [&](const auto& qos) { return !exists(all, bare(qos)); });
    if (!exists(all, saved.default_qos))
        saved.default_qos.clear();
    return saved;
}

// Names in `saved` of QOS that were deleted: "double, high"; "": none.
std::string deleted_of(const std::vector<model::Qos>& all, const SavedQos& saved) {
    std::vector<std::string> names;
    auto list = saved.list;
    list.push_back(saved.default_qos);
    for (const auto& qos : list)
        if (const std::string name(bare(qos));
            !name.empty() && !exists(all, name) &&
            std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    return join(names, ", ");
}

// What an evaluated account gets when its standing asks for no QOS any more: `qos_default` of its
// policies where that exists, else what it had.
SavedQos restored(const model::PolicySet& set, const std::vector<model::Qos>& all,
                  const AccountDecision& decision, const SavedQos& saved) {
    for (const Policy* policy : policies_of(set, decision))
        if (!policy->qos_default.empty() && exists(all, policy->qos_default))
            return exactly(policy->qos_default);
    return what_exists(all, saved);
}

std::string owner(const Association& row) {
    std::string text = "account " + row.account;
    if (!row.user.empty())
        text = "user " + row.user + " in " + text;
    return row.partition.empty() ? text : text + ", partition " + row.partition;
}

bool inherits(const Association& row) {
    return row.qos.empty() && row.default_qos.empty();
}

using SavedLists = std::unordered_map<std::uint32_t, SavedQos>; // by association

// Every list that the journal remembers.
SavedLists all_saved(const AccountTree& tree, const model::History& history) {
    SavedLists all;
    for (const auto& [account, memory] : history.accounts) {
        for (const auto& [id, saved] : memory.saved_members)
            all.emplace(id, saved);
        const Association* row = memory.saved_qos ? tree.account(account) : nullptr;
        if (row != nullptr)
            all.insert_or_assign(row->id, *memory.saved_qos);
    }
    return all;
}

// What the decision's memories keep of each association's QOS.
class QosMemory {
public:
    QosMemory(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
              model::Decision& decision)
        : set_(set), tree_(tree), facts_(facts), decision_(decision), governance_(tree, decision),
          saved_(all_saved(tree, facts.history)), final_(tree.size()), lists_(tree.size()) {}

    void run() {
        for (auto& account : decision_.accounts) {
            account.memory.saved_qos.reset();
            account.memory.saved_members.clear();
        }
        begin_release();
        for (const std::size_t node : tree_.order())
            visit(node);
    }

private:
    // Accounts that no policy covers any more but whose QOS, limits or jobs are not restored yet.
    void begin_release() {
        for (const auto& [name, memory] : facts_.history.accounts) {
            const bool open = memory.saved_qos || !memory.saved_members.empty() ||
                              !memory.limits.empty() || memory.shares || memory.submit ||
                              !memory.held_jobs.empty() || !memory.job_qos.empty();
            const std::size_t node = tree_.find(name);
            if (!open || (node != kNone && governance_.own(node)))
                continue;
            AccountMemory& left = decision_.released[name];
            if (const Association* row = tree_.account(name))
                keep_values(*row, memory, left);
        }
    }

    static void keep_values(const Association& row, const AccountMemory& memory,
                            AccountMemory& left) {
        for (auto [key, value] : memory.limits) {
            note_arrival(value, present(row, key));
            if (is_ours(value, present(row, key)))
                left.limits.emplace(key, value);
        }
        auto shares = memory.shares;
        if (shares)
            note_arrival(*shares, row.shares);
        if (shares && is_ours(*shares, row.shares))
            left.shares = shares;
        auto submit = memory.submit;
        const auto jobs = row.submit_jobs ? std::optional<std::int64_t>(*row.submit_jobs)
                                          : std::optional<std::int64_t>();
        if (submit)
            note_arrival(*submit, jobs);
        if (submit && is_ours(*submit, jobs) && submit->saved != jobs)
            left.submit = submit;
    }

    // An association and what governs its QOS.
    struct Place {
        const Association& row;
        AccountDecision* governor;            // nullptr: no policy covers it
        bool own;                             // the governor's own association
        const SavedQos* saved;                // nullptr: Sluice has not changed it
        std::string inherited;                // QOS that it alone inherits; "": something else
        const std::vector<std::string>& list; // that it inherits after the plan
    };

    void visit(std::size_t node) {
        const std::size_t parent = tree_[node].parent;
        const std::string inherited = parent == kNone ? std::string() : final_[parent];
        final_[node] = inherited;
        if (parent != kNone)
            lists_[node] = lists_[parent];
        if (const Association* row = tree_[node].row) {
            own_list_ = row->qos;
            final_[node] = final_qos(*row, node, governance_.own(node), inherited);
            if (final_[node].empty())
                model::apply_own(lists_[node], own_list_);
            else
                lists_[node] = {final_[node]};
        }
        for (const Association* row : tree_[node].users)
            if (!inherits(*row) || !saved_.empty())
                final_qos(*row, node, false, final_[node]);
    }

    // The QOS that the association will have alone after the plan; "": something else.
    std::string final_qos(const Association& row, std::size_t node, bool own,
                          const std::string& inherited) {
        const std::size_t index = governance_.of(node);
        Place at{row,       index == kNone ? nullptr : &decision_.accounts[index],
                 own,       nullptr,
                 inherited, lists_[node]};
        if (const auto found = saved_.find(row.id); found != saved_.end())
            at.saved = &found->second;
        if (at.saved != nullptr && at.governor != nullptr)
            name_deleted(at);
        const std::string untouched = inherits(row) ? inherited : std::string();
        if (at.governor != nullptr && !at.governor->follows()) {
            if (at.saved != nullptr)
                keep(at, *at.saved);
            const std::string& in_force = at.governor->memory.qos_in_force;
            return at.saved != nullptr && has_only(row, in_force) ? in_force : untouched;
        }
        if (at.governor != nullptr && !at.governor->enforced_qos.empty())
            return enforce(at);
        restore(at);
        return untouched;
    }

    void restore(const Place& at) {
        if (at.own) {
            at.governor->memory.qos_in_force.clear();
            if (at.saved == nullptr)
                name_foreign(at.row, *at.governor);
        }
        if (at.saved == nullptr)
            return;
        const auto& all = facts_.structure.qos;
        SavedQos saved = *at.saved;
        SavedQos target =
            at.own ? restored(set_, all, *at.governor, saved) : what_exists(all, saved);
        if (lacks_default(at.list, target)) {
            name_lost(at, target.default_qos);
            saved.default_qos.clear();
            target.default_qos.clear();
        }
        own_list_ = target.list;
        if (!has_qos(at.row, target))
            keep(at, saved);
    }

    // slurmdbd refuses a default QOS that the list does not have.
    static bool lacks_default(std::vector<std::string> list, const SavedQos& target) {
        model::apply_own(list, target.list);
        return !target.default_qos.empty() && !list.empty() &&
               std::find(list.begin(), list.end(), target.default_qos) == list.end();
    }

    std::string enforce(const Place& at) {
        const std::string& target = at.governor->enforced_qos;
        const bool covered = inherits(at.row) && at.inherited == target;
        const bool there = covered || has_only(at.row, target);
        if (at.own) {
            auto& seen = at.governor->memory.qos_in_force;
            if (there)
                seen = target;
            else if (seen != target)
                seen.clear();
        }
        if (at.saved != nullptr) {
            keep(at, *at.saved);
            return target;
        }
        if (covered)
            return target;
        if (on_paused_qos(at.row, *at.governor)) {
            if (at.own)
                name_foreign(at.row, *at.governor);
            return there ? target : std::string();
        }
        if (!there)
            keep(at, {at.row.qos, at.row.default_qos});
        return target;
    }

    void keep(const Place& at, const SavedQos& saved) {
        AccountMemory& memory =
            at.governor == nullptr ? decision_.released[at.row.account] : at.governor->memory;
        if (at.governor == nullptr ? at.row.user.empty() : at.own)
            memory.saved_qos = saved;
        else
            memory.saved_members[at.row.id] = saved;
    }

    void name_deleted(const Place& at) const {
        if (const std::string gone = deleted_of(facts_.structure.qos, *at.saved); !gone.empty())
            at.governor->notes.push_back("QOS " + gone + ", which " + owner(at.row) +
                                         " had, was deleted: only the rest can be restored");
    }

    static void name_lost(const Place& at, const std::string& qos) {
        if (at.governor != nullptr)
            at.governor->notes.push_back(
                "default QOS " + qos + ", which " + owner(at.row) +
                " had, is no longer in its QOS list: it is restored without a default of its own");
    }

    bool on_paused_qos(const Association& row, const AccountDecision& above) const {
        for (const Policy* policy : policies_of(set_, above)) {
            const std::string paused = qos_for(*policy, Standing::paused);
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
        if (standing(decision.flags) == Standing::normal)
            decision.cause = {model::CauseKind::foreign, "", 0};
    }

    const model::PolicySet& set_;
    const AccountTree& tree_;
    const model::Facts& facts_;
    model::Decision& decision_;
    Governance governance_;
    SavedLists saved_;
    std::vector<std::string> final_;              // by node
    std::vector<std::vector<std::string>> lists_; // in force after the plan, by node
    std::vector<std::string> own_list_;           // of the row that final_qos() looks at
};

Command qos_command(const Association& row, const SavedQos& target, std::string reason) {
    Command command;
    command.type = model::CommandType::qos;
    command.account = row.account;
    command.user = row.user;
    command.partition = row.partition;
    command.qos = target.list;
    command.default_qos = target.default_qos;
    command.description = target.list.empty()
                              ? "Clear own QOS of " + owner(row)
                              : "Set QOS of " + owner(row) + " to " + join(target.list, ",");
    command.description += " (" + reason + ")";
    command.reason = std::move(reason);
    return command;
}

std::string reason_for(const Draft& draft, const AccountDecision& decision) {
    const auto now = standing(decision.flags);
    if (now == Standing::normal)
        return "restored";
    switch (decision.cause.kind) {
    case CauseKind::ancestor:
        return "account " + decision.cause.account + " is " + std::string(name(now));
    case CauseKind::override_:
        return decision.in_force && decision.in_force->foreign ? "flag in " + decision.in_force->by
                                                               : "override";
    case CauseKind::life:
        return decision.life && decision.life->state == model::LifeState::before
                   ? "the account has not begun"
                   : "the account has ended";
    case CauseKind::own:
    case CauseKind::foreign:
        break;
    }
    const auto all = policies_of(draft.set(), decision);
    if (!all.empty() && all.front()->strategy == model::QosStrategy::progressive)
        return "step " + decision.qos + " reached";
    if (now == Standing::paused)
        return decision.memory.stands.contains("grace_days") ? "grace in days over"
                                                             : "grace limit reached";
    return "allocation used up";
}

bool all_known(const Association& row, const SavedQos& target, Draft& draft) {
    for (const auto& qos : target.list)
        if (!draft.has_qos(bare(qos))) {
            draft.fail(row.account, "QOS " + qos + " does not exist", "sacctmgr add qos " + qos);
            return false;
        }
    return true;
}

// " without QOS double, which was deleted", when the target is what is left of the saved list.
std::string less(const SavedQos& saved, const SavedQos& target, const Draft& draft) {
    const auto& all = draft.facts().structure.qos;
    const std::string gone = deleted_of(all, saved);
    return gone.empty() || !(target == what_exists(all, saved))
               ? ""
               : " without QOS " + gone + ", which was deleted";
}

// `saved`: what the association had; it gets that, or the QOS of the account's standing.
void change_qos(const Association& row, const SavedQos& saved, const SavedQos& target,
                const AccountDecision& decision, Draft& draft) {
    if (has_qos(row, target) || !all_known(row, target, draft))
        return;
    const bool drifted = !decision.enforced_qos.empty() &&
                         decision.memory.qos_in_force == decision.enforced_qos &&
                         decision.previous_flags == decision.flags;
    Command command =
        qos_command(row, target,
                    (drifted ? "drift" : reason_for(draft, decision)) + less(saved, target, draft));
    const auto policies = policies_of(draft.set(), decision);
    if (drifted && !policies.empty())
        draft.add_against_drift(std::move(command), "QOS of " + owner(row), *policies.front(),
                                decision);
    else
        draft.add(std::move(command), true);
}

} // namespace

bool has_qos(const Association& row, const SavedQos& saved) {
    return row.default_qos == saved.default_qos && row.qos.size() == saved.list.size() &&
           std::is_permutation(row.qos.begin(), row.qos.end(), saved.list.begin());
}

void remember_qos(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                  model::Decision& decision) {
    QosMemory(set, tree, facts, decision).run();
}

model::Structure without_sluice(const model::PolicySet& set, const model::Structure& structure,
                                const model::Decision& decision) {
    const auto& all = structure.qos;
    std::unordered_map<std::string, SavedQos> accounts;
    std::unordered_map<std::uint32_t, SavedQos> members;
    const auto collect = [&](const AccountMemory& memory) {
        for (const auto& [id, saved] : memory.saved_members)
            members.emplace(id, what_exists(all, saved));
    };
    for (const auto& account : decision.accounts) {
        collect(account.memory);
        if (account.memory.saved_qos)
            accounts[account.account] = restored(set, all, account, *account.memory.saved_qos);
    }
    for (const auto& [account, memory] : decision.released) {
        collect(memory);
        if (memory.saved_qos)
            accounts[account] = what_exists(all, *memory.saved_qos);
    }
    model::Structure out;
    out.associations = structure.associations;
    const auto put_back = [](const auto& saved, const auto& key, Association& row) {
        if (const auto found = saved.find(key); found != saved.end()) {
            row.qos = found->second.list;
            row.default_qos = found->second.default_qos;
        }
    };
    for (Association& row : out.associations) {
        put_back(members, row.id, row);
        if (row.user.empty())
            put_back(accounts, row.account, row);
    }
    return out;
}

void plan_qos(const Association& row, const AccountDecision& decision, Draft& draft) {
    if (const auto& saved = decision.memory.saved_qos) {
        const auto& all = draft.facts().structure.qos;
        change_qos(row, *saved,
                   decision.enforced_qos.empty() ? restored(draft.set(), all, decision, *saved)
                                                 : exactly(decision.enforced_qos),
                   decision, draft);
        return;
    }
    // Observed: shown, not done.
    if (decision.mode == model::Mode::observe && decision.enforced_qos.empty() &&
        !decision.qos.empty() && !has_only(row, decision.qos))
        draft.add(qos_command(row, exactly(decision.qos), reason_for(draft, decision)), false);
}

void plan_member(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto saved = decision.memory.saved_members.find(row.id);
    if (saved == decision.memory.saved_members.end())
        return;
    change_qos(row, saved->second,
               decision.enforced_qos.empty()
                   ? what_exists(draft.facts().structure.qos, saved->second)
                   : exactly(decision.enforced_qos),
               decision, draft);
}

void plan_qos_release(const Association& row, const SavedQos& saved, Draft& draft) {
    const SavedQos target = what_exists(draft.facts().structure.qos, saved);
    if (!has_qos(row, target))
        draft.add(qos_command(row, target, "no longer under a policy" + less(saved, target, draft)),
                  true);
}

void plan_qos_again(const AccountTree& tree, const std::vector<model::Command>& planned,
                    Draft& draft) {
    const auto& differences = draft.facts().qos_differences;
    if (differences.empty())
        return;
    std::set<std::string> ours;
    for (const Policy& policy : draft.set().policies) {
        if (policy.mode != model::Mode::enforce)
            continue;
        ours.insert({policy.qos_default, policy.qos_downscaled, policy.qos_paused});
        for (const auto& step : policy.steps)
            ours.insert(step.qos);
    }
    std::set<std::string_view> changed;
    for (const Command& command : planned)
        if (command.type == model::CommandType::qos)
            changed.insert(command.account);
    std::vector<bool> covered(tree.size()); // by a command for the account or one above it
    std::vector<Command> again;
    for (const std::size_t node : tree.order()) {
        const std::size_t parent = tree[node].parent;
        covered[node] = (parent != kNone && covered[parent]) || changed.contains(tree[node].name);
        const auto found = differences.find(std::string(tree[node].name));
        if (covered[node] || found == differences.end() || tree[node].row == nullptr ||
            std::none_of(found->second.begin(), found->second.end(),
                         [&](const std::string& qos) { return ours.contains(qos); }))
            continue;
        covered[node] = true;
        const Association& row = *tree[node].row;
        Command command = qos_command(row, {row.qos, row.default_qos}, "slurmctld shows other QOS");
        command.description =
            "Send QOS of " + owner(row) + " to slurmctld again (" + command.reason + ")";
        again.push_back(std::move(command));
    }
    for (Command& command : again)
        draft.add(std::move(command), true);
}

} // namespace sluice::policy
