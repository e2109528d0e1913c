// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot as the submit path reads it: sorted vectors over one arena of text, immutable, looked
// up without allocating. Must not know Slurm, sockets or time.
#pragma once

#include "common/model/snapshot.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::plugin {

class View {
public:
    static constexpr std::uint32_t kUnknown = UINT32_MAX;

    // A piece of the arena.
    struct Ref {
        std::uint32_t at = 0;
        std::uint32_t length = 0;
    };
    struct Account {
        Ref folded;  // what is compared: Slurm's account names ignore ASCII case
        Ref name;    // as slurmdbd spells it
        Ref text;    // refusal or warning of the first phase; may be empty
        Ref contact; // of the text; may be empty
        std::optional<std::int64_t> percent;                // hundredths
        model::Standing standing = model::Standing::normal; // of the first phase
        model::BudgetCheck check = model::BudgetCheck::off; // of its own budgets
        std::uint32_t bounded_by = kUnknown;                // in the accounts
        std::uint32_t first_budget = 0;
        std::uint32_t budget_count = 0;
        std::uint32_t first_phase = 0; // that follow
        std::uint32_t phase_count = 0;
    };
    // What holds for an account at an instant.
    struct InForce {
        model::Standing standing = model::Standing::normal;
        Ref text;    // paused: the refusal; else a warning; may be empty
        Ref contact; // whom the user asks; empty: the text is complete

        bool paused() const noexcept { return standing == model::Standing::paused; }
    };
    struct Term {
        Ref tres;
        std::int64_t weight = 1;
    };
    struct Measure {
        Ref name;
        std::int64_t per_unit = 1;
        std::uint32_t first_term = 0;
        std::uint32_t term_count = 0;
    };
    struct Partition {
        Ref name;
        bool whole_nodes = false;
        std::optional<std::uint32_t> minutes; // limit of a job without --time
        std::uint32_t first_least = 0;        // what a node has at least
        std::uint32_t least_count = 0;
    };
    struct User {
        std::uint32_t uid = 0;
        Ref default_account; // empty: none
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };

    explicit View(const model::Snapshot& snapshot);

    // nullptr: unknown. Thread-safe, no allocation, no lock. O(log accounts).
    const Account* account(std::string_view name) const noexcept;
    // nullptr: unknown. O(log users).
    const User* user(std::uint32_t uid) const noexcept;
    std::span<const Ref> accounts_of(const User& user) const noexcept {
        return {memberships_.data() + user.first, user.count};
    }
    std::string_view text(Ref ref) const noexcept {
        return std::string_view(arena_).substr(ref.at, ref.length);
    }

    // The phase that holds at `now`. Thread-safe, no allocation.
    InForce held(const Account& account, Instant now) const noexcept;

    std::span<const model::Budget> budgets_of(const Account& account) const noexcept {
        return {budgets_.data() + account.first_budget, account.budget_count};
    }
    // The next account above that has budgets; nullptr: none.
    const Account* above(const Account& account) const noexcept {
        return account.bounded_by == kUnknown ? nullptr : &accounts_[account.bounded_by];
    }
    const Measure& measure(const model::Budget& budget) const noexcept {
        return measures_[budget.measure];
    }
    std::span<const Term> terms_of(const Measure& measure) const noexcept {
        return {terms_.data() + measure.first_term, measure.term_count};
    }
    // nullptr: unknown. O(log partitions).
    const Partition* partition(std::string_view name) const noexcept;
    const Partition* default_partition() const noexcept {
        return default_partition_ == kUnknown ? nullptr : &partitions_[default_partition_];
    }
    // How much of a TRES each node of the partition has at least; 0: not known.
    std::uint64_t least_of(const Partition& partition, std::string_view tres) const noexcept;

    std::uint64_t sequence() const noexcept { return sequence_; }
    std::size_t accounts() const noexcept { return accounts_.size(); }

private:
    struct Phase {
        Instant from{};
        InForce held;
    };

    Ref keep(std::string_view text);
    void keep_accounts(const std::vector<model::SnapshotAccount>& accounts);
    void keep_rules(const model::Snapshot& snapshot);
    void keep_budgets(const std::vector<model::SnapshotAccount>& accounts);
    void keep_users(const std::vector<model::SnapshotUser>& users);
    Ref known_name(std::string_view name);

    std::string arena_;
    std::vector<Account> accounts_; // by folded name
    // Of each folded name the eight bytes after those that all names begin with, in the same order.
    std::vector<std::uint64_t> heads_;
    std::size_t common_ = 0;             // how many bytes all names begin with
    std::vector<User> users_;            // by uid
    std::vector<std::uint32_t> uids_;    // of users_, in the same order
    std::vector<Ref> memberships_;       // account names of all users, user after user
    std::vector<model::Budget> budgets_; // of all accounts, account after account
    std::vector<Phase> phases_;          // the same, each account's ascending
    std::vector<Measure> measures_;
    std::vector<Term> terms_;
    std::vector<Partition> partitions_; // by name
    std::vector<Term> least_;
    std::uint32_t default_partition_ = kUnknown;
    std::uint64_t sequence_ = 0;
};

} // namespace sluice::plugin
