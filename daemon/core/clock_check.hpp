// SPDX-License-Identifier: GPL-2.0-or-later
// Decides before each evaluation whether this host's clock is trusted, and which time the
// evaluation uses. A clock is trusted that went on as the time since boot did, that is not behind
// the journal, and that agrees with slurmctld's and slurmdbd's where these are known. One thread:
// the one that owns libslurm. Decides nothing about accounts.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/clock.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/time_sources.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::core {

class ClockCheck {
public:
    // Steps of NTP are smaller; munge refuses credentials at 300 s.
    static constexpr std::chrono::seconds kTolerance{60};

    // `elapsed`, `sources`: nullptr: not known.
    ClockCheck(const Clock& clock, const ElapsedClock* elapsed, ports::TimeSources* sources,
               ports::CycleStore& journal)
        : clock_(clock), elapsed_(elapsed), sources_(sources), journal_(journal) {}

    struct Seen {
        // The present time; while the clock is not trusted, the last trusted time and what has
        // elapsed since.
        Instant now{};
        model::ClockResult result;
    };
    // `boundary`: the first instant after the last call at which something begins that cannot be
    // undone. Errors: the journal cannot be read.
    Result<Seen> look(const std::string& cluster, std::optional<Instant> boundary);
    // When the clock was trusted last; nullopt: not since the daemon started.
    std::optional<Instant> last_trusted() const;
    // A person confirmed the time: the clock is trusted from now on, and the present difference to
    // the other clocks is accepted.
    Result<void> accept(const std::string& cluster, model::ClockAccept entry);

private:
    struct Mark {
        Instant wall{};
        std::chrono::seconds elapsed{};
    };
    using Readings = std::vector<model::ClockReading>;

    Mark mark() const;
    // The time that the clock should show; nullopt: no time was ever trusted.
    std::optional<Instant> expected(const Mark& now) const;
    bool comparison_is_due(const Mark& now, std::optional<Instant> boundary) const;
    void compare(const std::string& cluster, const Mark& now);
    void check_elapsed(const Mark& now, model::ClockResult& result) const;
    Result<std::optional<Instant>> check_journal(const std::string& cluster, const Mark& now,
                                                 model::ClockResult& result);
    void check_others(model::ClockResult& result) const;
    Instant reckoned(const Mark& now, std::optional<Instant> newest) const;
    void announce(const model::ClockResult& result);

    const Clock& clock_;
    const ElapsedClock* elapsed_;
    ports::TimeSources* sources_;
    ports::CycleStore& journal_;
    std::optional<Mark> base_; // when the clock was trusted last
    Readings compared_;
    std::optional<Mark> compared_at_;
    std::map<std::string, std::int64_t>
        accepted_; // by source: a difference that a person confirmed
    model::ClockResult last_;
};

} // namespace sluice::core
