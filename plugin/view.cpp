// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/view.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace sluice::plugin {
namespace {

// Longer than any account name that the wire lets through.
constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kHead = 8;

// Eight bytes as one number with the order of the bytes: most steps of a search compare only these,
// which lie side by side in memory.
std::uint64_t head_of(std::string_view folded) {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < kHead; ++i)
        head = (head << 8) | (i < folded.size() ? static_cast<unsigned char>(folded[i]) : 0U);
    return head;
}

// In sorted order, what the first and the last name begin with, all begin with.
std::size_t common_prefix(std::string_view first, std::string_view last) {
    const auto end = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
    return static_cast<std::size_t>(end - first.begin());
}

} // namespace

View::Ref View::keep(std::string_view text) {
    const Ref ref{static_cast<std::uint32_t>(arena_.size()),
                  static_cast<std::uint32_t>(text.size())};
    arena_ += text;
    return ref;
}

void View::keep_accounts(const std::vector<model::SnapshotAccount>& accounts) {
    accounts_.reserve(accounts.size());
    for (const auto& from : accounts) {
        Account account;
        account.name = keep(from.name);
        const std::string folded = lower(from.name);
        account.folded = folded == from.name ? account.name : keep(folded);
        account.text = keep(from.text);
        account.contact = keep(from.contact);
        account.percent = from.percent;
        account.standing = from.standing;
        account.first_phase = static_cast<std::uint32_t>(phases_.size());
        account.phase_count = static_cast<std::uint32_t>(from.later.size());
        for (const auto& phase : from.later)
            phases_.push_back(
                {phase.from, {phase.standing, keep(phase.text), keep(phase.contact)}});
        accounts_.push_back(account);
    }
    // Of two names that differ in case only, the stricter is found.
    std::sort(accounts_.begin(), accounts_.end(), [this](const Account& a, const Account& b) {
        const int order = text(a.folded).compare(text(b.folded));
        return order != 0 ? order < 0 : a.standing > b.standing;
    });
    common_ = accounts_.empty()
                  ? 0
                  : common_prefix(text(accounts_.front().folded), text(accounts_.back().folded));
    heads_.reserve(accounts_.size());
    for (const auto& account : accounts_)
        heads_.push_back(head_of(text(account.folded).substr(common_)));
}

void View::keep_rules(const model::Snapshot& snapshot) {
    for (const auto& from : snapshot.measures) {
        measures_.push_back({keep(from.name), std::max<std::int64_t>(1, from.per_unit),
                             static_cast<std::uint32_t>(terms_.size()),
                             static_cast<std::uint32_t>(from.terms.size())});
        for (const auto& term : from.terms)
            terms_.push_back({keep(term.tres), term.weight});
    }
    auto sorted = snapshot.partitions;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& from : sorted) {
        if (from.is_default)
            default_partition_ = static_cast<std::uint32_t>(partitions_.size());
        partitions_.push_back({keep(from.name), from.whole_nodes, from.minutes,
                               static_cast<std::uint32_t>(least_.size()),
                               static_cast<std::uint32_t>(from.least_node.size())});
        for (const auto& [tres, amount] : from.least_node)
            least_.push_back({keep(tres), amount});
    }
}

// After the accounts are sorted: they name each other by index.
void View::keep_budgets(const std::vector<model::SnapshotAccount>& accounts) {
    for (const auto& from : accounts) {
        if (from.check == model::BudgetCheck::off && from.bounded_by.empty())
            continue;
        const Account* found = account(from.name);
        if (found == nullptr)
            continue;
        Account& own = accounts_[static_cast<std::size_t>(found - accounts_.data())];
        own.check = from.check;
        own.first_budget = static_cast<std::uint32_t>(budgets_.size());
        for (const auto& budget : from.budgets)
            if (budget.measure < measures_.size())
                budgets_.push_back(budget);
        own.budget_count = static_cast<std::uint32_t>(budgets_.size()) - own.first_budget;
        if (const Account* above = account(from.bounded_by))
            own.bounded_by = static_cast<std::uint32_t>(above - accounts_.data());
    }
}

const View::Partition* View::partition(std::string_view name) const noexcept {
    const auto found = std::lower_bound(
        partitions_.begin(), partitions_.end(), name,
        [this](const Partition& one, std::string_view key) { return text(one.name) < key; });
    return found != partitions_.end() && text(found->name) == name ? &*found : nullptr;
}

std::uint64_t View::least_of(const Partition& partition, std::string_view tres) const noexcept {
    for (std::uint32_t i = 0; i < partition.least_count; ++i)
        if (const Term& one = least_[partition.first_least + i]; text(one.tres) == tres)
            return static_cast<std::uint64_t>(std::max<std::int64_t>(0, one.weight));
    return 0;
}

// Names of accounts that are known already are not stored again.
View::Ref View::known_name(std::string_view name) {
    if (name.empty())
        return {};
    const Account* known = account(name);
    return known != nullptr && text(known->name) == name ? known->name : keep(name);
}

void View::keep_users(const std::vector<model::SnapshotUser>& users) {
    users_.reserve(users.size());
    for (const auto& from : users) {
        User user;
        user.uid = from.uid;
        user.default_account = known_name(from.default_account);
        user.first = static_cast<std::uint32_t>(memberships_.size());
        user.count = static_cast<std::uint32_t>(from.accounts.size());
        for (const auto& name : from.accounts)
            memberships_.push_back(known_name(name));
        users_.push_back(user);
    }
    std::stable_sort(users_.begin(), users_.end(),
                     [](const User& a, const User& b) { return a.uid < b.uid; });
    uids_.reserve(users_.size());
    for (const auto& user : users_)
        uids_.push_back(user.uid);
}

View::View(const model::Snapshot& snapshot) : sequence_(snapshot.sequence) {
    keep_accounts(snapshot.accounts);
    keep_rules(snapshot);
    keep_budgets(snapshot.accounts);
    keep_users(snapshot.users);
}

const View::Account* View::account(std::string_view name) const noexcept {
    std::array<char, kMaxName> buffer;
    if (name.empty() || name.size() > buffer.size())
        return nullptr;
    std::transform(name.begin(), name.end(), buffer.begin(), folded);
    const std::string_view wanted(buffer.data(), name.size());
    if (wanted.size() < common_)
        return nullptr;
    const std::uint64_t head = head_of(wanted.substr(common_));
    const auto heads = std::equal_range(heads_.begin(), heads_.end(), head);
    const auto begin = accounts_.begin() + (heads.first - heads_.begin());
    const auto end = accounts_.begin() + (heads.second - heads_.begin());
    const auto found =
        std::lower_bound(begin, end, wanted, [this](const Account& a, std::string_view key) {
            return text(a.folded) < key;
        });
    return found != end && text(found->folded) == wanted ? &*found : nullptr;
}

View::InForce View::held(const Account& account, Instant now) const noexcept {
    for (std::uint32_t i = account.phase_count; i > 0; --i)
        if (const Phase& phase = phases_[account.first_phase + i - 1]; phase.from <= now)
            return phase.held;
    return {account.standing, account.text, account.contact};
}

const View::User* View::user(std::uint32_t uid) const noexcept {
    const auto found = std::lower_bound(uids_.begin(), uids_.end(), uid);
    return found != uids_.end() && *found == uid
               ? &users_[static_cast<std::size_t>(found - uids_.begin())]
               : nullptr;
}

} // namespace sluice::plugin
