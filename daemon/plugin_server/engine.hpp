// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin_server's thread: a poll loop over listeners and peers.
#pragma once

#include "common/base/thread.hpp"
#include "common/cred/sealer.hpp"
#include "daemon/plugin_server/listener.hpp"
#include "daemon/plugin_server/peer.hpp"
#include "daemon/plugin_server/plugin_server.hpp"
#include "daemon/plugin_server/snapshot_store.hpp"

#include <poll.h>

#include <atomic>
#include <list>
#include <memory>
#include <set>
#include <thread>

namespace sluice::plugin_server {

class PluginServer::Engine {
public:
    Engine(std::vector<Listener> listeners, std::unique_ptr<cred::Sealer> sealer, UniqueFd wake,
           const PluginServerSettings& settings, const Clock& clock);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();

    void publish(const model::Snapshot& snapshot);
    ports::PluginServerStatus status() const;
    const std::vector<std::uint16_t>& listening_ports() const { return ports_; }
    void start();

private:
    struct Connection {
        Accepted from;
        Peer peer;
        Steady::time_point since;
        bool announced = false;
    };
    using Connections = std::list<Connection>;

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
