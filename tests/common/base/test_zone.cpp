// SPDX-License-Identifier: GPL-2.0-or-later
// Our zone reader against glibc's, which reads the same files: TZ and localtime_r are used here and
// only here.
#include "common/base/zone.hpp"

#include "tests/support/case.hpp"

#include <cstdlib>
#include <ctime>
#include <random>

using namespace sluice;
using namespace std::chrono;

namespace {

const char* const kZones[] = {"UTC",
                              "Europe/Tallinn",
                              "America/New_York",
                              "Asia/Kolkata",
                              "Australia/Lord_Howe",
                              "Pacific/Apia",
                              "America/Sao_Paulo",
                              "America/St_Johns",
                              "Africa/Casablanca",
                              "Europe/Dublin",
                              "Asia/Gaza",
                              "Pacific/Kiritimati",
                              "America/Nuuk",
                              "Antarctica/Troll",
                              "Etc/GMT+5"};

Zone zone(const char* name) {
    auto loaded = Zone::load(name);
    if (!loaded)
        test::fail(loaded.error().context);
    return *loaded;
}

local_seconds wall(int y, unsigned m, unsigned d, int hour = 0, int minute = 0) {
    return local_seconds{local_days{year{y} / month{m} / day{d}}} + hours{hour} + minutes{minute};
}

std::int64_t glibc_wall(std::int64_t at, long& offset) {
    const std::time_t t = at;
    std::tm tm{};
    localtime_r(&t, &tm);
    offset = tm.tm_gmtoff;
    return timegm(&tm);
}

// All changes of the clock between the two, found by bisection on glibc's answers.
template <class Body>
void each_instant(const char* name, Body body) {
    setenv("TZ", name, 1);
    tzset();
    std::mt19937_64 random(20260323);
    std::uniform_int_distribution<std::int64_t> any(-2'000'000'000, 7'000'000'000);
    for (int i = 0; i < 4000; ++i)
        body(any(random));
    // Hour by hour over years full of changes, and round each hour's edge.
    for (std::int64_t t = 1'262'304'000; t < 1'356'998'400; t += 3600)
        body(t), body(t - 1);
    unsetenv("TZ");
    tzset();
}

} // namespace

CASE(local_time_equals_glibc_in_every_zone) {
    for (const char* name : kZones) {
        const Zone z = zone(name);
        each_instant(name, [&](std::int64_t t) {
            long offset = 0;
            const auto expected = glibc_wall(t, offset);
            const Local got = z.local(instant(t));
            if (got.at.time_since_epoch().count() != expected || got.offset.count() != offset)
                test::fail(std::string(name) + " at " + std::to_string(t));
        });
    }
}

CASE(instant_of_a_wall_time_is_the_earliest_that_shows_it) {
    for (const char* name : kZones) {
        const Zone z = zone(name);
        each_instant(name, [&](std::int64_t t) {
            const Local local = z.local(instant(t));
            const Instant back = z.instant(local.at);
            const bool shows_it = z.local(back).at == local.at;
            const bool earliest = back <= instant(t);
            if (!shows_it || !earliest)
                test::fail(std::string(name) + " at " + std::to_string(t));
            // Only a clock that went back may give an earlier one, by what it went back.
            if (back != instant(t) && z.local(back).offset == local.offset)
                test::fail(std::string(name) + " same offset at " + std::to_string(t));
        });
    }
}

CASE(a_skipped_wall_time_is_the_first_instant_after_the_gap) {
    const Zone tallinn = zone("Europe/Tallinn"); // 2026-03-29 03:00 -> 04:00
    const Instant gap = tallinn.instant(wall(2026, 3, 29, 3));
    CHECK_EQ(epoch(tallinn.instant(wall(2026, 3, 29, 3, 30))), epoch(gap));
    CHECK_EQ(local_text(tallinn, gap), "2026-03-29T04:00:00+03:00");
    CHECK_EQ(local_text(tallinn, gap - seconds{1}), "2026-03-29T02:59:59+02:00");
}

CASE(a_repeated_wall_time_is_the_earlier_one) {
    const Zone york = zone("America/New_York"); // 2026-11-01 02:00 -> 01:00
    const Instant first = york.instant(wall(2026, 11, 1, 1, 30));
    CHECK_EQ(york.local(first).offset.count(), -4 * 3600);
    CHECK_EQ(local_text(york, first + hours{1}), "2026-11-01T01:30:00-05:00");
}

CASE(a_day_begins_after_a_gap_at_midnight) {
    const Zone paulo = zone("America/Sao_Paulo"); // 2018-11-04 00:00 -> 01:00
    const Instant begin = paulo.start_of_day(year{2018} / 11 / 4);
    CHECK_EQ(local_text(paulo, begin), "2018-11-04T01:00:00-02:00");
    CHECK_EQ(local_text(paulo, begin - seconds{1}), "2018-11-03T23:59:59-03:00");
    // 2018-02-18 00:00 -> 2018-02-17 23:00: the 18th begins when midnight is passed for good.
    const Instant back = paulo.start_of_day(year{2018} / 2 / 18);
    CHECK_EQ(local_text(paulo, back), "2018-02-18T00:00:00-03:00");
    CHECK_EQ((back - paulo.start_of_day(year{2018} / 2 / 17)).count(), 25 * 3600);
}

CASE(a_day_that_the_zone_skipped_begins_with_the_next) {
    const Zone apia = zone("Pacific/Apia");
    const Instant skipped = apia.start_of_day(year{2011} / 12 / 30);
    CHECK_EQ(local_text(apia, skipped), "2011-12-31T00:00:00+14:00");
    CHECK_EQ(epoch(skipped), epoch(apia.start_of_day(year{2011} / 12 / 31)));
    CHECK_EQ((skipped - apia.start_of_day(year{2011} / 12 / 29)).count(), 24 * 3600);
}

CASE(half_an_hour_of_dst_is_half_an_hour) {
    const Zone lord_howe = zone("Australia/Lord_Howe");
    const auto length = [&](unsigned m, unsigned d) {
        const sys_days day = year{2026} / month{m} / std::chrono::day{d};
        return (lord_howe.start_of_day(day + days{1}) - lord_howe.start_of_day(day)).count();
    };
    CHECK_EQ(length(4, 5), 24 * 3600 + 1800);
    CHECK_EQ(length(10, 4), 24 * 3600 - 1800);
}

CASE(posix_rules_tell_the_far_future) {
    const auto rule = Zone::posix("EET-2EEST,M3.5.0/3,M10.5.0/4");
    CHECK(rule.has_value());
    const Zone tallinn = zone("Europe/Tallinn");
    for (int y = 2030; y < 2200; ++y)
        for (unsigned m = 1; m <= 12; ++m)
            CHECK_EQ(epoch(rule->start_of_day(year{y} / month{m} / 28)),
                     epoch(tallinn.start_of_day(year{y} / month{m} / 28)));
    const auto julian = Zone::posix("AAA0BBB,J60/0,J300/0");
    CHECK_EQ(local_text(*julian, julian->instant(wall(2028, 3, 1, 1))),
             "2028-03-01T01:00:00+01:00");
    CHECK_EQ(julian->local(julian->start_of_day(year{2028} / 2 / 29)).offset.count(), 0);
    CHECK_EQ(julian->local(julian->start_of_day(year{2028} / 3 / 2)).offset.count(), 3600);
    const auto always = Zone::posix("XXX3EDT4,0/0,J365/23");
    CHECK_EQ(always->local(instant(1'800'000'000)).offset.count(), -4 * 3600);
}

CASE(names_that_are_no_zones_are_refused) {
    for (const char* name : {"../../etc/passwd", "/etc/localtime", "Europe/../UTC", "a b",
                             "Europe/Tallinn\n", "zone.tab", "Europe/"})
        CHECK(Zone::load(name).error().code == Errc::malformed);
    CHECK(Zone::load("Europe/Talinn").error().code == Errc::not_found);
    CHECK(Zone::load("Europe").error().code == Errc::malformed); // a folder
    CHECK(Zone::load("leapseconds").error().code == Errc::malformed ||
          Zone::load("leapseconds").error().code == Errc::not_found);
    for (const char* rule : {"", "E5", "EST", "EST5EDT", "EST5EDT,M13.1.0,M1.1.0", "EST99",
                             "EST5EDT,M3.2.0,M11.1.0,", "<E5"})
        CHECK(!Zone::posix(rule).has_value());
}

CASE(damaged_files_are_refused) {
    char folder[] = "/tmp/sluice-zone-XXXXXX";
    CHECK(mkdtemp(folder) != nullptr);
    const std::string path = std::string(folder) + "/Bad";
    std::FILE* source = std::fopen("/usr/share/zoneinfo/Europe/Tallinn", "rb");
    char bytes[8192];
    const std::size_t size = std::fread(bytes, 1, sizeof bytes, source);
    std::fclose(source);
    for (std::size_t cut = 0; cut < size; cut += 7) {
        std::FILE* out = std::fopen(path.c_str(), "wb");
        std::fwrite(bytes, 1, cut, out);
        std::fclose(out);
        (void)Zone::load("Bad", folder); // a cut footer may still be a zone; it must not crash
    }
    for (std::size_t at = 4; at < 44; ++at) {
        std::FILE* out = std::fopen(path.c_str(), "wb");
        std::string copy(bytes, size);
        copy[at] = static_cast<char>(0xff);
        std::fwrite(copy.data(), 1, copy.size(), out);
        std::fclose(out);
        (void)Zone::load("Bad", folder);
    }
    CHECK(Zone::load("Bad", folder).has_value() == false);
    std::remove(path.c_str());
    std::remove(folder);
}

CASE(the_hosts_zone_follows_the_environment) {
    setenv("TZ", ":Asia/Kolkata", 1);
    CHECK_EQ(Zone::load("")->name(), "Asia/Kolkata");
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    CHECK_EQ(Zone::load("")->local(instant(1'767'225'600)).offset.count(), -5 * 3600);
    setenv("TZ", "", 1);
    CHECK_EQ(Zone::load("")->name(), "UTC");
    unsetenv("TZ");
    CHECK(Zone::load("").has_value());
    CHECK_EQ(Zone{}.name(), "UTC");
}
