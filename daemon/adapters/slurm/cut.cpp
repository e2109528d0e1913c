// SPDX-License-Identifier: GPL-2.0-or-later
// Cutting windows; must not know libslurm.
#include "daemon/adapters/slurm/cut.hpp"

#include <algorithm>
#include <ctime>

namespace sluice::slurm {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Instant kFirst = Instant{hours{24}};

// slurmdbd's hours begin on whole hours of its local time, which in some zones is xx:30 of UTC.
Instant floor_hour(Instant at, Instant boundary) {
    seconds rest = (at - boundary) % hours{1};
    if (rest < seconds{0})
        rest += hours{1};
    return at - rest;
}

Instant ceil_midnight(Instant at, const FloorMidnight& floor_midnight) {
    const Instant floor = floor_midnight(at);
    // 36 h later it is tomorrow, be today 23, 24 or 25 hours long.
    return floor == at ? at : floor_midnight(floor + hours{36});
}

void push(std::vector<Window>& list, Instant begin, Instant end) {
    if (begin < end)
        list.push_back({begin, end});
}

} // namespace

Cut cut(Window window, Instant now, std::optional<Instant> rolled,
        const FloorMidnight& floor_midnight) {
    Cut parts;
    const Instant begin = std::max(window.begin, kFirst);
    const Instant stop = std::min(window.end, now);
    if (stop <= begin)
        return parts;
    const Instant first = rolled ? floor_hour(begin + hours{1} - seconds{1}, *rolled) : stop;
    const Instant last = rolled ? std::min(floor_hour(stop, *rolled), *rolled) : begin;
    if (last <= first) {
        push(parts.records, begin, stop);
        return parts;
    }
    push(parts.records, begin, first);
    push(parts.records, last, stop);
    const Instant first_day = ceil_midnight(first, floor_midnight);
    const Instant last_day = floor_midnight(last);
    // Where our midnight is none of slurmdbd's hours, another zone is at work: no days to be had.
    const bool aligned =
        floor_hour(first_day, *rolled) == first_day && floor_hour(last_day, *rolled) == last_day;
    if (aligned && first_day < last_day) {
        push(parts.settled, first, first_day);
        push(parts.settled, first_day, last_day);
        push(parts.settled, last_day, last);
    } else
        push(parts.settled, first, last);
    return parts;
}

Instant floor_local_midnight(Instant at) {
    std::time_t when = static_cast<std::time_t>(epoch(at));
    std::tm local{};
    localtime_r(&when, &local);
    local.tm_hour = local.tm_min = local.tm_sec = 0;
    local.tm_isdst = -1;
    return instant(std::mktime(&local));
}

} // namespace sluice::slurm
