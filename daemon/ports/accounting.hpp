// SPDX-License-Identifier: GPL-2.0-or-later
// Port: accounts, usage and jobs of Slurm. One adapter: slurmdbd and slurmctld through libslurm.
#pragma once

#include "common/base/result.hpp"
#include "common/model/facts.hpp"
#include "daemon/ports/roles.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice::ports {

struct RawUsage {
    std::map<std::string, std::map<std::string, Amount>>
        accounts;                              // account -> TRES name -> TRES-seconds
    std::map<std::string, std::uint32_t> uids; // user name -> uid, as slurmctld knows them
    std::map<std::string, std::string> default_accounts; // user name -> default account
    std::map<std::uint32_t, Role> roles;                 // by uid; plain users are left out
    model::QosDifferences qos_differences;               // of structure()'s last answer
    // slurmctld has an account below another parent than structure() returned last: call that
    // again.
    bool structure_is_old = false;
};

struct UsageQuestion {
    std::vector<Window> windows;
    Instant now{};                  // nothing after it counts
    std::set<std::string> accounts; // whose usage
    // Accounts whose settled usage is wanted by user as well; they need not be in `accounts`.
    std::set<std::string> by_user;
    model::Counting counting;
    // For how long a call may read figures of a new rollup. Those of the last one and the jobs
    // since are as right, so the rest may wait for the next call.
    std::chrono::milliseconds patience{15'000};
    // Called while usage is read: so many of all `accounts` are done. Empty: no interest.
    std::function<void(std::size_t done, std::size_t total)> progress = {};
    // A window that is over, answered after `windows`: by rollups, for `by_user` alone. Left out
    // where slurmdbd cannot answer for it.
    std::optional<Window> past = {};
};

// All calls from one thread (a libslurm connection must not be shared). May block for as long as
// libslurm does; a failed call leaves the object usable: the next call opens the connection anew.
class Accounting {
public:
    Accounting() = default;
    Accounting(const Accounting&) = delete;
    Accounting& operator=(const Accounting&) = delete;
    virtual ~Accounting() = default;

    // TRES, QOS, users and associations of one cluster. not_found: slurmdbd has no such cluster.
    virtual Result<model::Structure> structure(const std::string& cluster) = 0;
    // One answer for each window, in order, `past` last; descendants included. A source that
    // answered incompletely is an error, never "no usage".
    virtual Result<std::vector<model::WindowUsage>> usage(const model::Structure& structure,
                                                          const UsageQuestion& question) = 0;
    // Usage of the accounts in the last whole weeks, as far as it has been read: one call reads for
    // a second at most. nullptr: not known. After usage(); the answer changes with the next call.
    virtual std::shared_ptr<const model::WeeklyUsages>
    weekly(const model::Structure& /*structure*/, const std::set<std::string>& /*accounts*/) {
        return nullptr;
    }
    // slurmctld's own counters and its view of users. unavailable: slurmctld is away.
    virtual Result<RawUsage> raw_usage(const std::string& cluster) = 0;
    // What a job gets that names no time limit or takes whole nodes. unavailable: slurmctld is
    // away.
    virtual Result<std::vector<model::Partition>> partitions(const std::string& /*cluster*/) {
        return std::vector<model::Partition>{};
    }
    // Pending and running jobs of every user. unavailable: slurmctld is away.
    virtual Result<std::vector<model::Job>> jobs(const std::string& cluster) = 0;
};

} // namespace sluice::ports
