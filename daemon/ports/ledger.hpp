// SPDX-License-Identifier: GPL-2.0-or-later
// Driving port: what staff enter by hand. Every entry has a reason and a name, is kept for ever,
// and is followed by a cycle, so that its effect is there when the call returns. A dry run writes
// nothing and shows that cycle as it would be.
#pragma once

#include "common/base/result.hpp"
#include "daemon/ports/journal.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::ports {

struct CycleReport;

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
};

struct NewAdjustment {
    std::string account;
    std::string period; // label; "": the present one
    std::map<std::string, Decimal> units;
};

struct Booked {
    std::int64_t id = 0; // 0: a dry run
    // The cycle that followed. nullptr: it takes longer than anybody waits for; the entry stands.
    std::shared_ptr<const CycleReport> cycle;
};

struct Cleanup {
    Instant before{};
    Forgotten records;
};

// Thread-safe. Errors: malformed (reason, instant, period, component), not_found (account, number),
// conflict (ended or taken back already), unavailable (journal, no cycle yet): then nothing is
// entered.
class Ledger {
public:
    Ledger() = default;
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    virtual ~Ledger() = default;

    virtual Result<std::vector<OverrideRecord>> overrides(const Query& query) = 0;
    virtual Result<std::vector<AdjustmentRecord>> adjustments(const Query& query) = 0;
    virtual Result<std::vector<model::PeriodReset>> resets(const Query& query) = 0;
    virtual Result<Booked> set_override(const NewOverride& entry, const Person& person) = 0;
    virtual Result<Booked> end_override(std::int64_t id, const Person& person) = 0;
    virtual Result<Booked> add_adjustment(const NewAdjustment& entry, const Person& person) = 0;
    // Enters the opposite of it.
    virtual Result<Booked> take_back(std::int64_t id, const Person& person) = 0;
    // The running period of these accounts as if it had just begun (model::PeriodReset).
    virtual Result<Booked> reopen(const std::vector<std::string>& accounts,
                                  const Person& person) = 0;
    // This host's clock is right, whatever it was compared with. Periods that the journal began
    // later than now did not begin. No dry run.
    virtual Result<Booked> accept_clock(const Person& person) = 0;
    // Evaluations and commands before that instant ("": what retention keeps). No reason is needed,
    // no cycle follows.
    virtual Result<Cleanup> cleanup(const std::string& before, const Person& person) = 0;
};

} // namespace sluice::ports
