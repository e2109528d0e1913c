// SPDX-License-Identifier: GPL-2.0-or-later
// ports::Accounting over slurmdbd and slurmctld. Reads only; decides nothing.
#pragma once

#include "daemon/ports/accounting.hpp"
#include "daemon/slurm/accounts/associations.hpp"
#include "daemon/slurm/jobs/controller_jobs.hpp"
#include "daemon/slurm/usage/cluster_usage.hpp"
#include "daemon/slurm/usage/weekly_usage.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace sluice::slurm {

// The session must outlive it.
class SlurmAccounting final : public ports::Accounting {
public:
    explicit SlurmAccounting(Session& session) : session_(session) {}
    // Before the first question about usage; must outlive it. Without, a restart reads all again.
    void remember_in(ports::ClosedUsage& closed_usage) { closed_usage_ = &closed_usage; }

    // Associations are read again when slurmdbd has recorded a transaction since, when raw_usage()
    // saw an account below another parent (a move leaves no transaction), or after ten minutes.
    Result<model::Structure> structure(const std::string& cluster) override;
    Result<std::vector<model::WindowUsage>> usage(const model::Structure& structure,
                                                  const ports::UsageQuestion& question) override;
    std::shared_ptr<const model::WeeklyUsages>
    weekly(const model::Structure& structure, const std::set<std::string>& accounts) override;
    Result<ports::RawUsage> raw_usage(const std::string& cluster) override;
    Result<std::vector<model::Partition>> partitions(const std::string& cluster) override;
    Result<std::vector<model::Job>> jobs(const std::string& cluster) override;
    // libslurm tries for MessageTimeout (10 s). That time is spent once: while a slurmctld is known
    // to be away, only its port is probed. (Not before: slurmctld logs an error for each probe.)
    bool controller_is_away(const std::string& cluster) const;
    void note_answer(const std::string& cluster, bool answers);

private:
    struct Read {
        model::Structure structure;
        ChangeMark mark; // taken before the associations were read
        std::uint64_t writes = 0;
        std::chrono::steady_clock::time_point at;
        // slurmctld's users, once it shows what was read. Until then each raw_usage() asks for all
        // of its associations, after that for those of accounts.
        std::optional<ports::RawUsage> users;
    };

    Result<bool> is_current(const Read& read, const model::Structure& names);
    // Whether an account has another parent in `parents` (slurmctld's) than in what was read.
    bool has_moved(const std::string& cluster,
                   const std::map<std::string, std::string>& parents) const;

    Session& session_;
    ports::ClosedUsage* closed_usage_ = nullptr;
    std::map<std::string, Read> read_;               // by cluster
    std::map<std::string, ClusterUsage> clusters_;   // by cluster
    std::map<std::string, WeeklyUsageCache> weekly_; // by cluster
    std::map<std::string, LiveJobs> jobs_;           // by cluster
    bool sees_all_ = false;
    std::set<std::string> away_; // clusters whose slurmctld did not answer the last RPC
};

} // namespace sluice::slurm
