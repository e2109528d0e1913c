// SPDX-License-Identifier: GPL-2.0-or-later
// One cycle: collect, decide, plan, record, publish, apply, close, confirm. Idempotent: a second
// one on the same facts changes and writes nothing. Dry run, evaluate and the timer all come here
// and differ only in where they stop.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/snapshot.hpp"
#include "daemon/core/announcer.hpp"
#include "daemon/core/backoff.hpp"
#include "daemon/core/clock_check.hpp"
#include "daemon/core/cluster_exchange.hpp"
#include "daemon/core/collector.hpp"
#include "daemon/core/confirmations.hpp"
#include "daemon/core/progress.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/ports/accounting.hpp"
#include "daemon/ports/enforcer.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/ports/publisher.hpp"
#include "daemon/ports/service.hpp"
#include "daemon/ports/time_sources.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::app {

struct Ports {
    ports::Accounting& accounting;
    ports::Enforcer& enforcer;
    ports::Journal& journal;
    ports::Publisher& publisher;
    const Clock& clock;
    ports::Outbox& outbox;
    ClusterExchange* board =
        nullptr; // shared with the cycles of other clusters; nullptr: there are none
    const ElapsedClock* elapsed = nullptr; // what the clock is compared with, and
    ports::TimeSources* sources = nullptr; // nullptr: not known
};

// What a person enters: a dry run decides as if it were in the books already.
struct Supposed {
    std::vector<model::Override> overrides;
    std::vector<std::int64_t> ended; // numbers of overrides that are no longer in force
    std::vector<model::Adjustment> adjustments;

    bool empty() const { return overrides.empty() && ended.empty() && adjustments.empty(); }
};

struct Order {
    // "timer", "start", "boundary", "person", "clock", "reload", "span", "crossing"
    std::string trigger = "timer";
    bool dry_run = false;
    // person: whose evaluations are recorded whatever they say; empty: everybody's
    std::set<std::string> accounts;
    std::set<std::string> by_user{}; // accounts whose settled usage the report shall have by user
    Supposed supposed = {};          // dry run only
    // To be reopened before the judgement; in a dry run only supposed so.
    std::vector<model::PeriodReset> reopen = {};
    // A person confirms the clock of this host; `at` and `offset_s` are filled in.
    std::optional<model::ClockAccept> accept = {};
};

// One thread: the one that owns libslurm.
class Cycle {
public:
    Cycle(const Ports& ports, Sources& sources)
        : ports_(ports), sources_(sources), collector_(ports.accounting, ports.journal, sources),
          confirmations_(ports.enforcer, ports.journal, ports.clock),
          clock_check_(ports.clock, ports.elapsed, ports.sources, ports.journal) {}

    // Never fails as a call: what went wrong is in `error` and `problems` of the report.
    std::shared_ptr<const ports::CycleReport> run(const Rules& rules, const Order& order);
    // Between cycles: looks whether slurmctld shows what was changed. When to come back for that:
    void confirm(const Rules& rules);
    std::optional<Confirmations::Time> confirmation_due() const { return confirmations_.due(); }
    // When a decision will next change by itself, as far as the last cycles know: exactly (a
    // boundary), or because usage goes on growing as it did (a crossing).
    struct Event {
        Instant at{};
        const char* trigger = "boundary";
    };
    std::optional<Event> next_event(const Rules& rules) const;
    // The cluster as the last cycle saw it; nullptr before.
    std::shared_ptr<const model::Structure> structure() const { return structure_; }
    // Begun and ended by the loop; run() enters its phases. For any thread.
    Progress& progress() { return progress_; }
    const Progress& progress() const { return progress_; }

private:
    struct Outcome {
        std::int64_t id = 0;
        Instant started{};
        Instant finished{};
        std::optional<Error> failure;
    };

    Result<void> read_clock(const Rules& rules, const Order& order, ports::CycleReport& report);
    Result<void> prepare(const Rules& rules, const Order& order, model::Facts& facts);
    std::shared_ptr<const ports::CycleReport> failed(ports::CycleReport report, const Error& error);
    Result<std::vector<std::int64_t>> record(const Rules& rules, const Order& order,
                                             ports::CycleReport& report);
    void hold_back(const Order& order, ports::CycleReport& report);
    void apply(const Rules& rules, const model::Facts& facts, const std::vector<std::int64_t>& ids,
               ports::CycleReport& report);
    void foresee(const Rules& rules, const ports::CycleReport& report);
    void close(Outcome outcome);
    void close_late();
    void publish(const Rules& rules, const model::Facts& facts, const model::Decision& decision);

    Ports ports_;
    Sources& sources_;
    Collector collector_;
    Progress progress_;
    Announcer announcer_;
    Backoff backoff_;
    Confirmations confirmations_;
    ClockCheck clock_check_;
    Confirmations::Time began_{};   // the cycle that runs
    std::vector<Outcome> unclosed_; // done, but the journal could not be told
    std::shared_ptr<const model::Snapshot> snapshot_;
    std::shared_ptr<const ports::CycleReport> last_good_;
    std::shared_ptr<const model::Structure> structure_;
    std::optional<Instant> crossing_;
    model::History history_;
};

} // namespace sluice::app
