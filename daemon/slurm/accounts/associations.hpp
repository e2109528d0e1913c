// SPDX-License-Identifier: GPL-2.0-or-later
// TRES, QOS, associations and users of one cluster, as slurmdbd and slurmctld have them. Slurm's
// rows become model values here and nowhere else.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/facts.hpp"
#include "daemon/ports/accounting.hpp"
#include "daemon/slurm/rpc/connection.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::slurm {

// TRES and QOS; no associations yet.
Result<model::Structure> read_names(Session& session, const std::string& cluster);
// Adds all associations and users. unavailable: the answer was cut short.
Result<void> read_associations(Session& session, model::Structure& structure);
// Own values of the associations of `accounts` (empty: of the whole cluster).
Result<std::vector<model::Association>> associations(Session& session,
                                                     const model::Structure& names,
                                                     const std::vector<std::string>& accounts);

// Parents of those of `accounts` that slurmdbd has a row of, by account. It keeps the rows of
// deleted accounts that had jobs.
Result<std::map<std::string, std::string>>
parents_of_deleted(Session& session, const std::string& cluster,
                   const std::vector<std::string>& accounts);

// The transactions that slurmdbd has on record since an instant: one for every change of accounts,
// users and associations, also for a change to the same value. Equal marks of one `since`: nothing
// was changed.
struct ChangeMark {
    Instant since{};
    std::uint64_t records = 0;
    std::uint64_t fingerprint = 0;

    friend bool operator==(const ChangeMark&, const ChangeMark&) = default;
};
Result<ChangeMark> changes_since(Session& session, Instant since);

// The associations of `accounts` (empty: of the whole cluster) as slurmctld has them. QOS lists and
// limits include what is inherited, as far as slurmctld works that in. Names come from `names`.
// unavailable: slurmctld is away.
Result<std::vector<model::Association>> live_associations(const model::Structure& names,
                                                          const std::vector<std::string>& accounts);

// slurmctld's own counters and account tree; with `whole`, its users, too, and how its QOS differ
// from `structure`. Rows of accounts are a tenth of all or less.
struct ControllerUsage {
    ports::RawUsage raw;
    std::map<std::string, std::string> parents; // account -> parent
    // With `whole`: slurmctld has worked in what slurmdbd has, as far as the answer shows.
    bool settled = false;
};
// unavailable: slurmctld is away.
Result<ControllerUsage> controller_usage(const model::Structure& structure, bool whole);

} // namespace sluice::slurm
