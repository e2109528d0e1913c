// SPDX-License-Identifier: GPL-2.0-or-later
// The POSIX TZ rule ("EET-2EEST,M3.5.0/3,M10.5.0/4") with the wider hours of RFC 8536 3.3.1, which
// tells a zone's clock after the last change that its file lists. Part of zone.cpp; use zone.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::zone_rule {

enum class DayKind { month_week_day, julian, zero_based };

// The day of a year, and the second of that local day, at which the clock changes.
struct When {
    DayKind kind = DayKind::month_week_day;
    int month = 1;   // 1..12
    int week = 1;    // 1..5, 5: the last
    int weekday = 0; // 0..6, 0: Sunday
    int day = 0;     // julian: 1..365 (29 February never counted); zero_based: 0..365
    std::int64_t second = 7200;
};

struct Rule {
    std::int64_t standard = 0; // seconds ahead of UTC
    bool has_dst = false;
    std::int64_t dst = 0;
    When start; // in standard time
    When end;   // in DST
};

std::optional<Rule> parse(std::string_view text);
std::int64_t offset(const Rule& rule, std::int64_t at);
// (instant, offset from then on) within [from, to], in order.
std::vector<std::pair<std::int64_t, std::int64_t>> changes(const Rule& rule, std::int64_t from,
                                                           std::int64_t to);

} // namespace sluice::zone_rule
