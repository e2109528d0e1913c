// SPDX-License-Identifier: GPL-2.0-or-later
// A plugin_server and a plugin's receiver, linked over loopback with a munged of their own, and a
// snapshot as large as they come: for the bench and for the test that bounds what it takes.
#pragma once

#include "daemon/plugin_server/plugin_server.hpp"
#include "plugin/receiver.hpp"
#include "tests/common/cred/private_munged.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace sluice::test {

inline std::string project(int i) {
    return "project" + std::to_string(1'000'000 + i);
}

// Three budgets each; one in ten with a text for its users; one user each.
inline model::Snapshot large_snapshot(int accounts) {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.measures = {{"node_hours", 3600, {{"node", 1}}},
                         {"gpu_hours", 3600, {{"gres/gpu", 1}}},
                         {"cpu_hours", 3600, {{"cpu", 1}}}};
    for (int i = 0; i < accounts; ++i) {
        model::SnapshotAccount account;
        account.name = project(i);
        account.percent = i % 12'000;
        account.check = model::BudgetCheck::refuse;
        account.budgets = {{0, i}, {1, i}, {2, i}};
        if (i % 100 != 0)
            account.bounded_by = project(i - i % 100);
        if (i % 10 == 0) {
            account.contact = "hpc-admin@example.org";
            account.text = "account " + account.name +
                           ": 1031 of 1200 node_hours used in 2026-Q4 (85.9 %, grace to 120 %).\n"
                           "Next period starts 2027-01-01.";
        }
        snapshot.accounts.push_back(std::move(account));
        snapshot.users.push_back(
            {static_cast<std::uint32_t>(10'000 + i), project(i), {project(i)}});
    }
    return snapshot;
}

class GateLink {
public:
    // False: no munged, or no port. Connected and greeted when it returns true.
    bool start() {
        auto plugin_server = plugin_server::PluginServer::start(
            {{"127.0.0.1:0"}, ::getuid(), munged_.socket()}, clock_);
        if (!plugin_server)
            return false;
        plugin_server_ = std::move(*plugin_server);
        plugin::HostFacts facts;
        facts.conf_file = munged_.folder() + "/sluice.conf";
        facts.state_folder = munged_.folder();
        facts.munge_socket = munged_.socket();
        facts.cluster = "lab";
        facts.host = "ctl1";
        facts.own_uid = ::geteuid();
        std::ofstream(facts.conf_file)
            << "Daemon=127.0.0.1:" << plugin_server_->listening_ports().at(0) << "\n";
        receiver_ = std::make_unique<plugin::Receiver>(
            facts, cell_, counters_, plugin::Log{[](const char*) {}, [](const char*) {}},
            [](const std::string&) { return std::optional<std::uint32_t>(); });
        receiver_->prepare();
        return receiver_->start() && publish(large_snapshot(1)).has_value();
    }
    ~GateLink() {
        if (receiver_)
            receiver_->stop();
    }
    // Seconds from publish() until a submission would see it; nullopt: not within a minute.
    std::optional<double> publish(const model::Snapshot& snapshot) {
        using Steady = std::chrono::steady_clock;
        const auto shared = std::make_shared<const model::Snapshot>(snapshot);
        const auto begin = Steady::now();
        plugin_server_->publish(shared);
        while (Steady::now() - begin < std::chrono::minutes{1}) {
            const auto current = cell_.get();
            if (current && current->view &&
                current->view->snapshot().sequence == plugin_server_->status().sequence)
                return std::chrono::duration<double>(Steady::now() - begin).count();
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return std::nullopt;
    }

private:
    SystemClock clock_;
    PrivateMunged munged_;
    std::unique_ptr<plugin_server::PluginServer> plugin_server_;
    plugin::SnapshotCell cell_;
    plugin::Counters counters_;
    std::unique_ptr<plugin::Receiver> receiver_;
};

} // namespace sluice::test
