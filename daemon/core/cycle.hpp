// SPDX-License-Identifier: GPL-2.0-or-later
// One cycle: collect, decide, plan, record, publish, apply, close, confirm. Idempotent: a second
// one on the same facts changes and writes nothing. Dry run, evaluate and the timer all come here
// and differ only in where they stop.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "common/model/snapshot.hpp"
#include "daemon/core/clock_check.hpp"
#include "daemon/core/cluster_exchange.hpp"
#include "daemon/core/collector.hpp"
#include "daemon/core/retry.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/notify/cycle_log.hpp"
#include "daemon/ports/accounting.hpp"
#include "daemon/ports/cycle_report.hpp"
#include "daemon/ports/enforcer.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/ports/publisher.hpp"
#include "daemon/ports/time_sources.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::core {

struct Ports {
    ports::Accounting& accounting;
    ports::Enforcer& enforcer;
    ports::CycleStore& journal;
    ports::RecordStore& records; // of the same journal
    ports::Publisher& publisher;
    const Clock& clock;
    ports::Outbox& outbox;
    // Shared with the cycles of other clusters; nullptr: this daemon serves one.
    ClusterExchange* exchange = nullptr;
    const ElapsedClock* elapsed = nullptr; // what the clock is compared with;
    ports::TimeSources* sources = nullptr; // nullptr: not known
};

// What a person is about to enter: a dry run decides as if it were in the journal already.
struct Supposed {
    std::vector<model::Override> overrides;
    std::vector<std::int64_t> ended; // numbers of overrides that are no longer in force
    std::vector<model::Adjustment> adjustments;

    bool empty() const { return overrides.empty() && ended.empty() && adjustments.empty(); }
};

// What started a cycle.
enum class Trigger {
    timer,
    start,    // of the daemon
    boundary, // a period or an override begins or ends
    crossing, // an account is expected to reach a threshold
    person,
    clock, // a person accepted the clock
    reload,
    span,   // figures of another cluster that shares an allocation changed
    waldur, // rules changed there, or usage by user is needed there
};
// As the journal, the log and the API have it: "timer" ...
std::string_view name(Trigger trigger);

struct Order {
    Trigger trigger = Trigger::timer;
    bool dry_run = false;
    // person: whose evaluations are recorded whatever their result; empty: all
    std::set<std::string> accounts;
    std::set<std::string> by_user{}; // accounts whose settled usage the report shall have by user
    Supposed supposed = {};          // dry run only
    // Reopened before the evaluation; in a dry run only supposed so.
    std::vector<model::PeriodReset> reopen = {};
    // A person confirms the clock of this host; `at` and `offset_s` are filled in.
    std::optional<model::ClockAccept> accept = {};
    std::shared_ptr<const Rules> rules = nullptr; // dry run only: instead of those in force
    // Dry run only: the report's usage has that of `by_user` in this window, too.
    std::optional<Window> past = {};
};

// How far the running evaluation has come, for those who read the standings meanwhile: it may hang
// in slurmdbd or slurmctld for longer than people wait. Written by the loop's worker, read by any
// thread. Waits for nothing but its own lock.
class Progress {
public:
    void begin(Instant now, Trigger trigger) {
        *state_.lock() = ports::UnderWay{now, std::string(name(trigger)), "collect", 0, 0};
    }
    // Of ports::UnderWay; nothing happens between evaluations.
    void enter(const char* phase) {
        auto state = state_.lock();
        if (!*state)
            return;
        (*state)->phase = phase;
        (*state)->done = (*state)->total = 0;
    }
    // Within the phase.
    void step(std::size_t done, std::size_t total) {
        auto state = state_.lock();
        if (!*state)
            return;
        (*state)->done = done;
        (*state)->total = total;
    }
    void end() { state_.lock()->reset(); }

    std::optional<ports::UnderWay> now() const { return *state_.lock(); }

private:
    mutable Guarded<std::optional<ports::UnderWay>> state_;
};

// One thread: the one that owns libslurm.
class Cycle {
public:
    Cycle(const Ports& ports, Sources& sources)
        : ports_(ports), sources_(sources), collector_(ports.accounting, ports.journal, sources),
          confirmations_(ports.enforcer, ports.journal, ports.clock),
          clock_check_(ports.clock, ports.elapsed, ports.sources, ports.journal) {
        collector_.report_progress(
            [this](std::size_t done, std::size_t total) { progress_.step(done, total); });
    }
    Cycle(const Cycle&) = delete; // the collector reports to it
    Cycle& operator=(const Cycle&) = delete;

    // Never fails as a call: `error` and `problems` of the report have what went wrong.
    std::shared_ptr<const ports::CycleReport> run(const Rules& rules, const Order& order);
    // Between cycles: checks whether slurmctld shows the changes in force.
    void confirm(const Rules& rules);
    // When to call confirm() again; nullopt: no need.
    std::optional<Confirmations::Time> confirmation_due() const { return confirmations_.due(); }
    // When a decision will next change by itself, by what the last cycles know: exactly (a
    // boundary), or because usage goes on growing at its present rate (a crossing).
    struct Event {
        Instant at{};
        Trigger trigger = Trigger::boundary;
    };
    std::optional<Event> next_event(const Rules& rules) const;
    // The cluster as the last cycle saw it; nullptr before.
    std::shared_ptr<const model::Structure> structure() const { return structure_; }
    // Begun and ended by the loop; run() enters its phases. For any thread.
    Progress& progress() { return progress_; }
    const Progress& progress() const { return progress_; }

private:
    // What one cycle decides from. All of it reckons with one time, facts.now.
    struct Gathered {
        model::Facts facts;
        model::History events; // with those of other clusters: when a decision changes by itself
        std::map<std::string, std::string> parents; // account -> parent
        std::chrono::seconds clock_ahead{0};        // this host's clock, of facts.now
    };
    struct Evaluated {
        model::Decision decision;
        model::Plan plan;
        std::vector<model::Problem> problems;
    };
    // What the journal records, and the notices among it.
    struct Records {
        std::vector<ports::EvaluationRecord> evaluations;
        std::vector<ports::NoticeReport> notices;
    };
    struct Committed {
        Evaluated evaluated; // without the commands that wait; with problems met while applying
        std::vector<ports::CommandRecord> applied;
    };

    Result<ClockCheck::Seen> read_clock(const Rules& rules, const Order& order);
    Result<Gathered> gather(const Rules& rules, const Order& order,
                            const ports::CycleReport& report);
    Result<void> reopen(const Rules& rules, const Order& order, model::Facts& facts);
    Evaluated evaluate(const Rules& rules, const Gathered& gathered);
    Result<Committed> commit(const Rules& rules, const Order& order, const Gathered& gathered,
                             Evaluated evaluated,
                             const std::vector<ports::EvaluationRecord>& evaluations);
    Evaluated hold_back(Evaluated evaluated, Instant now) const;
    Records make_records(const Rules& rules, const Order& order, const Gathered& gathered,
                         const model::Decision& decision);
    Result<std::vector<std::int64_t>>
    record(const Rules& rules, const Evaluated& evaluated,
           const std::vector<ports::EvaluationRecord>& evaluations);
    std::vector<ports::CommandRecord> apply(const Rules& rules, const Gathered& gathered,
                                            const std::vector<model::Command>& commands,
                                            const std::vector<std::int64_t>& ids);
    std::shared_ptr<const ports::CycleReport> failed(ports::CycleReport report, const Error& error);
    void foresee(const Rules& rules, const ports::CycleReport& report);
    void write_weekly(const Rules& rules, const ports::CycleReport& report);
    void close(std::vector<ports::CommandOutcome> outcomes, Instant now);
    void publish(const Rules& rules, const model::Facts& facts, const model::Decision& decision);

    Ports ports_;
    Sources& sources_;
    Collector collector_;
    Progress progress_;
    notify::CycleLog log_;
    CommandBackoff backoff_;
    Confirmations confirmations_;
    ClockCheck clock_check_;
    Confirmations::Time began_{};                 // the cycle that runs
    std::vector<ports::CommandOutcome> unclosed_; // not recorded: the journal was away
    std::shared_ptr<const model::Snapshot> snapshot_;
    std::shared_ptr<const ports::CycleReport> last_good_;
    std::shared_ptr<const model::Structure> structure_;
    std::optional<Instant> crossing_;
    std::string week_; // whose weekly mails are in the outbox; "": not known
    model::History history_;
};

} // namespace sluice::core
