// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon dies at each step of a cycle, with the real journal: the next start finishes what is
// still needed, and nothing is done twice.
#include "daemon/storage/journal.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <algorithm>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr int kCrashed = 77;

// Ends the process before, or right after, a call of the real journal.
class CrashingJournal final : public ports::CycleStore {
public:
    CrashingJournal(ports::CycleStore& inner, Faults& faults) : inner_(inner), faults_(faults) {}

    Result<model::History> history(const std::string& cluster, Instant now) override {
        return step([&] { return inner_.history(cluster, now); });
    }
    Result<std::optional<Instant>> newest(const std::string& cluster) override {
        return inner_.newest(cluster);
    }
    Result<std::vector<std::int64_t>>
    record_cycle(const std::string& cluster, const model::Decision& decision,
                 std::span<const ports::EvaluationRecord> evaluations,
                 std::span<const model::Command> commands) override {
        return step([&] { return inner_.record_cycle(cluster, decision, evaluations, commands); });
    }
    Result<std::size_t> close_commands(std::span<const ports::CommandOutcome> outcomes) override {
        return step([&] { return inner_.close_commands(outcomes); });
    }
    Result<std::size_t>
    confirm_commands(std::span<const ports::Confirmation> confirmations) override {
        return step([&] { return inner_.confirm_commands(confirmations); });
    }
    Result<std::vector<ports::CommandRecord>> unconfirmed(const std::string& cluster) override {
        return inner_.unconfirmed(cluster);
    }
    Result<std::size_t> close_unfinished(Instant at) override {
        return inner_.close_unfinished(at);
    }
    Result<std::int64_t> reopen_period(const std::string& cluster,
                                       const model::PeriodReset& entry) override {
        return inner_.reopen_period(cluster, entry);
    }
    Result<std::int64_t> accept_clock(const std::string& cluster,
                                      const model::ClockAccept& entry) override {
        return inner_.accept_clock(cluster, entry);
    }

private:
    template <class Call>
    auto step(Call&& call) -> decltype(call()) {
        (void)faults_.next("before");
        auto result = call();
        (void)faults_.next("after");
        return result;
    }
    ports::CycleStore& inner_;
    Faults& faults_;
};

// The cluster outlives the daemon: one line for each change that was made.
struct Cluster {
    ScratchDir dir;
    std::string log = dir.file("changes");

    void note(const model::Command& command) const {
        std::ofstream(log, std::ios::app)
            << model::name(command.type) << ' ' << command.account << '\n';
    }
    std::vector<std::string> changes() const {
        std::vector<std::string> lines;
        std::ifstream in(log);
        for (std::string line; std::getline(in, line);)
            lines.push_back(line);
        return lines;
    }
};

class Daemon {
public:
    explicit Daemon(const Cluster& cluster)
        : books_(opened(cluster.dir.file("j.db"), bench_.clock)), crashing_(*books_, bench_.faults),
          cycle_({bench_.slurm, bench_.slurm, crashing_, *books_, bench_.publisher, bench_.clock,
                  bench_.outbox},
                 bench_.sources) {
        CHECK(books_->close_unfinished(kFebruary));
        bench_.use_hours(1250);
        for (const auto& change : cluster.changes()) {
            auto& physics = bench_.slurm.account("physics");
            if (change == "qos physics")
                physics.qos = {physics.default_qos = "blocked"};
            else
                physics.grp_tres_mins["node"] = 72'000;
        }
        bench_.slurm.refuse = [&cluster](const model::Command& command) -> std::optional<Error> {
            cluster.note(command);
            return std::nullopt;
        };
    }
    // The n-th step does not return.
    void crash_at(int n) {
        bench_.faults.before_each([n, step = 0](const std::string&) mutable {
            if (++step == n)
                ::_exit(kCrashed);
        });
    }
    std::shared_ptr<const ports::CycleReport> cycle() { return cycle_.run(bench_.rules, {}); }
    std::vector<ports::CommandRecord> commands() { return *books_->commands({}); }
    model::AccountMemory memory() {
        return books_->history("c1", kFebruary)->accounts.at("physics");
    }

private:
    static std::unique_ptr<storage::SqliteJournal> opened(const std::string& path,
                                                          const Clock& clock) {
        auto journal = storage::SqliteJournal::open(path, clock);
        CHECK(journal);
        return std::move(*journal);
    }
    Bench bench_;
    std::unique_ptr<storage::SqliteJournal> books_;
    CrashingJournal crashing_;
    core::Cycle cycle_;
};

// True when the process died at step n; false when the cycle has fewer steps.
bool died_at(const Cluster& cluster, int n) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            Daemon daemon(cluster);
            daemon.crash_at(n);
            daemon.cycle();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    CHECK_EQ(::waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kCrashed);
    return WEXITSTATUS(status) == kCrashed;
}

} // namespace

CASE(a_crash_at_any_step_is_finished_by_the_next_start_and_nothing_is_done_twice) {
    int steps = 0;
    for (int n = 1;; ++n) {
        const Cluster cluster;
        if (!died_at(cluster, n))
            break;
        ++steps;
        Daemon restarted(cluster);
        CHECK_EQ(restarted.cycle()->error, "");
        CHECK_EQ(restarted.cycle()->error, "");
        auto changes = cluster.changes();
        std::sort(changes.begin(), changes.end());
        CHECK((changes == std::vector<std::string>{"limits physics", "qos physics"}));
        CHECK(restarted.memory().flags.paused);
        CHECK(restarted.memory().saved_qos.has_value());
        CHECK(restarted.memory().saved_qos->list.empty());
        for (const auto& record : restarted.commands())
            CHECK(record.success.has_value());
    }
    CHECK(steps >= 10);
}
