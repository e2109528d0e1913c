// SPDX-License-Identifier: GPL-2.0-or-later
// Times that people enter: ours and Slurm's.
#include "daemon/core/entered_time.hpp"

#include "common/base/zone.hpp"
#include "tests/support/case.hpp"

#include <chrono>
#include <string>

using namespace sluice;

namespace {

constexpr Instant kNow = instant(1'770'681'600); // 2026-02-10 00:00:00 UTC

// Seconds from kNow, or "refused".
std::string read(const std::string& text, const char* zone = "UTC0") {
    const auto rule = Zone::posix(zone);
    CHECK(rule.has_value());
    const auto at = core::parse_instant(text, *rule, kNow);
    return at ? std::to_string((*at - kNow).count()) : "refused";
}

} // namespace

CASE(days_are_named_as_slurm_and_people_name_them) {
    const std::pair<const char*, const char*> cases[] = {
        {"today", "0"},          {"tomorrow", "86400"},     {"02/11/26", "86400"},
        {"2/11/2026", "86400"},  {"02/11", "86400"},        {"2026-02-11", "86400"},
        {"now+1d", "86400"},     {"now+2hours", "7200"},    {"now+90", "90"},
        {"now-1m", "-60"},       {"now+1w", "604800"},      {"13/01/26", "refused"},
        {"02/30/26", "refused"}, {"02/11/1926", "refused"}, {"02/11/26/1", "refused"},
        {"02/", "refused"},      {"/", "refused"},          {"11", "refused"},
        {"-2/11/26", "refused"}, {"Tomorrow!", "refused"},  {"now+1x", "refused"}};
    for (const auto& [text, expected] : cases)
        CHECK_EQ(std::string(text) + ' ' + read(text), std::string(text) + ' ' + expected);
}

CASE(a_named_day_begins_at_its_midnight_in_the_zone_of_the_policies) {
    // In Tallinn it is 02:00 of the 10th.
    CHECK_EQ(read("today", "EET-2"), "-7200");
    CHECK_EQ(read("tomorrow", "EET-2"), "79200");
    CHECK_EQ(read("02/11/26", "EET-2"), "79200");
}
