// SPDX-License-Identifier: GPL-2.0-or-later
// Driving port, the write side: what staff may order. Every entry has a reason and a name, is kept
// for ever, and is followed by a cycle, so that its effect is there when the call returns. A dry
// run writes nothing and shows that cycle as it would be.
#pragma once

#include "common/base/result.hpp"
#include "daemon/ports/cycle_report.hpp"
#include "daemon/ports/inspector.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::ports {

struct EvaluateRequest {
    bool dry_run = false;
    // Empty: all. The cycle evaluates every account; the answer is cut to these.
    std::vector<std::string> accounts;
    // The report's usage has the settled part of `accounts` by user too. With `dry_run`, this is
    // how to ask who used an account.
    bool by_user = false;
};

// Who enters it and why.
struct Person {
    std::string by;
    std::string reason;
    bool dry_run = false;
};

// Instants as people write them: "2026-12-01", "2026-12-01T12:00" (of the policies' time zone),
// "2026-12-01T11:00:00Z", "now+3days".
struct NewOverride {
    std::string account;
    model::Standing standing = model::Standing::normal;
    std::string from; // "": now
    std::string until;
    bool show_reason = false; // to users
};

struct NewAdjustment {
    std::string account;
    std::string period; // label; "": the present one
    std::map<std::string, Decimal> units;
};

struct Booked {
    std::int64_t id = 0; // 0: a dry run
    // The cycle that followed. nullptr: it takes longer than a caller waits; the entry stands.
    std::shared_ptr<const CycleReport> cycle;
};

struct Cleanup {
    Instant before{};
    Forgotten records;
};

// Thread-safe. Only evaluate() and the entries wait for a cycle, and controller() for slurmctld.
// Errors of entries: malformed (reason, instant, period, component), not_found (account, number),
// conflict (ended or taken back already), unavailable (journal, no cycle yet): then nothing is
// entered.
class Operator {
public:
    Operator() = default;
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;
    virtual ~Operator() = default;

    // Runs the very cycle that the timer runs and returns its report. not_found: no policy
    // evaluates an account; timeout: the cycle goes on.
    virtual Result<std::shared_ptr<const CycleReport>> evaluate(const EvaluateRequest& request) = 0;
    // Asks slurmctld, now.
    virtual Result<ControllerSettings> controller() = 0;
    virtual Result<Booked> set_override(const NewOverride& entry, const Person& person) = 0;
    virtual Result<Booked> end_override(std::int64_t id, const Person& person) = 0;
    virtual Result<Booked> add_adjustment(const NewAdjustment& entry, const Person& person) = 0;
    // Enters the opposite of it.
    virtual Result<Booked> take_back(std::int64_t id, const Person& person) = 0;
    // The running period of these accounts as if it had just begun (model::PeriodReset).
    virtual Result<Booked> reopen(const std::vector<std::string>& accounts,
                                  const Person& person) = 0;
    // These accounts have lost rules while they were under enforcement, and that is right: what
    // holds them is restored, or the rules that they have count. Also of accounts that the guard
    // holds. Empty: all of both. conflict: nothing holds it.
    virtual Result<Booked> release(const std::vector<std::string>& accounts,
                                   const Person& person) = 0;
    // This host's clock is right, whatever it was compared with. Periods that the journal began
    // later than now did not begin. No dry run.
    virtual Result<Booked> accept_clock(const Person& person) = 0;
    // Evaluations and commands before that instant ("": what retention keeps). No reason is needed,
    // no cycle follows.
    virtual Result<Cleanup> cleanup(const std::string& before, const Person& person) = 0;
};

} // namespace sluice::ports
