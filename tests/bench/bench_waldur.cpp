// SPDX-License-Identifier: GPL-2.0-or-later
// How long the sync with Waldur takes:
//   bench_waldur [MESSAGES]          the outbox alone, on a file in TMPDIR (default 100000)
//   bench_waldur MESSAGES URL        and over HTTP to tests/support/waldur_stand_in.py with
//   resources in it
#include "daemon/notify/outbox_sender.hpp"
#include "daemon/storage/journal.hpp"
#include "tests/support/scratch_dir.hpp"
#include "waldur/api/deliverer.hpp"
#include "waldur/api/offering_client.hpp"

#include <cstdio>
#include <fstream>
#include <thread>

namespace {

using namespace sluice;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

// Peak resident memory, MB.
long peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmHWM:", 0) == 0)
            return std::stol(line.substr(6)) / 1024;
    return 0;
}

class Swallow final : public ports::Deliverer {
public:
    ports::Delivery deliver(const ports::OutboxEntry&) override { return {}; }
};

struct Bench {
    test::ScratchDir dir;
    SystemClock clock;
    std::unique_ptr<storage::SqliteJournal> journal =
        *storage::SqliteJournal::open(dir.file("bench.db"), clock);

    void fill(int count, const std::string& body) {
        std::vector<ports::Message> messages;
        for (int i = 0; i < count; ++i) {
            auto& message = messages.emplace_back();
            message.target = "waldur";
            message.kind = "set_usage";
            message.key = std::to_string(i % 10'000);
            message.correlation = std::to_string(i);
            message.body = body;
        }
        const auto start = Steady::now();
        for (std::size_t from = 0; from < messages.size(); from += 10'000) {
            const auto size = std::min<std::size_t>(10'000, messages.size() - from);
            if (!journal->outbox().add(std::span(messages).subspan(from, size)))
                std::puts("the outbox took nothing");
        }
        std::printf("%d messages added in %.2f s\n", count, seconds_since(start));
    }
    void drain(int count, ports::Deliverer& deliverer) {
        notify::OutboxSender sender("waldur", journal->outbox(), deliverer, clock);
        const auto start = Steady::now();
        sender.start();
        while (!journal->outbox().counts()->empty())
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const double took = seconds_since(start);
        std::printf("%d messages delivered in %.2f s, %.0f/s\n", count, took, count / took);
        sender.stop(std::chrono::seconds(5));
    }
};

} // namespace

int main(int argc, char** argv) {
    const int count = argc > 1 ? std::stoi(argv[1]) : 100'000;
    Bench bench;
    if (argc <= 2) {
        Swallow swallow;
        bench.fill(count, R"({"path":"/api/x/","body":{"usage":"12.50"}})");
        bench.drain(count, swallow);
        return 0;
    }
    waldur::ApiOptions options;
    options.url = argv[2];
    options.offering = "2a3b4c5d6e7f40818283848586878889";
    options.login.token = std::make_shared<const Secret>("staff-token");
    waldur::OfferingClient source(options, bench.clock);
    const long before = peak_memory();
    const auto start = Steady::now();
    const auto offering = source.pull();
    if (!offering || offering->resources.empty()) {
        std::puts(offering ? "there are no resources" : offering.error().context.c_str());
        return 1;
    }
    std::printf("%zu resources pulled in %.2f s, %ld MB more at the peak\n",
                offering->resources.size(), seconds_since(start), peak_memory() - before);
    std::printf("kept as %zu bytes\n", waldur::text_of(*offering).size());
    waldur::Deliverer deliverer(options, bench.clock, {});
    const std::string uuid = offering->resources.front().uuid;
    bench.fill(count, R"({"path":"/api/marketplace-provider-resources/)" + waldur::dashed(uuid) +
                          R"(/set_paused/","body":{"paused":false}})");
    bench.drain(count, deliverer);
    return 0;
}
