// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin's one thread: connects to the daemon, receives snapshots, reports counters, watches
// sluice.conf. Whatever may wait runs in this thread only.
#pragma once

#include "common/base/files.hpp"
#include "common/cred/sealer.hpp"
#include "plugin/daemon_session.hpp"
#include "plugin/log.hpp"
#include "plugin/settings.hpp"
#include "plugin/snapshot_manager.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>

namespace sluice::plugin {

// Facts about the host when the plugin is loaded; they never change.
struct HostFacts {
    std::string conf_file;    // sluice.conf
    std::string state_folder; // StateSaveLocation; "": none
    std::string munge_socket; // of Slurm's AuthInfo; "": munge's own
    std::string cluster;      // "": unknown
    std::string host;
    std::string slurm_version;
    std::string plugin_version;
    std::uint32_t own_uid = 0;
    std::uint8_t speaks = wire::kVersion; // newest; a test plays a newer release with it
};

class Receiver {
public:
    // `cell` and `counters` outlive it. `lookup` is called in the thread only.
    Receiver(HostFacts facts, SnapshotCell& cell, const Counters& counters, Log log,
             UserLookup lookup);
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    // REQUIRES: stopped or never started.
    ~Receiver() = default;

    // Reads sluice.conf (no user names: NSS may wait) and the stored snapshot; bounded.
    void prepare();
    // Starts the thread, with all signals blocked. False: the system refused a thread.
    bool start() noexcept;
    // Wakes and joins. Waits for the resolver while a name is being resolved.
    void stop() noexcept;

private:
    struct FileMark {
        bool exists = false;
        ino_t inode = 0;
        off_t size = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        friend bool operator==(const FileMark&, const FileMark&) = default;
    };

    void run() noexcept;
    void cycle();
    // True: the route to the daemon changed.
    bool reload_if_changed();
    void reload(const UserLookup& lookup);
    FileMark mark() const;
    Result<std::unique_ptr<cred::Sealer>> make_sealer(const Settings& settings) const;
    void serve(const Address& address);
    void report_connected(const Address& address);
    // `answered`: a process answered there, or our own credentials failed.
    void report_unconnected(const std::string& why, bool answered = false);
    void pause_for(std::chrono::milliseconds time);
    bool stopping() const { return stop_.load(std::memory_order_relaxed); }

    HostFacts facts_;
    const Counters& counters_;
    Log log_;
    UserLookup lookup_;
    SnapshotManager snapshots_;
    FileMark seen_;
    std::int64_t failures_ = 0; // of a connection, in a row
    std::minstd_rand random_;
    enum class Connection { unknown, up, down } connection_ = Connection::unknown;
    std::set<std::string> reported_; // reasons logged since the last connection
    UniqueFd wake_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace sluice::plugin
