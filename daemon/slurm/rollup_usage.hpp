// SPDX-License-Identifier: GPL-2.0-or-later
// What slurmdbd's rollups say about accounts, remembered until a rollup has changed it.
#pragma once

#include "common/base/amount.hpp"
#include "common/model/facts.hpp"
#include "common/model/usage.hpp"
#include "daemon/slurm/connection.hpp"
#include "daemon/slurm/tres_text.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::slurm {

// Of one cluster.
class SettledCache {
public:
    using Accounts = std::vector<const model::Association*>;

    // A rollup has run: before a range is answered from memory the cluster's rows are compared.
    void rollup_seen();
    // Adds the accounts' figures in a range of rolled-up hours (see cut.hpp) to `usage`.
    // conflict: an account's association is gone; unavailable: slurmdbd answered incompletely.
    Result<void> add(Session& session, const model::Structure& structure, Window range,
                     const Accounts& accounts, model::WindowUsage& usage);
    // Reads what add() would have to read of these accounts, until the deadline. True: all of it.
    struct Portion {
        const Accounts& accounts;
        std::chrono::steady_clock::time_point deadline;
    };
    Result<bool> fetch(Session& session, const std::string& cluster, Window range, Portion portion);
    // Forgets the ranges that were not asked for since the last call.
    void drop_unused();

private:
    // By association id: figures by TRES id.
    using Figures = std::unordered_map<std::uint32_t, std::vector<std::pair<std::uint32_t, Wide>>>;
    struct Range {
        Figures figures;
        std::uint64_t fingerprint = 0;
        Instant read_at{};
        bool verified = false;
        bool used = false;
    };

    Result<void> verify(Session& session, const std::string& cluster, Window window, Range& range);
    Result<void> read(Session& session, const std::string& cluster, Window window,
                      const model::Association& account, Figures& figures);

    std::map<std::pair<Instant, Instant>, Range> ranges_;
};

// Settled figures of the users of an account and of those below it, deleted users included, in
// `ranges`; what the account has beyond them is of accounts that are gone, under "". Large
// subtrees are left out (users_settled stays false): they are a question about the whole tree.
Result<void> add_users(Session& session, const model::Structure& structure,
                       const std::vector<Window>& ranges, const model::Association& account,
                       model::AccountUsage& usage);

} // namespace sluice::slurm
