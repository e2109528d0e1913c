// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/snapshot.hpp"

#include "common/policy/budget.hpp"
#include "common/policy/course.hpp"
#include "common/policy/message_templates.hpp"
#include "common/policy/qos_restore.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace sluice::policy {

using model::AccountDecision;
using model::SnapshotAccount;
using model::Standing;

namespace {

// slurmctld does not know the user (NO_VAL of slurm.h).
constexpr std::uint32_t kUnknownUid = 0xfffffffe;

class Maker {
public:
    Maker(const Wording& wording, const model::Decision& decision, Course& course)
        : wording_(wording), decision_(decision), course_(course) {
        for (std::size_t i = 0; i < decision.accounts.size(); ++i)
            by_name_.emplace(decision.accounts[i].account, static_cast<int>(i));
    }

    // `index`: of the decision that `account` is governed by.
    SnapshotAccount record(int index, const std::string& account) {
        const auto& decision = decision_.accounts[static_cast<std::size_t>(index)];
        SnapshotAccount out;
        out.name = account;
        out.standing = standing(decision.enforced);
        if (account == decision.account)
            out.percent = decision.percent;
        auto [text, contact] = words(decision, account, std::nullopt);
        out.text = std::move(text);
        out.contact = std::move(contact);
        for (const Instant at : course_.changes(index)) {
            const auto& then = course_.at(index, at);
            auto said = words(then, account, at);
            model::SnapshotPhase phase{at, standing(then.enforced), std::move(said.text),
                                       std::move(said.contact)};
            const auto& last = out.later;
            // By a clock that is not trusted an account gets stricter only.
            if (!decision_.clock.trusted() &&
                phase.standing < (last.empty() ? out.standing : last.back().standing))
                break;
            if (phase.standing != (last.empty() ? out.standing : last.back().standing) ||
                phase.text != (last.empty() ? out.text : last.back().text) ||
                phase.contact != (last.empty() ? out.contact : last.back().contact))
                out.later.push_back(std::move(phase));
        }
        return out;
    }

private:
    // `at`: which decisions of the accounts above it belong to; nullopt: those of now.
    UserText words(const AccountDecision& decision, const std::string& account,
                   std::optional<Instant> at) {
        const Standing now = standing(decision.enforced);
        if (now == Standing::paused)
            return wording_.refusal(decision, account, cause(decision, at));
        if (now == Standing::downscaled)
            return wording_.warning(decision, account);
        if (decision.mode == model::Mode::enforce && account == decision.account)
            return quiet_warning(decision);
        return {};
    }

    const AccountDecision* cause(const AccountDecision& decision, std::optional<Instant> at) {
        if (decision.cause.kind != model::CauseKind::ancestor)
            return nullptr;
        const auto found = by_name_.find(decision.cause.account);
        if (found == by_name_.end())
            return nullptr;
        return at ? &course_.at(found->second, *at)
                  : &decision_.accounts[static_cast<std::size_t>(found->second)];
    }

    UserText quiet_warning(const AccountDecision& decision) const {
        if (decision.cause.kind == model::CauseKind::foreign)
            return {"account " + decision.account +
                        " was paused outside Sluice: its QOS may keep jobs from starting.",
                    ""};
        return decision.notify_reached ? wording_.warning(decision, decision.account) : UserText{};
    }

    const Wording& wording_;
    const model::Decision& decision_;
    Course& course_;
    std::unordered_map<std::string_view, int> by_name_; // index in the decision
};

// Whose budgets bind the jobs of an account: its own and those of the accounts above it.
class Bounds {
public:
    Bounds(const model::PolicySet& set, const model::Decision& decision)
        : budgets_(set), decision_(decision) {}

    // By node: the nearest account at or above it that checks, or kNone.
    void find(const Tree& tree, const Governance& governed) {
        if (budgets_.none())
            return;
        nearest_.assign(tree.size(), kNone);
        for (const int node : tree.order()) {
            const auto at = static_cast<std::size_t>(node);
            const int parent = tree[node].parent;
            nearest_[at] = parent == kNone ? kNone : nearest_[static_cast<std::size_t>(parent)];
            if (governed.judged[at] &&
                budgets_.check(account(governed.governor[at])) != model::BudgetCheck::off)
                nearest_[at] = node;
        }
    }
    bool any(std::size_t node) const { return !nearest_.empty() && nearest_[node] != kNone; }
    void add(const Tree& tree, const Governance& governed, std::size_t node, SnapshotAccount& out) {
        if (!any(node) || stays_paused(out, account(governed.governor[node]).period.end))
            return;
        const auto at = static_cast<int>(node);
        int above = nearest_[node];
        if (above == at) {
            const auto& own = account(governed.governor[node]);
            out.budgets = budgets_.left(own);
            out.check = out.budgets.empty() ? model::BudgetCheck::off : budgets_.check(own);
            const int parent = tree[at].parent;
            above = parent == kNone ? kNone : nearest_[static_cast<std::size_t>(parent)];
        }
        if (above != kNone)
            out.bounded_by = tree[above].name;
    }
    std::vector<model::Measure> take_measures() { return budgets_.take_measures(); }

private:
    const AccountDecision& account(int index) const {
        return decision_.accounts[static_cast<std::size_t>(index)];
    }

    // What is left then is of the next period, and not known.
    static bool stays_paused(const SnapshotAccount& out, std::optional<Instant> period_end) {
        return out.standing == Standing::paused &&
               std::none_of(out.later.begin(), out.later.end(), [&](const auto& phase) {
                   return phase.standing != Standing::paused &&
                          (!period_end || phase.from < *period_end);
               });
    }

    Budgets budgets_;
    const model::Decision& decision_;
    std::vector<int> nearest_;
};

std::vector<model::SnapshotUser> users(const model::Structure& structure) {
    std::vector<model::SnapshotUser> all;
    all.reserve(structure.users.size());
    for (const auto& user : structure.users) {
        if (user.uid == kUnknownUid)
            continue;
        model::SnapshotUser one{user.uid, user.default_account, user.accounts};
        std::sort(one.accounts.begin(), one.accounts.end());
        all.push_back(std::move(one));
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.uid < b.uid; });
    all.erase(std::unique(all.begin(), all.end(),
                          [](const auto& a, const auto& b) { return a.uid == b.uid; }),
              all.end());
    return all;
}

} // namespace

model::Snapshot snapshot(const model::PolicySet& set, const Zone& zone, const model::Facts& facts,
                         const model::Decision& decision) {
    model::Snapshot out;
    out.cluster = decision.cluster;
    out.made = decision.now;
    const Tree tree(facts.structure);
    const Governance governed = governance(tree, decision);
    const Wording wording(set, zone, decision.cluster);
    Course course(set, tree, governed, decision);
    Maker maker(wording, decision, course);
    Bounds bounds(set, decision);
    bounds.find(tree, governed);
    for (std::size_t node = 0; node < tree.size(); ++node) {
        const int index = governed.governor[node];
        if (index == kNone)
            continue;
        const auto& account = decision.accounts[static_cast<std::size_t>(index)];
        if (!governed.judged[node] && standing(account.enforced) == Standing::normal &&
            !bounds.any(node) && course.changes(index).empty())
            continue;
        out.accounts.push_back(maker.record(index, std::string(tree[static_cast<int>(node)].name)));
        bounds.add(tree, governed, node, out.accounts.back());
    }
    out.measures = bounds.take_measures();
    out.partitions = facts.structure.partitions;
    std::sort(out.accounts.begin(), out.accounts.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    out.users = users(facts.structure);
    return out;
}

} // namespace sluice::policy
