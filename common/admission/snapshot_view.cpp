// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/snapshot_view.hpp"

#include "common/base/text.hpp"
#include "common/model/tres.hpp"

#include <algorithm>
#include <tuple>

namespace sluice::admission {
namespace {

// Eight bytes in lower case as one number with the order of the bytes.
std::uint64_t head_of(std::string_view name) noexcept {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < sizeof head; ++i)
        head = (head << 8) | (i < name.size() ? static_cast<unsigned char>(folded(name[i])) : 0U);
    return head;
}

// In sorted order, what the first and the last name begin with, all begin with.
std::size_t common_prefix(std::string_view first, std::string_view last) noexcept {
    const auto end = std::mismatch(first.begin(), first.end(), last.begin(), last.end(),
                                   [](char a, char b) { return folded(a) == folded(b); });
    return static_cast<std::size_t>(end.first - first.begin());
}

} // namespace

InForce in_force(const model::SnapshotAccount& account, Instant now) noexcept {
    for (auto phase = account.later.rbegin(); phase != account.later.rend(); ++phase)
        if (phase->from <= now)
            return {phase->standing, phase->text, phase->contact};
    return {account.standing, account.text, account.contact};
}

SnapshotView::SnapshotView(model::Snapshot snapshot) : snapshot_(std::move(snapshot)) {
    const auto& accounts = snapshot_.accounts;
    for (std::uint32_t i = 0; i < accounts.size(); ++i)
        heads_.push_back({0, i});
    std::sort(heads_.begin(), heads_.end(), [&](const Head& a, const Head& b) {
        const auto& left = accounts[a.account];
        const auto& right = accounts[b.account];
        const int order = compare_ignoring_case(left.name, right.name);
        return order != 0 ? order < 0 : left.standing > right.standing;
    });
    if (!heads_.empty())
        common_ = common_prefix(accounts[heads_.front().account].name,
                                accounts[heads_.back().account].name);
    for (auto& head : heads_)
        head.bytes = head_of(std::string_view(accounts[head.account].name).substr(common_));

    above_.reserve(accounts.size());
    for (const auto& one : accounts) {
        has_budgets_ = has_budgets_ || one.check != model::BudgetCheck::off;
        const auto* above = one.bounded_by.empty() ? nullptr : account(one.bounded_by);
        above_.push_back(above == nullptr ? kNone
                                          : static_cast<std::uint32_t>(above - accounts.data()));
    }
    uids_.reserve(snapshot_.users.size());
    for (const auto& user : snapshot_.users)
        uids_.push_back(user.uid);
    for (const auto& partition : snapshot_.partitions) {
        partitions_.push_back(&partition);
        if (partition.is_default)
            default_partition_ = &partition;
    }
    std::sort(partitions_.begin(), partitions_.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
}

const model::SnapshotAccount* SnapshotView::account(std::string_view name) const noexcept {
    if (name.size() < common_)
        return nullptr;
    const Head wanted{head_of(name.substr(common_)), 0};
    auto [at, end] = std::equal_range(
        heads_.begin(), heads_.end(), wanted,
        [](const Head& left, const Head& right) { return left.bytes < right.bytes; });
    if (end - at > 1)
        at = std::lower_bound(at, end, name, [this](Head head, std::string_view key) {
            return compare_ignoring_case(snapshot_.accounts[head.account].name, key) < 0;
        });
    if (at == end)
        return nullptr;
    const model::SnapshotAccount& found = snapshot_.accounts[at->account];
    return found.name == name || equals_ignoring_case(found.name, name) ? &found : nullptr;
}

const model::SnapshotUser* SnapshotView::user(std::uint32_t uid) const noexcept {
    const auto found = std::lower_bound(uids_.begin(), uids_.end(), uid);
    return found != uids_.end() && *found == uid
               ? &snapshot_.users[static_cast<std::size_t>(found - uids_.begin())]
               : nullptr;
}

const model::SnapshotAccount*
SnapshotView::above(const model::SnapshotAccount& account) const noexcept {
    const auto index = above_[static_cast<std::size_t>(&account - snapshot_.accounts.data())];
    return index == kNone ? nullptr : &snapshot_.accounts[index];
}

// slurmdbd keeps names of QOS in lower case.
std::int64_t SnapshotView::factor(std::string_view qos) const noexcept {
    const auto& all = snapshot_.factors;
    const auto found =
        std::lower_bound(all.begin(), all.end(), qos, [](const auto& one, std::string_view key) {
            return compare_ignoring_case(one.qos, key) < 0;
        });
    return found != all.end() && equals_ignoring_case(found->qos, qos) ? found->millionths
                                                                       : model::kFullPrice;
}

std::int64_t SnapshotView::default_factor(const model::SnapshotAccount& account, std::uint32_t user,
                                          std::string_view partition) const noexcept {
    using Key = std::tuple<std::string_view, std::uint32_t, std::string_view>;
    const auto& all = snapshot_.default_factors;
    const auto key = [](const model::DefaultFactor& one) {
        return Key(one.account, one.uid, one.partition);
    };
    for (const Key& wanted : {Key(account.name, user, partition), Key(account.name, user, ""),
                              Key(account.name, model::DefaultFactor::kAnyUser, "")}) {
        const auto found =
            std::lower_bound(all.begin(), all.end(), wanted,
                             [&](const auto& one, const Key& other) { return key(one) < other; });
        if (found != all.end() && key(*found) == wanted)
            return found->millionths;
    }
    return model::kFullPrice;
}

const model::Partition* SnapshotView::partition(std::string_view name) const noexcept {
    const auto found =
        std::lower_bound(partitions_.begin(), partitions_.end(), name,
                         [](const auto* one, std::string_view key) { return one->name < key; });
    return found != partitions_.end() && (*found)->name == name ? *found : nullptr;
}

} // namespace sluice::admission
