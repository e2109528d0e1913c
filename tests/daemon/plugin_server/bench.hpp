// SPDX-License-Identifier: GPL-2.0-or-later
// A plugin_server with a munged of its own, and a plugin's receiver without Slurm.
#pragma once

#include "daemon/plugin_server/plugin_server.hpp"

#include "plugin/receiver.hpp"
#include "plugin/stream.hpp"
#include "tests/common/cred/private_munged.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>

namespace sluice::test {

using namespace std::chrono_literals;
using plugin::Steady;

inline std::mutex plugin_server_mutex;
inline std::string plugin_server_lines;

inline void add_line(const char* line) {
    const std::lock_guard lock(plugin_server_mutex);
    plugin_server_lines += std::string(line) + '\n';
}
inline std::size_t lines_with(std::string_view what) {
    const std::lock_guard lock(plugin_server_mutex);
    std::size_t count = 0;
    for (auto at = plugin_server_lines.find(what); at != std::string::npos;
         at = plugin_server_lines.find(what, at + 1))
        ++count;
    return count;
}

inline bool eventually(const std::function<bool()>& what, std::chrono::milliseconds within = 60s) {
    const auto end = Steady::now() + within;
    while (Steady::now() < end) {
        if (what())
            return true;
        ::usleep(10'000);
    }
    return what();
}

inline const SystemClock kClock;

// munged, a plugin_server and one plugin without Slurm.
class Bench {
public:
    Bench() { plugin_server_lines.clear(); }
    ~Bench() { stop_plugin(); }

    void start_plugin_server(uid_t allowed = ::getuid()) {
        auto started = plugin_server::PluginServer::start(
            {{address()}, allowed, munged.socket(), key_file, {}, daemon_speaks}, kClock);
        if (!started)
            fail(started.error().context);
        plugin_server = std::move(*started);
        port = plugin_server->listening_ports().at(0);
    }
    std::string address() const {
        return socket.empty() ? "127.0.0.1:" + std::to_string(port) : "unix:" + socket;
    }
    void start_plugin() {
        conf("Daemon=" + address() + "\n" + more_conf);
        cell = std::make_unique<plugin::SnapshotCell>();
        counters = std::make_unique<plugin::Counters>();
        plugin::HostFacts facts;
        facts.conf_file = munged.folder() + "/sluice.conf";
        facts.state_folder = munged.folder();
        facts.munge_socket = munged.socket();
        facts.cluster = "lab";
        facts.host = "ctl1";
        facts.slurm_version = "22.05.8";
        facts.plugin_version = "0.1.0";
        facts.own_uid = ::geteuid();
        facts.speaks = plugin_speaks;
        receiver = std::make_unique<plugin::Receiver>(
            facts, *cell, *counters, plugin::Log{add_line, add_line},
            [](const std::string&) { return std::optional<std::uint32_t>(); });
        receiver->prepare();
        CHECK(receiver->start());
    }
    void stop_plugin() {
        if (receiver)
            receiver->stop();
        receiver.reset();
    }
    void conf(const std::string& text) const {
        const std::string path = munged.folder() + "/sluice.conf";
        std::ofstream(path + ".new") << text;
        std::filesystem::rename(path + ".new", path);
    }
    std::string key(const std::string& name, char byte) const {
        const std::string path = munged.folder() + "/" + name;
        std::ofstream(path) << std::string(64, byte);
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        return path;
    }
    void publish(const model::Snapshot& snapshot) const {
        plugin_server->publish(std::make_shared<const model::Snapshot>(snapshot));
    }
    std::uint64_t has() const {
        const auto current = cell->get();
        return current && current->view ? current->view->snapshot().sequence : 0;
    }
    bool in_step() const {
        const auto status = plugin_server->status();
        return status.plugins.size() == 1 && status.sequence != 0 && has() == status.sequence &&
               status.plugins[0].sequence == status.sequence;
    }

    PrivateMunged munged;
    std::uint16_t port = 0;
    std::string socket; // instead of the port
    std::string more_conf;
    std::string key_file;
    std::uint8_t plugin_speaks = wire::kVersion;
    std::uint8_t daemon_speaks = wire::kVersion;
    std::unique_ptr<plugin_server::PluginServer> plugin_server;
    std::unique_ptr<plugin::SnapshotCell> cell;
    std::unique_ptr<plugin::Counters> counters;
    std::unique_ptr<plugin::Receiver> receiver;
};

} // namespace sluice::test
