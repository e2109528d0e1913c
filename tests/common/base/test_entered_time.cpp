// SPDX-License-Identifier: GPL-2.0-or-later
// Times that people enter: ours and Slurm's.
#include "common/base/entered_time.hpp"
#include "tests/support/case.hpp"

#include <chrono>
#include <string>
#include <utility>

using namespace sluice;

namespace {

constexpr Instant kMidnight = instant(1'770'681'600); // 2026-02-10 00:00:00 UTC
constexpr Instant kAfternoon = kMidnight + std::chrono::hours{14};

// Seconds from kMidnight, or "refused".
std::string read(const std::string& text, const char* zone = "UTC0", Instant now = kMidnight,
                 Entered entered = Entered::coming) {
    const auto rule = Zone::posix(zone);
    CHECK(rule.has_value());
    const auto at = parse_instant(text, *rule, now, entered);
    return at ? std::to_string((*at - kMidnight).count()) : "refused";
}

using Row = std::pair<const char*, const char*>;

} // namespace

CASE(days_are_named_as_slurm_and_people_name_them) {
    const Row rows[] = {{"today", "0"},
                        {"Tomorrow", "86400"},
                        {"02/11/26", "86400"},
                        {"2/11/2026", "86400"},
                        {"02.11.26", "86400"},
                        {"02/11", "86400"},
                        {"0211", "86400"},
                        {"021126", "86400"},
                        {"2026-02-11", "86400"},
                        {"2026-2-11", "86400"},
                        {"now", "0"},
                        {"now+1d", "86400"},
                        {"now+2hours", "7200"},
                        {"now + 2 hours", "7200"},
                        {"now+90", "90"},
                        {"now-1m", "-60"},
                        {"now-1day", "-86400"},
                        {"now+1w", "604800"},
                        {"uts1770681601", "1"}};
    for (const auto& [text, expected] : rows)
        CHECK_EQ(std::string(text) + ' ' + read(text), std::string(text) + ' ' + expected);
}

CASE(times_of_day_stand_alone_or_beside_a_day) {
    const Row rows[] = {{"noon", "43200"},
                        {"fika", "54000"},
                        {"teatime", "57600"},
                        {"midnight", "86400"}, // the next one
                        {"9:30", "34200"},
                        {"09:30:10", "34210"},
                        {"9:30 pm", "77400"},
                        {"12:05am", "300"},
                        {"noon today", "43200"},
                        {"tomorrow noon", "129600"},
                        {"02/11-12:00", "129600"},
                        {"02/11/26-12:00:30", "129630"},
                        {"12:00-02/11", "129600"},
                        {"2026-02-11T12:00", "129600"},
                        {"2026-02-11t12:00:30", "129630"},
                        {"2026-02-11 12:00", "129600"},
                        {"2026-02-11T12:00:00Z", "129600"},
                        {"2026-02-11T12:00:00+02:00", "122400"},
                        {"2026-02-11T12:00-0330", "142200"}};
    for (const auto& [text, expected] : rows)
        CHECK_EQ(std::string(text) + ' ' + read(text), std::string(text) + ' ' + expected);
}

CASE(what_is_no_time_is_refused) {
    for (const char* text : {"",
                             " ",
                             "yesterday",
                             "now+",
                             "now+1x",
                             "now+3moons",
                             "now+99999999999999days",
                             "2026-02-30",
                             "13/01/26",
                             "02/30/26",
                             "02/11/1926",
                             "02/11/26/1",
                             "02/",
                             "/",
                             "11",
                             "02112",
                             "-2/11/26",
                             "Tomorrow!",
                             "2026-02-10T25:00",
                             "2026-02-10T24:00",
                             "9:5",
                             "9:60",
                             "13:00pm",
                             "2026-02-10T01:30:00+99:00",
                             "noon noon",
                             "today tomorrow",
                             "noonish",
                             "uts12",
                             "12:00Z",
                             "todaynoon",
                             "02/11/26-",
                             "\xff"})
        CHECK_EQ(std::string(text) + ' ' + read(text), std::string(text) + " refused");
    CHECK(read(std::string(100000, '1')) == "refused");
    CHECK_EQ(parse_instant("soon", Zone(), kMidnight).error().context,
             "'soon' is not a time; write 2026-12-01, 12/01/26, 2026-12-01T12:00, "
             "2026-12-01T12:00:00Z, tomorrow, noon or now+3days");
}

CASE(without_a_day_or_year_the_next_or_the_last_one_is_meant) {
    const auto coming = [](const char* text) { return read(text, "UTC0", kAfternoon); };
    const auto past = [](const char* text) {
        return read(text, "UTC0", kAfternoon, Entered::past);
    };
    CHECK_EQ(coming("noon"), "129600");
    CHECK_EQ(past("noon"), "43200");
    CHECK_EQ(coming("15:00"), "54000");
    CHECK_EQ(past("midnight"), "0");
    CHECK_EQ(coming("02/09"), std::to_string(364 * 86400));
    CHECK_EQ(past("02/09"), "-86400");
    CHECK_EQ(past("02/11"), std::to_string(-364 * 86400));
}

CASE(a_named_day_begins_at_its_midnight_in_the_zone_of_the_policies) {
    // In Tallinn it is 02:00 of the 10th.
    CHECK_EQ(read("today", "EET-2"), "-7200");
    CHECK_EQ(read("tomorrow", "EET-2"), "79200");
    CHECK_EQ(read("02/11/26", "EET-2"), "79200");
    CHECK_EQ(read("noon", "EET-2"), "36000");
    CHECK_EQ(read("2026-02-10T01:30", "EET-2"), "-1800");
    CHECK_EQ(read("2026-02-10T01:30:00Z", "EET-2"), "5400");
    CHECK_EQ(read("2026-02-10T01:30:00-01:00", "EET-2"), "9000");
}
