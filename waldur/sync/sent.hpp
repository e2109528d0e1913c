// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur was sent, so that only changes are sent and a flag of a person differs from a flag of
// Sluice. It survives a restart as notes of the journal.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "daemon/ports/notes.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::waldur {

enum class Flag { paused, downscaled };
const char* name(Flag flag); // Waldur's

// What Sluice last asked Waldur to set a flag to.
struct AskedFlag {
    bool value = false;
    Instant asked{};
    std::optional<Instant> confirmed; // when Waldur had accepted it

    friend bool operator==(const AskedFlag&, const AskedFlag&) = default;
};
using FlagKey = std::pair<std::string, Flag>; // resource, flag
using AskedFlags = std::map<FlagKey, AskedFlag>;

// Whether a person set the flag that an answer shows, whose first request began at `began`. `asked`
// nullptr: Sluice never asked. An answer older than the request to set the flag proves nothing.
bool is_foreign(bool shown, const AskedFlag* asked, Instant began);
// What to ask Waldur for now; nullopt: nothing. Never clears the flag of a person.
std::optional<bool> to_ask(bool wanted, bool shown, const AskedFlag* asked, Instant began);
// Waldur has another value by now: what it shows from now on is not Sluice's.
bool is_over(bool shown, const AskedFlag& asked, Instant began);

// Usage of one resource and month.
struct SentUsage {
    bool closed = false;                       // the month is over: nothing more is sent
    std::map<std::string, std::int64_t> units; // hundredths by component

    friend bool operator==(const SentUsage&, const SentUsage&) = default;
};
using ResourceMonth = std::pair<std::string, std::string>; // resource, "2026-11"

// Usage by user of one resource: bodies of messages, "": none.
struct SentUsers {
    std::string current; // of the current month
    std::string last;    // of the month before, after its end
    bool due = false;    // its usage has changed since

    friend bool operator==(const SentUsers&, const SentUsers&) = default;
};

struct Sent {
    AskedFlags flags;
    std::map<ResourceMonth, SentUsage> usage;
    std::map<std::string, SentUsers> users;      // by resource
    std::map<std::string, std::string> metadata; // by resource: JSON text

    // Overwrites what `newer` has.
    void update(const Sent& newer);
};

// As texts in notes, and back; unreadable ones are left out.
std::string text_of(const AskedFlag& flag); // "1 1800000000 1800000005"
std::vector<ports::Note> notes_of(const Sent& sent);
ports::Note note_without(const FlagKey& flag);
Sent load_sent(ports::Notes& notes);

} // namespace sluice::waldur
