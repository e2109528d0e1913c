// SPDX-License-Identifier: GPL-2.0-or-later
// From the file to the rules that cycles run by, at the start and again on SIGHUP. A bad new file
// changes nothing.
#pragma once

#include "common/settings/settings.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/core/service.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::app {

// malformed: no such time zone on this host. `local_cluster` is taken when the file names none.
Result<std::shared_ptr<const Rules>> make_rules(settings::Settings settings,
                                                const std::string& local_cluster, Instant now);
// The rules of each cluster that the file names, in its order; of the local one when it names none.
Result<std::vector<std::shared_ptr<const Rules>>>
make_all_rules(const settings::Settings& settings, const std::string& local_cluster, Instant now);

// Keys that differ and that a running daemon cannot change.
std::vector<std::string> fixed_keys_changed(const settings::DaemonSettings& in_force,
                                            const settings::DaemonSettings& next);
// "waldur" when anything of that block differs; else nothing.
std::vector<std::string> fixed_keys_changed(const settings::PortalSettings& in_force,
                                            const settings::PortalSettings& next);

// One log line for each line of the error.
void log_refused(const std::string& file, const Error& error);

// The main thread's.
class Reloader {
public:
    // Loop and service must outlive it.
    Reloader(settings::DaemonSettings in_force, std::string file, std::string local_cluster,
             Loop& loop, DaemonService& service)
        : in_force_(std::move(in_force)), file_(std::move(file)),
          local_cluster_(std::move(local_cluster)), loop_(loop), service_(service) {}
    // What the block `waldur` said at the start; before the first reload().
    void started_with(settings::PortalSettings portal) { portal_ = std::move(portal); }
    // The next of several clusters, in their order. They must outlive it.
    void add(Loop& loop, DaemonService& service) { others_.push_back({&loop, &service}); }

    // Good rules go there instead of straight to the loop.
    void pass_to(std::function<void(std::shared_ptr<const Rules>)> sink) {
        sink_ = std::move(sink);
    }
    // Reads the file, checks it (against the cluster, too, as the last cycle saw it) and gives it
    // to the loop. False: it is refused, the log and DaemonInfo say why, the old rules stay.
    bool reload(Instant now);
    // What else a reload renews; done also when the file is refused.
    void also(std::function<void()> more) { more_ = std::move(more); }

private:
    struct Other {
        Loop* loop;
        DaemonService* service;
    };
    Result<settings::Settings> read() const;
    bool refused(const Error& error);
    void tell(const std::string& error);
    std::vector<std::string> faults(const settings::Settings& settings) const;

    settings::DaemonSettings in_force_;
    settings::PortalSettings portal_;
    std::string file_;
    std::string local_cluster_;
    Loop& loop_;
    DaemonService& service_;
    std::vector<Other> others_;
    std::function<void()> more_ = [] {};
    std::function<void(std::shared_ptr<const Rules>)> sink_;
};

} // namespace sluice::app
