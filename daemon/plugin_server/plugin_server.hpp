// SPDX-License-Identifier: GPL-2.0-or-later
// Sends snapshots to the plugins that connect. One thread of its own, a poll loop over listeners
// and peers; a plugin that is slow or gone costs the others and the caller nothing.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/thread.hpp"
#include "common/cred/sealer.hpp"
#include "common/wire/image.hpp"
#include "daemon/plugin_server/listener.hpp"
#include "daemon/plugin_server/peer.hpp"
#include "daemon/plugin_server/snapshot_store.hpp"
#include "daemon/ports/publisher.hpp"

#include <poll.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sluice::plugin_server {

struct PluginServerSettings {
    // "127.0.0.1:6830", "[::1]:6830", "unix:/path"; port 0: any free one
    std::vector<std::string> listen;
    uid_t allowed_uid = 0;                  // who slurmctld runs as; no other is served
    std::string munge_socket;               // "": munge's own
    std::string key_file = {};              // "": credentials are munge's; else by this file's key
    std::vector<std::string> clusters = {}; // whose plugins are served; empty: all
    std::uint8_t speaks = wire::kVersion;   // newest; a test plays a newer release with it
};

class PluginServer final : public ports::Publisher {
public:
    // Listens when it returns. `clock` must outlive the plugin server. Errors: malformed (an
    // address), unavailable (with the address: in use, not of this host), internal, those of the
    // key file.
    static Result<std::unique_ptr<PluginServer>> start(const PluginServerSettings& settings,
                                                       const Clock& clock);
    // Closes all connections and joins; takes a few seconds when munged does not answer.
    ~PluginServer() override;

    // Same content as before: nothing is sent and the sequence stays. Else the snapshot gets a
    // sequence that also grows across restarts, whatever `snapshot->sequence` is. Records need
    // not be sorted. The plugin of each cluster gets the snapshots of its own cluster.
    void publish(std::shared_ptr<const model::Snapshot> snapshot) override;
    ports::PluginServerStatus status() const override;

    // What it listens on, in the order of the settings; 0: a Unix socket.
    const std::vector<std::uint16_t>& listening_ports() const { return ports_; }

private:
    struct Connection {
        Accepted from;
        Peer peer;
        Steady::time_point since;
        bool announced = false;
    };
    using Connections = std::list<Connection>;

    PluginServer(std::vector<Listener> listeners, std::unique_ptr<cred::Sealer> sealer,
                 UniqueFd wake, const PluginServerSettings& settings, const Clock& clock);
    void start_thread();
    void wake() const;
    void run();
    void wait(std::vector<pollfd>& watched);
    void accept_some(const Listener& listener);
    bool admit(Accepted accepted);
    bool is_welcome(const Accepted& accepted);
    bool make_room(const std::string& host);
    bool evict(const std::string* host);
    Result<void> serve(Connection& connection, short events);
    Result<void> read(Connection& connection);
    Result<void> write(Connection& connection);
    void announce(Connection& connection);
    void close(Connection& connection, const Error& why);
    void reject(const std::string& host, const std::string& why);
    void unanswered(const Connection& connection, const Error& why);
    void munge_is(bool there, const std::string& why);
    void note_status();

    const std::vector<Listener> listeners_;
    std::vector<std::uint16_t> ports_;
    std::unique_ptr<cred::Sealer> sealer_;
    UniqueFd wake_;
    PeerRules rules_;
    const Clock& clock_;
    SnapshotStore store_;
    SnapshotEncoder encoder_;
    Connections connections_;
    std::set<std::string> rejected_; // peer and reason that were logged
    std::set<std::string> silent_;   // hosts whose unanswered challenge was logged
    bool munge_there_ = true;
    std::atomic<std::uint64_t> rejected_frames_{0};
    mutable Guarded<std::vector<ports::PluginStatus>> plugins_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace sluice::plugin_server
