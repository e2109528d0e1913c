// SPDX-License-Identifier: GPL-2.0-or-later
// Driving port, the write side: what staff may order. Every entry has a reason and a name, is kept
// for ever, and is followed by a cycle, so that its effect is there when the call returns. A dry
// run writes nothing and shows that cycle as it would be.
#pragma once

#include "common/base/result.hpp"
#include "daemon/ports/cycle_report.hpp"
#include "daemon/ports/inspector.hpp"
#include "daemon/ports/rule_store.hpp"

#include <map>
#include <memory>
#include <optional>
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
    // Dry run only: by the rules that a sluiced.yaml with this text would give.
    std::optional<std::string> config = {};
    // Dry run with by_user only: the report's usage has that of `accounts` in this window, too.
    std::optional<Window> past = {};
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

// From the allocation of one account to that of another, in the present period of both.
struct NewTransfer {
    std::string from;
    std::string to;
    std::map<std::string, Decimal> units; // above 0
    // Of a coordinator: the accounts that the person coordinates. nullopt: staff.
    std::optional<std::vector<std::string>> coordinated;
};

struct Booked {
    std::int64_t id = 0; // 0: a dry run
    // The cycle that followed. nullptr: it takes longer than a caller waits; the entry stands.
    std::shared_ptr<const CycleReport> cycle;
    std::int64_t pair = 0; // the other entry of a transfer; 0: none
};

// A policy or an allocation beside those of the file.
struct RuleChange {
    model::RuleKind kind = model::RuleKind::policy;
    std::string name;
    // YAML or JSON of the map that would be in the file; nullopt: remove it.
    std::optional<std::string> text;
    bool merge = false;       // its keys are laid over those in force; an empty value removes one
    std::string base = {};    // YAML: with merge, instead of those in force
    std::int64_t version = 0; // that it replaces; 0: none is in force
    bool confirm = false;     // as for reload()
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
    // Two adjustments that are one: refused: a coordinator may not (the accounts, or their
    // policies); conflict: the accounts do not fit together, FROM would keep less than it has used
    // or be paused, TO would have more than an account above it; timeout: nothing is entered. Calls
    // must not run at the same time: each is checked against the evaluation before it.
    virtual Result<Booked> transfer(const NewTransfer& entry, const Person& person) = 0;
    // Enters the opposite of it, and of its pair.
    virtual Result<Booked> take_back(std::int64_t id, const Person& person) = 0;
    // The running period of these accounts as if it had just begun (model::PeriodReset).
    virtual Result<Booked> reopen(const std::vector<std::string>& accounts,
                                  const Person& person) = 0;
    // These accounts have lost rules while they were under enforcement, and that is right: what
    // holds them is restored, or the rules that they have count. Also of accounts that the guard
    // holds. Empty: all of both. conflict: nothing holds it.
    virtual Result<Booked> release(const std::vector<std::string>& accounts,
                                   const Person& person) = 0;
    // Reads the configuration file again; a cycle follows. `confirm`: as release() of all accounts
    // that wait under the new rules. Without it no reason is needed. No dry run. refused or
    // malformed: the file, and the old rules stay.
    virtual Result<Booked> reload(bool confirm, const Person& person) = 0;
    // Sets or removes a policy or an allocation and puts it into force by a reload, so the file's
    // own changes count, too; the id is its version. malformed: the reader of the file refuses it;
    // conflict: another version is in force, or the file has the name; refused: the rules are
    // Waldur's, or no rule would be left; not_found: nothing to remove.
    virtual Result<Booked> change_rule(const RuleChange& change, const Person& person) = 0;
    // The policies and allocations of the journal (of one name, or "": all) as YAML for the file.
    virtual Result<std::string> export_rules(const std::string& name) = 0;
    // This host's clock is right, whatever it was compared with. Periods that the journal began
    // later than now did not begin. No dry run.
    virtual Result<Booked> accept_clock(const Person& person) = 0;
    // Evaluations and commands before that instant ("": what retention keeps). No reason is needed,
    // no cycle follows.
    virtual Result<Cleanup> cleanup(const std::string& before, const Person& person) = 0;
};

} // namespace sluice::ports
