// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/window_split.hpp"

#include <algorithm>
#include <ctime>

namespace sluice::slurm {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Instant kFirst = Instant{hours{24}};

// `most`: longer than any day (or month), shorter than two.
Instant ceil(Instant at, const Floor& floor, hours most) {
    const Instant below = floor(at);
    return below == at ? at : floor(below + most);
}

Instant floor_local(Instant at, bool month) {
    std::time_t when = static_cast<std::time_t>(epoch(at));
    std::tm local{};
    localtime_r(&when, &local);
    local.tm_hour = local.tm_min = local.tm_sec = 0;
    if (month)
        local.tm_mday = 1;
    local.tm_isdst = -1;
    return instant(std::mktime(&local));
}

void push(std::vector<Window>& list, Instant begin, Instant end) {
    if (begin < end)
        list.push_back({begin, end});
}

void push_days(std::vector<Window>& list, Window days, Instant rolled, const Calendar& calendar) {
    const auto [first, last] = days;
    const Instant first_month = ceil(first, calendar.month, hours{24 * 33});
    const Instant last_month = calendar.month(last);
    if (first_month >= last_month || floor_hour(first_month, rolled) != first_month ||
        floor_hour(last_month, rolled) != last_month)
        return push(list, first, last);
    push(list, first, first_month);
    push(list, first_month, last_month);
    push(list, last_month, last);
}

} // namespace

Instant floor_hour(Instant at, Instant boundary) {
    seconds rest = (at - boundary) % hours{1};
    if (rest < seconds{0})
        rest += hours{1};
    return at - rest;
}

WindowSplit split_window(Window window, Instant now, std::optional<Instant> rolled,
                         const Calendar& calendar) {
    WindowSplit parts;
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
    const Instant first_day = ceil(first, calendar.midnight, hours{36});
    const Instant last_day = calendar.midnight(last);
    // Where our midnight is no hour boundary of slurmdbd, it runs in another zone: no whole days.
    const bool aligned =
        floor_hour(first_day, *rolled) == first_day && floor_hour(last_day, *rolled) == last_day;
    if (aligned && first_day < last_day) {
        push(parts.settled, first, first_day);
        push_days(parts.settled, {first_day, last_day}, *rolled, calendar);
        push(parts.settled, last_day, last);
    } else
        push(parts.settled, first, last);
    return parts;
}

Calendar local_calendar() {
    return {[](Instant at) { return floor_local(at, false); },
            [](Instant at) { return floor_local(at, true); }};
}

} // namespace sluice::slurm
