// SPDX-License-Identifier: GPL-2.0-or-later
// Says before each evaluation whether this host's clock is believed, and by which time the
// evaluation reckons. Believed is a clock that went on as the time since boot did, that is not
// behind the journal, and that agrees with slurmctld's and slurmdbd's where these are known. One
// thread: the one that owns libslurm. Decides nothing about accounts.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/clock.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/time_sources.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::app {

class ClockCheck {
public:
    // Steps of NTP are smaller; munge refuses credentials at 300 s.
    static constexpr std::chrono::seconds kTolerance{60};

    // `elapsed`, `sources`: nullptr where they are not known.
    ClockCheck(const Clock& clock, const ElapsedClock* elapsed, ports::TimeSources* sources,
               ports::Journal& journal)
        : clock_(clock), elapsed_(elapsed), sources_(sources), journal_(journal) {}

    struct Seen {
        // What it is o'clock; while the clock is not trusted, the last trusted time and what has
        // elapsed since.
        Instant now{};
        model::ClockVerdict verdict;
    };
    // `boundary`: the first instant after the last look at which something begins that cannot be
    // undone. Errors: the journal does not say how far it is.
    Result<Seen> look(const std::string& cluster, std::optional<Instant> boundary);
    // When the clock was believed last; nullopt: not since the daemon started.
    std::optional<Instant> last_trusted() const;
    // A person confirmed the time: it is believed from now on, and so is the present difference to
    // the other clocks.
    Result<void> accept(const std::string& cluster, model::ClockAccept entry);

private:
    struct Mark {
        Instant wall{};
        std::chrono::seconds elapsed{};
    };
    using Readings = std::vector<model::ClockReading>;

    Mark mark() const;
    // The time that it should be; nullopt where no time was ever trusted.
    std::optional<Instant> expected(const Mark& now) const;
    bool comparison_is_due(const Mark& now, std::optional<Instant> boundary) const;
    void compare(const std::string& cluster, const Mark& now);
    void judge_elapsed(const Mark& now, model::ClockVerdict& verdict) const;
    Result<std::optional<Instant>> judge_journal(const std::string& cluster, const Mark& now,
                                                 model::ClockVerdict& verdict);
    void judge_others(model::ClockVerdict& verdict) const;
    Instant reckoned(const Mark& now, std::optional<Instant> newest) const;
    void announce(const model::ClockVerdict& verdict);

    const Clock& clock_;
    const ElapsedClock* elapsed_;
    ports::TimeSources* sources_;
    ports::Journal& journal_;
    std::optional<Mark> base_; // when the clock was trusted last
    Readings compared_;
    std::optional<Mark> compared_at_;
    std::map<std::string, std::int64_t>
        accepted_; // by source: a difference that a person confirmed
    model::ClockVerdict last_;
};

} // namespace sluice::app
