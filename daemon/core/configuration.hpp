// SPDX-License-Identifier: GPL-2.0-or-later
// From the file to the rules that cycles use, at the start and again on SIGHUP. A bad new file
// changes nothing.
#pragma once

#include "common/settings/settings.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/core/status.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::core {

// malformed: no such time zone on this host. `local_cluster` is taken when the file names none.
Result<std::shared_ptr<const Rules>> make_rules(settings::Settings settings,
                                                const std::string& local_cluster, Instant now);
// The rules of each cluster that the file names, in its order; of the local one when it names none.
Result<std::vector<std::shared_ptr<const Rules>>>
make_all_rules(const settings::Settings& settings, const std::string& local_cluster, Instant now);

// Error: the file gives no account of the cluster an allocation under a policy, while accounts
// there are `enforced`. A file that is empty or cut off looks like that.
Result<void> check_not_empty(const settings::Settings& settings, const std::string& cluster,
                             const std::vector<std::string>& enforced);

// Keys that differ and that a running daemon cannot change; of the block waldur as a whole.
std::vector<std::string> fixed_keys_changed(const settings::Settings& in_force,
                                            const settings::Settings& next);

// One log line for each line of the error.
void log_refused(const std::string& file, const Error& error);

// Reads the file again. The main thread's.
class Reloader {
public:
    using UseRules = std::function<void(std::shared_ptr<const Rules>)>;

    Reloader(settings::Settings in_force, std::string file, std::string local_cluster)
        : in_force_(std::move(in_force)), file_(std::move(file)),
          local_cluster_(std::move(local_cluster)) {}
    // Each cluster, in the order of the settings; before the first reload(). Both must outlive it.
    // `use` takes good rules; without it they go straight to the loop.
    void add(Loop& loop, DaemonStatus& status, UseRules use = {});
    // Reads the file, checks it (against the cluster, too, as the last cycle saw it) and passes its
    // rules on. False: refused; the log and DaemonInfo have the reason, the old rules stay.
    bool reload(Instant now);
    // What else a reload renews, also when the file is refused.
    void also(std::function<void()> more) { more_ = std::move(more); }

private:
    struct Cluster {
        Loop* loop;
        DaemonStatus* status;
        UseRules use;
    };
    Result<settings::Settings> read() const;
    bool refused(const Error& error);
    void show(const std::string& error);
    std::vector<std::string> faults(const settings::Settings& settings) const;

    settings::Settings in_force_;
    std::string file_;
    std::string local_cluster_;
    std::vector<Cluster> clusters_;
    std::function<void()> more_ = [] {};
};

} // namespace sluice::core
