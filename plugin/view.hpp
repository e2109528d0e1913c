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
        Ref folded; // what is compared: Slurm's account names ignore ASCII case
        Ref name;   // as slurmdbd spells it
        Ref text;   // refusal or warning; may be empty
        std::optional<std::int64_t> percent; // hundredths
        std::optional<Instant> until;        // a pause ends by itself here
        model::Standing standing = model::Standing::normal;
    };
    struct User {
        std::uint32_t uid = 0;
        Ref default_account;                    // empty: none
        std::uint32_t default_index = kUnknown; // in the accounts
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };

    explicit View(const model::Snapshot& snapshot);

    // nullptr: unknown. Thread-safe, no allocation, no lock. O(log accounts).
    const Account* account(std::string_view name) const noexcept;
    // nullptr: unknown. O(log users).
    const User* user(std::uint32_t uid) const noexcept;
    // The account that `user` has as default; nullptr: it has none, or one without a policy.
    const Account* default_of(const User& user) const noexcept {
        return user.default_index == kUnknown ? nullptr : &accounts_[user.default_index];
    }
    std::span<const Ref> accounts_of(const User& user) const noexcept {
        return {memberships_.data() + user.first, user.count};
    }
    std::string_view text(Ref ref) const noexcept {
        return std::string_view(arena_).substr(ref.at, ref.length);
    }

    std::uint64_t sequence() const noexcept { return sequence_; }
    std::size_t accounts() const noexcept { return accounts_.size(); }

private:
    Ref keep(std::string_view text);
    void keep_accounts(const std::vector<model::SnapshotAccount>& accounts);
    void keep_users(const std::vector<model::SnapshotUser>& users);
    Ref known_name(std::string_view name);

    std::string arena_;
    std::vector<Account> accounts_; // by folded name
    // Of each folded name the eight bytes after those that all names begin with, in the same order.
    std::vector<std::uint64_t> heads_;
    std::size_t common_ = 0;          // how many bytes all names begin with
    std::vector<User> users_;         // by uid
    std::vector<std::uint32_t> uids_; // of users_, in the same order
    std::vector<Ref> memberships_;    // account names of all users, user after user
    std::uint64_t sequence_ = 0;
};

} // namespace sluice::plugin
