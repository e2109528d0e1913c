// SPDX-License-Identifier: GPL-2.0-or-later
// Gathers the facts of one cycle. While a source is away it uses the last good figures and reports
// their age; it never turns "not known" into "nothing used".
#pragma once

#include "common/model/facts.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/ports/accounting.hpp"
#include "daemon/ports/journal.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::core {

// One thread: the one that owns libslurm.
class Collector {
public:
    Collector(ports::Accounting& accounting, ports::CycleStore& journal, Sources& sources)
        : accounting_(accounting), journal_(journal), sources_(sources) {}

    // An error means that no cycle can run: no journal, no structure, or usage was never read.
    // `by_user`: accounts whose settled usage is needed by user as well; `past`: a window that is
    // over, for which their usage is needed, too.
    Result<model::Facts> collect(const Rules& rules, Instant now,
                                 const std::set<std::string>& by_user = {},
                                 const std::optional<Window>& past = {});
    // Called while usage is read. Before the first collect().
    void report_progress(std::function<void(std::size_t done, std::size_t total)> progress) {
        progress_ = std::move(progress);
    }

    // Of slurmctld's last answer; nullptr: none yet.
    std::shared_ptr<const ports::Roles> roles() const { return roles_; }
    // Of the last collect(); nullptr: it was not asked for, or slurmdbd was away. No decision looks
    // at it, so it is no part of the facts.
    const model::WindowUsage* past() const { return past_ ? &*past_ : nullptr; }

private:
    Result<void> add_usage(const Rules& rules, const std::set<std::string>& by_user,
                           const std::optional<Window>& past, model::Facts& facts);
    bool stand_in(const std::vector<Window>& windows, model::Facts& facts) const;
    void add_jobs(const Rules& rules, model::Facts& facts);
    Result<void> add_raw_usage(const Rules& rules, model::Facts& facts);
    void add_partitions(const Rules& rules, model::Facts& facts);
    void add_earlier(model::Facts& facts);
    void note(const Error& error, std::string_view otherwise);
    void settle(Instant now);

    ports::Accounting& accounting_;
    ports::CycleStore& journal_;
    Sources& sources_;
    std::function<void(std::size_t, std::size_t)> progress_;
    std::string cluster_; // of the last good figures
    std::vector<model::WindowUsage> good_usage_;
    std::optional<model::WindowUsage> past_;
    Instant good_at_{};
    std::map<std::string, std::uint32_t> uids_;
    std::map<std::string, std::string> default_accounts_;
    std::shared_ptr<const ports::Roles> roles_;
    std::vector<model::Partition> partitions_;
    model::QosDifferences differences_; // of the last answers, read twice
    Instant partitions_at_{};           // when they were read
    std::map<std::string, std::shared_ptr<const model::PolicySet>> earlier_; // Facts::earlier
    std::map<std::string, Error> failed_; // of this cycle, by source
};

} // namespace sluice::core
