// SPDX-License-Identifier: GPL-2.0-or-later
// Port: what the accounting side of Slurm knows. One adapter: slurmdbd and slurmctld through
// libslurm.
#pragma once

#include "common/base/result.hpp"
#include "common/model/facts.hpp"

#include <map>
#include <span>
#include <string>

namespace sluice::ports {

struct RawUsage {
    std::map<std::string, std::map<std::string, Amount>>
        accounts;                              // account -> TRES name -> TRES-seconds
    std::map<std::string, std::uint32_t> uids; // user name -> uid, as slurmctld knows them
    std::map<std::string, std::string> default_accounts; // user name -> default account
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
    // Usage of `accounts` (empty: of every account), descendants included, in each window, up to
    // `now` at the latest. A source that answered incompletely is an error, never "no usage".
    virtual Result<std::vector<model::WindowUsage>>
    usage(const model::Structure& structure, std::span<const Window> windows, Instant now,
          std::span<const std::string> accounts) = 0;
    // slurmctld's own counters and its view of users. unavailable: slurmctld is away.
    virtual Result<RawUsage> raw_usage(const std::string& cluster) = 0;
};

} // namespace sluice::ports
