// SPDX-License-Identifier: GPL-2.0-or-later
// TRES, QOS and associations of one cluster, as slurmdbd has them. Rows of Slurm's associations
// become model values here and nowhere else.
#pragma once

#include "common/base/instant.hpp"
#include "common/model/facts.hpp"
#include "daemon/slurm/rpc/connection.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::slurm {

class AssociationReader {
public:
    // Of a QOS without a name in `names`: slurmctld leaves it out of a list that slurmdbd sent.
    // When slurmctld itself shows such a QOS, it is "#ID", which differs from all names.
    enum class Source { slurmdbd, slurmctld };
    AssociationReader(const model::Structure& names, Source source);

    // The users' default accounts are not part of it.
    model::Association read(const slurmdb_assoc_rec_t& row) const;

private:
    std::string qos_name(std::uint32_t id) const;
    void add_qos(std::string_view text, std::vector<std::string>& list) const;

    TresNames tres_;
    std::map<std::uint32_t, std::string> qos_; // id -> name
    Source source_;
};

// TRES and QOS; no associations yet.
Result<model::Structure> read_names(Session& session, const std::string& cluster);
// Adds all associations and users. unavailable: the answer was cut short.
Result<void> read_associations(Session& session, model::Structure& structure);
// Own values of the associations of `accounts` (empty: of the whole cluster).
Result<std::vector<model::Association>> associations(Session& session,
                                                     const model::Structure& names,
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

} // namespace sluice::slurm
