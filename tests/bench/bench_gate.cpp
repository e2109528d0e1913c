// SPDX-License-Identifier: GPL-2.0-or-later
// From the daemon's publish() to the plugin's submit path, over a socket and a munged of its own:
// a whole snapshot of 100,000 accounts with budgets, then changes of few of them.
//
//   make bench && tests/bench/bench_gate
#include "common/wire/image.hpp"
#include "daemon/adapters/gate/gate.hpp"
#include "plugin/receiver.hpp"
#include "tests/common/cred/private_munged.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace sluice;

namespace {

constexpr int kAccounts = 100'000;
const SystemClock kClock;

void drop(const char*) {}

std::string name_of(int i) {
    return "project" + std::to_string(1'000'000 + i);
}

model::Snapshot world() {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.measures = {{"node_hours", 3600, {{"node", 1}}},
                         {"gpu_hours", 3600, {{"gres/gpu", 1}}},
                         {"cpu_hours", 3600, {{"cpu", 1}}}};
    for (int i = 0; i < kAccounts; ++i) {
        model::SnapshotAccount account;
        account.name = name_of(i);
        account.percent = i % 12'000;
        account.check = model::BudgetCheck::refuse;
        account.budgets = {{0, i}, {1, i}, {2, i}};
        if (i % 100 != 0)
            account.bounded_by = name_of(i - i % 100);
        if (i % 10 == 0)
            account.text = "account " + account.name +
                           ": 1031 of 1200 node_hours used in 2026-Q4 (85.9 %, grace to 120 %).\n"
                           "Next period starts 2027-01-01.\nAsk hpc-admin@example.org.";
        snapshot.accounts.push_back(std::move(account));
        snapshot.users.push_back(
            {static_cast<std::uint32_t>(10'000 + i), name_of(i), {name_of(i)}});
    }
    return snapshot;
}

double seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Bench {
public:
    bool start() {
        auto gate = gate::Gate::start({{"127.0.0.1:0"}, ::getuid(), munged_.socket()}, kClock);
        if (!gate)
            return false;
        gate_ = std::move(*gate);
        plugin::HostFacts facts;
        facts.conf_file = munged_.folder() + "/sluice.conf";
        facts.state_folder = munged_.folder();
        facts.munge_socket = munged_.socket();
        facts.cluster = "lab";
        facts.host = "ctl1";
        facts.own_uid = ::geteuid();
        std::ofstream(facts.conf_file)
            << "Daemon=127.0.0.1:" << gate_->listening_ports().at(0) << "\n";
        receiver_ = std::make_unique<plugin::Receiver>(
            facts, cell_, counters_, plugin::Log{drop, drop},
            [](const std::string&) { return std::optional<std::uint32_t>(); });
        receiver_->prepare();
        return receiver_->start();
    }
    ~Bench() {
        if (receiver_)
            receiver_->stop();
    }
    // Seconds from publish() until a submission would see it; negative: not within a minute.
    double publish(const model::Snapshot& snapshot) {
        const auto shared = std::make_shared<const model::Snapshot>(snapshot);
        const double begin = seconds();
        gate_->publish(shared);
        while (seconds() - begin < 60) {
            const auto current = cell_.get();
            if (current && current->view && current->view->sequence() == gate_->status().sequence)
                return seconds() - begin;
            ::usleep(1000);
        }
        return -1;
    }

private:
    test::PrivateMunged munged_;
    std::unique_ptr<gate::Gate> gate_;
    plugin::SnapshotCell cell_;
    plugin::Counters counters_;
    std::unique_ptr<plugin::Receiver> receiver_;
};

std::size_t delta_bytes(const model::Snapshot& from, const model::Snapshot& to) {
    const auto bytes = wire::encode_delta(wire::difference(from, to));
    return bytes ? bytes->size() : 0;
}

} // namespace

int main() {
    auto snapshot = world();
    Bench bench;
    if (!bench.start())
        return 1;
    auto small = snapshot;
    small.accounts.resize(1);
    small.users.resize(1);
    if (bench.publish(small) < 0) // connected and greeted
        return 1;
    const auto image = wire::encode_image(snapshot);
    std::printf("# %d accounts and users, three budgets each\n", kAccounts);
    std::printf("# what                bytes   seconds\n");
    std::printf("%-16s %10zu  %8.3f\n", "whole", image ? image->size() : 0,
                bench.publish(snapshot));
    for (const int changes : {1, 100, 1'000, 10'000}) {
        auto next = snapshot;
        for (int i = 0; i < changes; ++i)
            ++next.accounts[static_cast<std::size_t>(i) * 7].budgets[0].left;
        const std::size_t bytes = delta_bytes(snapshot, next);
        std::printf("%-6d changed   %10zu  %8.3f\n", changes, bytes, bench.publish(next));
        snapshot = std::move(next);
    }
    return 0;
}
