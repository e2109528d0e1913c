// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/snapshot.hpp"

#include "common/format/refusal.hpp"
#include "common/model/qos_list.hpp"
#include "common/policy/budget.hpp"
#include "common/policy/evaluate/standing.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_map>

namespace sluice::policy {

using model::AccountDecision;
using model::SnapshotAccount;
using model::Standing;

namespace {

// slurmctld does not know the user (NO_VAL of slurm.h).
constexpr std::uint32_t kUnknownUid = 0xfffffffe;

class Records {
public:
    Records(const model::PolicySet& set, const Zone& zone, const AccountTree& tree,
            const Governance& governed, const model::Decision& decision)
        : texts_(set, zone, decision.cluster), forecast_(set, tree, governed, decision),
          tree_(tree), governed_(governed), decision_(decision) {}

    bool will_change(std::size_t index) const { return !forecast_.changes(index).empty(); }

    // Of `account`, which the decision `index` governs.
    SnapshotAccount record(std::size_t index, const std::string& account) {
        const auto& decision = decision_.accounts[index];
        auto now = phase(decision_.now, decision, account, std::nullopt);
        SnapshotAccount out;
        out.name = account;
        out.standing = now.standing;
        out.text = now.text;
        out.contact = now.contact;
        if (account == decision.account)
            out.percent = decision.percent;
        for (const Instant at : forecast_.changes(index)) {
            auto next = phase(at, forecast_.at(index, at), account, at);
            // By a clock that is not trusted an account gets stricter only.
            if (!decision_.clock.trusted() && next.standing < now.standing)
                break;
            now.from = at;
            if (next == now)
                continue;
            out.later.push_back(next);
            now = std::move(next);
        }
        return out;
    }

private:
    // `at`: the instant of the decisions of accounts above; nullopt: now.
    model::SnapshotPhase phase(Instant from, const AccountDecision& decision,
                               const std::string& account, std::optional<Instant> at) {
        auto [text, contact] = words(decision, account, at);
        return {from, standing(decision.enforced), std::move(text), std::move(contact)};
    }

    format::UserText words(const AccountDecision& decision, const std::string& account,
                           std::optional<Instant> at) {
        const Standing now = standing(decision.enforced);
        if (now == Standing::paused)
            return texts_.refusal(source(decision, at), account);
        if (now == Standing::downscaled)
            return texts_.warning(source(decision, at), account, decision.enforced_qos);
        if (decision.mode != model::Mode::enforce || account != decision.account)
            return {};
        if (decision.cause.kind == model::CauseKind::foreign)
            return {"account " + account +
                        " was paused outside Sluice: its QOS may keep jobs from starting.",
                    ""};
        return decision.notify_reached ? texts_.warning(decision, account, "") : format::UserText{};
    }

    // The decision whose standing it is: its own, or that of an account above.
    const AccountDecision& source(const AccountDecision& decision, std::optional<Instant> at) {
        if (decision.cause.kind != model::CauseKind::ancestor)
            return decision;
        const std::size_t node = tree_.find(decision.cause.account);
        if (node == kNone || !governed_.own(node))
            return decision;
        const std::size_t index = governed_.of(node);
        return at ? forecast_.at(index, *at) : decision_.accounts[index];
    }

    format::SubmitTexts texts_;
    StandingForecast forecast_;
    const AccountTree& tree_;
    const Governance& governed_;
    const model::Decision& decision_;
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

std::vector<model::QosFactor> factors(const model::Structure& structure) {
    std::vector<model::QosFactor> all;
    for (const auto& qos : structure.qos)
        if (qos.usage_factor != model::kFullPrice)
            all.push_back({qos.name, qos.usage_factor});
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.qos < b.qos; });
    return all;
}

// Entries that say more than those which count without them.
class DefaultFactors {
public:
    DefaultFactors(const model::Structure& structure, const AccountTree& tree,
                   const std::vector<model::QosFactor>& factors)
        : tree_(tree), factors_(factors) {
        for (const auto& user : structure.users)
            if (user.uid != kUnknownUid)
                uids_.emplace(user.name, user.uid);
    }

    void add(std::size_t node) {
        const auto& account = tree_[node];
        const std::int64_t all = account.row == nullptr ? model::kFullPrice : factor(*account.row);
        if (all != model::kFullPrice)
            found_.push_back({std::string(account.name), model::DefaultFactor::kAnyUser, "", all});
        for (const auto* row : account.users)
            add_user(*row, all);
    }

    std::vector<model::DefaultFactor> take() {
        std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.account, a.uid, a.partition, a.millionths) <
                   std::tie(b.account, b.uid, b.partition, b.millionths);
        });
        // Two names may have one uid: the least factor counts.
        found_.erase(std::unique(found_.begin(), found_.end(),
                                 [](const auto& a, const auto& b) {
                                     return std::tie(a.account, a.uid, a.partition) ==
                                            std::tie(b.account, b.uid, b.partition);
                                 }),
                     found_.end());
        return std::move(found_);
    }

private:
    void add_user(const model::Association& row, std::int64_t all) {
        const auto* other = row.partition.empty() ? nullptr : tree_.user(row.account, row.user, "");
        const auto uid = uids_.find(row.user);
        if (uid == uids_.end() || (inherits(row) && (other == nullptr || inherits(*other))))
            return;
        const std::int64_t own = inherits(row) ? all : factor(row);
        const std::int64_t without = other == nullptr ? all : factor(*other);
        if (own != without)
            found_.push_back({row.account, uid->second, row.partition, own});
    }
    static bool inherits(const model::Association& row) {
        return row.qos.empty() && row.default_qos.empty();
    }
    std::int64_t factor(const model::Association& row) const {
        const std::string qos = model::job_default_qos(tree_, row);
        const auto at =
            std::lower_bound(factors_.begin(), factors_.end(), qos,
                             [](const auto& one, const auto& name) { return one.qos < name; });
        return at != factors_.end() && at->qos == qos ? at->millionths : model::kFullPrice;
    }

    const AccountTree& tree_;
    const std::vector<model::QosFactor>& factors_;
    std::unordered_map<std::string, std::uint32_t> uids_;
    std::vector<model::DefaultFactor> found_;
};

std::vector<model::DefaultFactor> default_factors(const model::Structure& structure,
                                                  const AccountTree& tree, const Budgets& budgets,
                                                  const std::vector<model::QosFactor>& factors) {
    if (factors.empty())
        return {};
    DefaultFactors out(structure, tree, factors);
    for (std::size_t node = 0; node < tree.size(); ++node)
        if (budgets.bind(node))
            out.add(node);
    return out.take();
}

} // namespace

model::Snapshot snapshot(const model::PolicySet& set, const Zone& zone,
                         const model::Structure& structure, const model::Decision& decision,
                         SnapshotFor whom) {
    model::Snapshot out;
    out.cluster = decision.cluster;
    out.made = decision.now;
    const AccountTree tree(structure);
    const Governance governed(tree, decision);
    Records records(set, zone, tree, governed, decision);
    Budgets budgets(set, tree, governed, decision, whom);
    for (std::size_t node = 0; node < tree.size(); ++node) {
        const std::size_t index = governed.of(node);
        if (index == kNone)
            continue;
        const bool normal = standing(decision.accounts[index].enforced) == Standing::normal;
        if (!governed.own(node) && normal && !budgets.bind(node) && !records.will_change(index))
            continue;
        out.accounts.push_back(records.record(index, std::string(tree[node].name)));
        budgets.add(node, out.accounts.back());
    }
    out.measures = budgets.take_measures();
    // Of no use without budgets.
    if (!out.measures.empty()) {
        out.partitions = structure.partitions;
        if (set.counting.factor) {
            out.factors = factors(structure);
            out.default_factors = default_factors(structure, tree, budgets, out.factors);
        }
    }
    std::sort(out.accounts.begin(), out.accounts.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    out.users = users(structure);
    return out;
}

} // namespace sluice::policy
