// SPDX-License-Identifier: GPL-2.0-or-later
// TZif (RFC 8536) and its POSIX footer. Bounded reads; nothing here trusts a count in a file.
#include "common/base/zone.hpp"

#include "common/base/files.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace sluice {

// The POSIX TZ rule ("EET-2EEST,M3.5.0/3,M10.5.0/4") with the wider hours of RFC 8536 3.3.1: the
// zone's clock after the last change that its file lists.
namespace zone_rule {

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

namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kDay = 86400;

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}
    bool done() const { return text_.empty(); }
    char next() const { return text_.empty() ? '\0' : text_.front(); }
    bool take(char c) {
        if (next() != c)
            return false;
        text_.remove_prefix(1);
        return true;
    }
    // At least three letters, or <...> with digits and signs too.
    bool name() {
        if (take('<')) {
            const auto end = text_.find('>');
            if (end == std::string_view::npos || end < 3)
                return false;
            text_.remove_prefix(end + 1);
            return true;
        }
        std::size_t length = 0;
        while (length < text_.size() && is_letter(text_[length]))
            ++length;
        text_.remove_prefix(length);
        return length >= 3;
    }
    std::optional<int> number(int low, int high) {
        int value = 0;
        std::size_t length = 0;
        for (; length < text_.size() && length < 4 && text_[length] >= '0' && text_[length] <= '9';
             ++length)
            value = value * 10 + (text_[length] - '0');
        text_.remove_prefix(length);
        if (length == 0 || value < low || value > high)
            return std::nullopt;
        return value;
    }
    // [+-]hh[:mm[:ss]]
    std::optional<std::int64_t> time(int max_hours) {
        const bool negative = take('-');
        if (!negative)
            take('+');
        const auto hours = number(0, max_hours);
        if (!hours)
            return std::nullopt;
        std::int64_t total = std::int64_t{*hours} * 3600;
        for (const std::int64_t unit : {60, 1}) {
            if (!take(':'))
                break;
            const auto part = number(0, 59);
            if (!part)
                return std::nullopt;
            total += *part * unit;
        }
        return negative ? -total : total;
    }

private:
    static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
    std::string_view text_;
};

std::optional<When> day_of(Scanner& in) {
    When when;
    std::optional<int> value;
    if (in.take('M')) {
        const auto month = in.number(1, 12);
        const auto week = month && in.take('.') ? in.number(1, 5) : std::nullopt;
        const auto weekday = week && in.take('.') ? in.number(0, 6) : std::nullopt;
        if (!weekday)
            return std::nullopt;
        when.month = *month;
        when.week = *week;
        when.weekday = *weekday;
        return when;
    }
    when.kind = in.take('J') ? DayKind::julian : DayKind::zero_based;
    value = when.kind == DayKind::julian ? in.number(1, 365) : in.number(0, 365);
    if (!value)
        return std::nullopt;
    when.day = *value;
    return when;
}

std::optional<When> when_of(Scanner& in) {
    auto when = day_of(in);
    if (when && in.take('/')) {
        const auto second = in.time(167);
        if (!second)
            return std::nullopt;
        when->second = *second;
    }
    return when;
}

// Seconds since the epoch at local midnight of that day, as if local time were UTC.
std::int64_t midnight(const When& when, std::chrono::year year) {
    using namespace std::chrono;
    const sys_days january{year / January / 1};
    days day{};
    if (when.kind == DayKind::zero_based) {
        day = days{january.time_since_epoch()} + days{when.day};
    } else if (when.kind == DayKind::julian) {
        const bool after_february = year.is_leap() && when.day >= 60;
        day = days{january.time_since_epoch()} + days{when.day - 1 + (after_february ? 1 : 0)};
    } else {
        const year_month month = year / std::chrono::month{static_cast<unsigned>(when.month)};
        const weekday wanted{static_cast<unsigned>(when.weekday)};
        if (when.week == 5)
            day = sys_days{month / wanted[last]}.time_since_epoch();
        else
            day = sys_days{month / wanted[static_cast<unsigned>(when.week)]}.time_since_epoch();
    }
    return std::int64_t{day.count()} * kDay;
}

std::chrono::year year_of(std::int64_t at) {
    // chrono's years end at 32767: farther out the calendar is of no use to anybody.
    constexpr std::int64_t kFar = 900'000'000'000;
    const std::int64_t bounded = std::clamp(at, -kFar, kFar);
    const sys_days day{
        std::chrono::floor<days>(std::chrono::sys_seconds{std::chrono::seconds{bounded}})};
    return std::chrono::year_month_day{day}.year();
}

std::optional<Rule> parse(std::string_view text) {
    Scanner in(text);
    Rule rule;
    if (!in.name())
        return std::nullopt;
    const auto west = in.time(24);
    if (!west)
        return std::nullopt;
    rule.standard = -*west; // POSIX counts hours behind UTC
    if (in.done())
        return rule;
    rule.has_dst = true;
    rule.dst = rule.standard + 3600;
    if (!in.name())
        return std::nullopt;
    if (in.next() != ',') {
        const auto dst_west = in.time(24);
        if (!dst_west)
            return std::nullopt;
        rule.dst = -*dst_west;
    }
    const auto start = in.take(',') ? when_of(in) : std::nullopt;
    const auto end = start && in.take(',') ? when_of(in) : std::nullopt;
    if (!end || !in.done())
        return std::nullopt;
    rule.start = *start;
    rule.end = *end;
    return rule;
}

std::vector<std::pair<std::int64_t, std::int64_t>> changes(const Rule& rule, std::int64_t from,
                                                           std::int64_t to) {
    std::vector<std::pair<std::int64_t, std::int64_t>> all;
    if (!rule.has_dst)
        return all;
    // A rule's hours reach a week beyond its year.
    for (auto year = year_of(from) - std::chrono::years{1};
         year <= year_of(to) + std::chrono::years{1}; ++year) {
        all.emplace_back(midnight(rule.start, year) + rule.start.second - rule.standard, rule.dst);
        all.emplace_back(midnight(rule.end, year) + rule.end.second - rule.dst, rule.standard);
    }
    // Stable: where DST ends and begins at one instant (permanent DST), the later year's start
    // wins.
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::erase_if(all, [&](const auto& c) { return c.first < from || c.first > to; });
    return all;
}

std::int64_t offset(const Rule& rule, std::int64_t at) {
    if (!rule.has_dst)
        return rule.standard;
    constexpr std::int64_t kTwoYears = 2 * 366 * kDay;
    const auto found = changes(rule, at - kTwoYears, at);
    return found.empty() ? rule.standard : found.back().second;
}

} // namespace
} // namespace zone_rule

using std::chrono::days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::year_month_day;

// One change of the clock: from `at` on, local time is UTC + `offset`.
struct Change {
    std::int64_t at = 0;
    std::int64_t offset = 0;
};

struct Zone::Data {
    std::string name = "UTC";
    std::int64_t first = 0; // offset before the first change
    std::vector<Change> changes;
    std::optional<zone_rule::Rule> rule; // from the last change on

    bool ruled(std::int64_t at) const {
        return rule && (changes.empty() || at >= changes.back().at);
    }
    std::int64_t offset(std::int64_t at) const {
        if (ruled(at))
            return zone_rule::offset(*rule, at);
        const auto after = std::upper_bound(changes.begin(), changes.end(), at,
                                            [](auto t, const Change& c) { return t < c.at; });
        return after == changes.begin() ? first : std::prev(after)->offset;
    }
};

namespace {

constexpr std::size_t kMaxFile = 1 << 20;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kHeader = 44;
// No zone is or was farther from UTC than this.
constexpr std::int64_t kMaxOffset = 26 * 3600;

Error bad(const std::string& name, const char* why) {
    return Error{Errc::malformed, "time zone '" + name + "': " + why};
}

// Big-endian fields of a file that is already in memory.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}
    bool has(std::size_t count) const { return bytes_.size() - at_ >= count; }
    void skip(std::size_t count) { at_ += count; }
    std::uint8_t byte() { return static_cast<std::uint8_t>(bytes_[at_++]); }
    std::int64_t number(std::size_t width) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i)
            value = value << 8 | byte();
        if (width == 4)
            return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
        return static_cast<std::int64_t>(value);
    }
    std::string_view rest() const { return bytes_.substr(at_); }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

struct Counts {
    std::uint8_t version = 0;
    std::size_t isut = 0, isstd = 0, leap = 0, time = 0, type = 0, chars = 0;

    std::size_t block(std::size_t width) const {
        return time * width + time + type * 6 + chars + leap * (width + 4) + isstd + isut;
    }
};

std::optional<Counts> header(Reader& in) {
    if (!in.has(kHeader) || in.rest().substr(0, 4) != "TZif")
        return std::nullopt;
    in.skip(4);
    Counts c;
    c.version = in.byte();
    in.skip(15);
    for (std::size_t* field : {&c.isut, &c.isstd, &c.leap, &c.time, &c.type, &c.chars}) {
        const auto value = in.number(4);
        if (value < 0 || static_cast<std::size_t>(value) > kMaxFile)
            return std::nullopt;
        *field = static_cast<std::size_t>(value);
    }
    return c;
}

// Reads one data block of `width`-byte times. False: indices or offsets that cannot be.
bool block(Reader& in, const Counts& c, std::size_t width, Zone::Data& data) {
    std::vector<std::int64_t> times(c.time);
    for (auto& t : times)
        t = in.number(width);
    std::vector<std::uint8_t> kinds(c.time);
    for (auto& k : kinds)
        k = in.byte();
    std::vector<std::int64_t> offsets(c.type);
    for (auto& o : offsets) {
        o = in.number(4);
        in.skip(2); // is-DST and the abbreviation's place: of no use here
        if (o > kMaxOffset || o < -kMaxOffset)
            return false;
    }
    in.skip(c.chars + c.leap * (width + 4) + c.isstd + c.isut);
    if (offsets.empty() || !std::is_sorted(times.begin(), times.end()))
        return false;
    data.first = offsets[0];
    for (std::size_t i = 0; i < c.time; ++i) {
        if (kinds[i] >= offsets.size())
            return false;
        data.changes.push_back({times[i], offsets[kinds[i]]});
    }
    return true;
}

Result<Zone::Data> parse(const std::string& name, std::string_view bytes) {
    Reader in(bytes);
    Zone::Data data;
    data.name = name;
    auto counts = header(in);
    if (!counts)
        return bad(name, "not a time zone file");
    std::size_t width = 4;
    if (counts->version >= '2') { // the first block is for 32-bit readers
        if (!in.has(counts->block(4)))
            return bad(name, "file is cut short");
        in.skip(counts->block(4));
        counts = header(in);
        width = 8;
    }
    if (!counts || !in.has(counts->block(width)))
        return bad(name, "file is cut short");
    if (counts->leap != 0)
        return bad(name, "counts leap seconds (right/...), which Slurm's clock does not");
    if (!block(in, *counts, width, data))
        return bad(name, "file is damaged");
    std::string_view footer = width == 8 ? in.rest() : std::string_view{};
    if (footer.size() >= 2 && footer.front() == '\n') {
        footer = footer.substr(1, footer.find('\n', 1) - 1);
        if (!footer.empty() && !(data.rule = zone_rule::parse(footer)))
            return bad(name, "file has a rule that cannot be read");
    }
    return data;
}

Result<std::string> read_whole(const std::string& name, const std::string& path) {
    auto bytes = read_file(path, kMaxFile);
    if (bytes)
        return bytes;
    const Errc code = bytes.error().code;
    return Error{code == Errc::refused ? Errc::malformed : code,
                 "time zone '" + name + "': " + bytes.error().context};
}

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxName || name.front() == '/' || name.back() == '/')
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '+' || c == '-' || c == '/';
    });
}

Result<Zone::Data> read_zone(const std::string& name, const std::string& path) {
    auto bytes = read_whole(name, path);
    if (!bytes)
        return std::move(bytes).error();
    return parse(name, *bytes);
}

// The IANA name in ".../zoneinfo/Europe/Tallinn", which /etc/localtime usually links to.
std::string linked_name(const std::string& path) {
    std::array<char, 4096> target{};
    const auto length = ::readlink(path.c_str(), target.data(), target.size());
    const std::string_view text(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    constexpr std::string_view kMark = "zoneinfo/";
    const auto at = text.find(kMark);
    if (at == std::string_view::npos)
        return "local";
    const auto name = text.substr(at + kMark.size());
    return is_name(name) ? std::string(name) : "local";
}

Result<Zone::Data> host_zone(const std::string& directory) {
    // Read once at start-up or reload, before this value exists anywhere else.
    const char* env = std::getenv("TZ"); // NOLINT(concurrency-mt-unsafe)
    if (env == nullptr) {
        auto data = read_zone("local", "/etc/localtime");
        if (data)
            data->name = linked_name("/etc/localtime");
        if (!data && data.error().code == Errc::not_found)
            return Zone::Data{};
        return data;
    }
    std::string text = *env == ':' ? env + 1 : env;
    if (text.empty())
        return Zone::Data{};
    if (text.front() == '/')
        return read_zone(text, text);
    if (is_name(text)) {
        auto data = read_zone(text, directory + "/" + text);
        if (data || data.error().code != Errc::not_found)
            return data;
    }
    Zone::Data data;
    data.name = text;
    data.rule = zone_rule::parse(text);
    if (!data.rule)
        return bad(text, "TZ of the environment is neither a zone's name nor a rule");
    return data;
}

// Changes of the clock whose instant lies within [from, to], in order.
std::vector<Change> changes_within(const Zone::Data& data, std::int64_t from, std::int64_t to) {
    std::vector<Change> found;
    const auto begin = std::lower_bound(data.changes.begin(), data.changes.end(), from,
                                        [](const Change& c, auto t) { return c.at < t; });
    for (auto it = begin; it != data.changes.end() && it->at <= to; ++it)
        found.push_back(*it);
    if (data.ruled(to))
        for (const auto& [at, offset] : zone_rule::changes(*data.rule, from, to))
            if (data.changes.empty() || at > data.changes.back().at)
                found.push_back({at, offset});
    return found;
}

} // namespace

Zone::Zone() : data_(std::make_shared<const Data>()) {}

Result<Zone> Zone::load(const std::string& name, const std::string& directory) {
    if (!name.empty() && !is_name(name))
        return bad(name, "not a zone's name such as Europe/Tallinn");
    auto data = name.empty() ? host_zone(directory) : read_zone(name, directory + "/" + name);
    if (!data)
        return std::move(data).error();
    return Zone(std::make_shared<const Data>(std::move(*data)));
}

Result<Zone> Zone::posix(const std::string& rule) {
    Data data;
    data.name = rule;
    data.rule = zone_rule::parse(rule);
    if (!data.rule)
        return bad(rule, "not a POSIX time zone rule");
    return Zone(std::make_shared<const Data>(std::move(data)));
}

const std::string& Zone::name() const {
    return data_->name;
}

Local Zone::local(Instant at) const {
    const seconds offset{data_->offset(epoch(at))};
    return {local_seconds{at.time_since_epoch() + offset}, offset};
}

Instant Zone::instant(local_seconds at) const {
    const std::int64_t wall = at.time_since_epoch().count();
    const auto changes = changes_within(*data_, wall - kMaxOffset, wall + kMaxOffset);
    std::int64_t offset = data_->offset(wall - kMaxOffset - 1);
    // Walks the stretches between changes in the order of time, so that the first hit is the
    // earlier one of two, and a stretch that begins beyond the wanted wall time ends a gap.
    for (const Change& change : changes) {
        if (wall - offset < change.at)
            return sluice::instant(wall - offset);
        if (wall < change.at + change.offset)
            return sluice::instant(change.at);
        offset = change.offset;
    }
    return sluice::instant(wall - offset);
}

Instant Zone::start_of_day(year_month_day day) const {
    return instant(local_seconds{std::chrono::local_days{day}});
}

std::string local_text(const Zone& zone, Instant at) {
    const Local local = zone.local(at);
    const auto midnight = std::chrono::floor<days>(local.at);
    const std::chrono::hh_mm_ss time{local.at - midnight};
    std::array<char, 32> text{};
    const auto ahead = static_cast<int>(std::abs(local.offset.count()) / 60); // minutes
    std::snprintf(text.data(), text.size(), "T%02d:%02d:%02d%c%02d:%02d",
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), local.offset.count() < 0 ? '-' : '+',
                  ahead / 60, ahead % 60);
    return date_text(local.date()) + text.data();
}

std::string utc_text(Instant at) {
    std::string text = local_text(Zone(), at);
    return text.replace(text.find('+'), std::string::npos, "Z");
}

std::string date_text(year_month_day day) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

} // namespace sluice
