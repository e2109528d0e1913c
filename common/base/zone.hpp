// SPDX-License-Identifier: GPL-2.0-or-later
// Local time in one IANA zone, read from the host's TZif files. Never touches TZ, mktime or any
// other process-global state, so two zones can be in use at once and from any thread.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace sluice {

// What a clock on the wall shows, and how far it is ahead of UTC.
struct Local {
    std::chrono::local_seconds at{};
    std::chrono::seconds offset{};

    std::chrono::year_month_day date() const {
        return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(at)};
    }
};

// An immutable value, cheap to copy. All members are safe to call from any thread.
class Zone {
public:
    Zone(); // UTC

    // `name`: IANA name; "": the host's (TZ of the environment, else /etc/localtime, else UTC).
    // not_found: no such file; malformed: not a usable TZif file, or a name that is no zone name
    // (letters, digits, _ + - and / only). Reads at most 1 MiB.
    static Result<Zone> load(const std::string& name,
                             const std::string& directory = "/usr/share/zoneinfo");
    // A POSIX rule such as "EET-2EEST,M3.5.0/3,M10.5.0/4". malformed: not such a rule.
    static Result<Zone> posix(const std::string& rule);

    // As given to load(); for the host's zone the IANA name when it is known, else "local".
    const std::string& name() const;

    Local local(Instant at) const;
    // A time that the clock skips: the first instant after the gap. One that it shows twice: the
    // earlier.
    Instant instant(std::chrono::local_seconds at) const;
    // First instant of that local day; of a day that the zone skipped (Apia, 2011-12-30): the first
    // of the next.
    Instant start_of_day(std::chrono::year_month_day day) const;

    struct Data;

private:
    explicit Zone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    std::shared_ptr<const Data> data_;
};

// "2026-03-29T04:00:00+03:00": as the wall clock shows it, and how far that is ahead of UTC.
std::string local_text(const Zone& zone, Instant at);
// "2026-03-29T01:00:00Z", for programs.
std::string utc_text(Instant at);
// "2026-03-29"
std::string date_text(std::chrono::year_month_day day);

} // namespace sluice
