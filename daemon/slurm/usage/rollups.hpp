// SPDX-License-Identifier: GPL-2.0-or-later
// The first part of usage: what slurmdbd's rollups have for whole hours, how far they go, and a
// cache of it that lasts until a rollup changes it.
#pragma once

#include "common/model/facts.hpp"
#include "common/model/tres.hpp"
#include "daemon/slurm/rpc/connection.hpp"
#include "daemon/slurm/usage/usage_sums.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::slurm {

struct Rolled {
    std::optional<Instant> until; // end of the newest hour with a row; nullopt: no row
    std::optional<Instant> from;  // begin of the oldest row; of a month, maybe
    // Of what the whole cluster used, by hour or day and TRES. A rollup that changes the figures of
    // an account changes the cluster's (late records make slurmdbd roll up hours again).
    std::uint64_t fingerprint = 0;

    friend bool operator==(const Rolled&, const Rolled&) = default;
};

// From the cluster's own usage rows: a few for each hour or day, so a cheap call.
Result<Rolled> cluster_rows(Session& session, const std::string& cluster, Window window);

// `earliest`: nothing before it is of interest.
Result<Rolled> rolled_up_to(Session& session, const std::string& cluster, Instant earliest,
                            Instant now);

// The rows of a range of rolled-up hours (see window_split.hpp), in no order: begin, TRES id,
// TRES-seconds. Descendants of the account are included, deleted ones too. conflict: the account's
// association is gone; unavailable: slurmdbd answered incompletely.
using RollupRow = std::function<void(Instant, std::uint32_t, std::uint64_t)>;
Result<void> account_rows(Session& session, const std::string& cluster, Window window,
                          const model::Association& account, const RollupRow& each);

// Of one cluster.
class RollupCache {
public:
    using Accounts = std::vector<const model::Association*>;

    // A rollup has run: before a range is answered from memory the cluster's rows are compared.
    void rollup_seen();
    // Adds the accounts' figures in a range of rolled-up hours (see window_split.hpp) to `usage`.
    // conflict: an account's association is gone; unavailable: slurmdbd answered incompletely.
    Result<void> add(Session& session, const model::Structure& structure, Window range,
                     const Accounts& accounts, model::WindowUsage& usage,
                     const std::function<void(std::size_t)>& read = {});
    // Reads what add() would have to read of these accounts, until the deadline. True: all of it.
    struct Portion {
        const Accounts& accounts;
        std::chrono::steady_clock::time_point deadline;
        const std::function<void(std::size_t)>& read; // so many accounts are done; may be empty
    };
    Result<bool> fetch(Session& session, const std::string& cluster, Window range, Portion portion);
    // Forgets the ranges that were not asked for since the last call.
    void drop_unused();

private:
    struct Range {
        std::unordered_map<std::uint32_t, SettledSum> sums; // by association id
        std::uint64_t fingerprint = 0;
        std::chrono::steady_clock::time_point read_at{};
        bool verified = false;
        bool used = false;
    };

    Result<void> verify(Session& session, const std::string& cluster, Window window, Range& range);

    std::map<std::pair<Instant, Instant>, Range> ranges_;
};

// Adds the settled usage of the users of an account and of those below it in `ranges`, deleted
// users included; what the account has beyond them belongs to accounts that are gone, and counts
// under
// "". Subtrees of more than 200 accounts are left out (users_settled stays false): a call for them
// costs as much as one for the whole tree.
Result<void> add_users(Session& session, const model::Structure& structure,
                       const std::vector<Window>& ranges, const model::Association& account,
                       model::AccountUsage& usage);

} // namespace sluice::slurm
