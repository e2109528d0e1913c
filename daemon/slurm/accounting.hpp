// SPDX-License-Identifier: GPL-2.0-or-later
// ports::Accounting over slurmdbd and slurmctld. Reads only; decides nothing.
#pragma once

#include "daemon/ports/accounting.hpp"
#include "daemon/ports/inspector.hpp"
#include "daemon/slurm/changes.hpp"
#include "daemon/slurm/connection.hpp"
#include "daemon/slurm/jobs.hpp"
#include "daemon/slurm/tree.hpp"
#include "daemon/slurm/tres_text.hpp"
#include "daemon/slurm/usage.hpp"
#include "daemon/slurm/window_split.hpp"

#include <map>
#include <set>
#include <string>

namespace sluice::slurm {

// The session must outlive it.
class SlurmAccounting final : public ports::Accounting {
public:
    explicit SlurmAccounting(Session& session) : session_(session) {}
    // Before the first question about usage; must outlive it. Without, a restart reads all again.
    void remember_in(ports::ClosedUsage& closed_usage) { closed_usage_ = &closed_usage; }

    // The associations are read again only when slurmdbd has a transaction on record since, when
    // raw_usage() saw that an account was moved (which makes none), or after kMaxBelief.
    Result<model::Structure> structure(const std::string& cluster) override;
    Result<std::vector<model::WindowUsage>> usage(const model::Structure& structure,
                                                  const ports::UsageQuestion& question) override;
    Result<ports::RawUsage> raw_usage(const std::string& cluster) override;
    Result<std::vector<model::Partition>> partitions(const std::string& cluster) override;
    Result<std::vector<model::Job>> jobs(const std::string& cluster) override {
        return live_jobs(cluster);
    }
    // libslurm tries for MessageTimeout (10 s). That is paid once: while slurmctld is known to be
    // away, only its port is looked at. (Not before: it logs an error for each such look.)
    bool controller_is_away(const std::string& cluster) const;
    void note_answer(const std::string& cluster, bool answers);

private:
    struct Read {
        model::Structure structure;
        ChangeMark mark; // taken before the associations were read
        std::uint64_t writes = 0;
        std::chrono::steady_clock::time_point at;
    };

    Result<bool> still_true(const Read& read, const model::Structure& names);
    // Whether an account of `parents` (as slurmctld has them) is elsewhere in what was read.
    bool has_moved(const std::string& cluster,
                   const std::map<std::string, std::string>& parents) const;

    Session& session_;
    ports::ClosedUsage* closed_usage_ = nullptr;
    std::map<std::string, Read> read_;             // by cluster
    std::map<std::string, ClusterUsage> clusters_; // by cluster
    bool sees_all_ = false;
    std::set<std::string> slurmctld_away_; // of which clusters, at the last try
};

// Control host, port and protocol of a cluster, as slurmdbd knows them.
struct ClusterAddress {
    std::string host; // "" while its slurmctld is not registered
    std::uint16_t port = 0;
    std::uint16_t rpc_version = 0;
};

// refused: slurmdbd may leave out what others own; root, SlurmUser and operators see all.
Result<void> check_sees_all(Session& session);
// What slurmdbd lets the user do that we run as, whoever slurm.conf's SlurmUser is.
Result<ports::Rights> own_rights(Session& session);
// not_found: slurmdbd has no such cluster.
Result<ClusterAddress> cluster_address(Session& session, const std::string& cluster);
// Own values of the associations of `accounts` (empty: of the whole cluster).
Result<std::vector<model::Association>> associations(Session& session,
                                                     const model::Structure& names,
                                                     const std::vector<std::string>& accounts);

} // namespace sluice::slurm
