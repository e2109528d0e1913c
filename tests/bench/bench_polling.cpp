// SPDX-License-Identifier: GPL-2.0-or-later
// Memory of a long sync: bench_polling SECONDS URL [EVERY] asks the stand-in Waldur at URL
// (tests/support/waldur_stand_in.py) every EVERY seconds (default 10), tells it after each answer
// what a made-up turn changed, and prints the resident memory once a minute. Slurm is not needed.
#include "daemon/notify/outbox_sender.hpp"
#include "daemon/storage/journal.hpp"
#include "tests/support/scratch_dir.hpp"
#include "waldur/api/deliverer.hpp"
#include "waldur/api/offering_client.hpp"
#include "waldur/sync/sync.hpp"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

namespace {

using namespace sluice;

constexpr int kChangedEach = 100; // accounts that a cycle tells news of

// kB
long resident_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmRSS:", 0) == 0)
            return std::stol(line.substr(6));
    return 0;
}

std::shared_ptr<const ports::CycleReport> cycle(const core::Rules& rules, Instant now, int number) {
    auto report = std::make_shared<ports::CycleReport>();
    report->cluster = "bench";
    report->at = now;
    int index = 0;
    for (const auto& [name, entry] : rules.set.accounts) {
        auto& account = report->decision.accounts.emplace_back();
        account.account = name;
        account.mode = model::Mode::enforce;
        account.period.label = "2026-Q4";
        account.percent = 100 * ((index++ + number * kChangedEach) / 10'000);
    }
    return report;
}

class Sync {
public:
    Sync(const std::string& url, std::chrono::seconds every) {
        options_.url = url;
        options_.offering = "2a3b4c5d6e7f40818283848586878889";
        options_.login.token = std::make_shared<const Secret>("staff-token");
        settings::WaldurSettings settings;
        settings.enabled = true;
        settings.offerings = {{options_.offering, ""}};
        settings.source = settings::WaldurSettings::Source::waldur;
        settings.interval = every;
        source_ = std::make_unique<waldur::OfferingClient>(options_, clock_);
        deliverer_ = std::make_unique<waldur::Deliverer>(
            options_, clock_, [this](const ports::OutboxEntry& entry) { sync_->arrived(entry); });
        sender_ = std::make_unique<notify::OutboxSender>("waldur", journal_->outbox(), *deliverer_,
                                                         clock_);
        sync_ = std::make_unique<waldur::Sync>(
            settings,
            waldur::Sync::Parts{{{source_.get(), nullptr}},
                                journal_->outbox(),
                                journal_->notes(),
                                *journal_,
                                sources_,
                                clock_,
                                "bench",
                                [this](std::shared_ptr<const core::Rules> r) { answered(r); },
                                [](std::set<std::string>) {},
                                [this] { sender_->wake(); }});
        auto file = std::make_shared<core::Rules>();
        file->cluster = "bench";
        file->zone = *Zone::load("UTC");
        file->set.components = {{"node_hours", "node", Decimal::whole(60)}};
        (void)sync_->load(std::move(file));
        sender_->start();
        sync_->start();
    }
    ~Sync() {
        sync_->stop(std::chrono::seconds(10));
        sender_->stop(std::chrono::seconds(10));
    }
    int answers() const { return answers_; }

private:
    // On the worker of the sync, as the loop would be told.
    void answered(const std::shared_ptr<const core::Rules>& rules) {
        sync_->after_cycle({cycle(*rules, clock_.now(), answers_), rules, nullptr});
        ++answers_;
    }

    test::ScratchDir dir_;
    SystemClock clock_;
    core::Sources sources_;
    waldur::ApiOptions options_;
    std::unique_ptr<storage::SqliteJournal> journal_ =
        *storage::SqliteJournal::open(dir_.file("bench.db"), clock_);
    std::unique_ptr<waldur::OfferingClient> source_;
    std::unique_ptr<waldur::Deliverer> deliverer_;
    std::unique_ptr<notify::OutboxSender> sender_;
    std::unique_ptr<waldur::Sync> sync_;
    std::atomic<int> answers_{0};
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 3)
        return 2;
    const int seconds = std::stoi(argv[1]);
    const Sync sync(argv[2], std::chrono::seconds(argc > 3 ? std::stoi(argv[3]) : 10));
    for (int passed = 0; passed < seconds; passed += 60) {
        std::this_thread::sleep_for(std::chrono::seconds(std::min(60, seconds - passed)));
        std::printf("%5d s  %5d answers  %7ld kB\n", std::min(seconds, passed + 60), sync.answers(),
                    resident_memory());
        std::fflush(stdout);
    }
}
