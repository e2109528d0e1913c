// SPDX-License-Identifier: GPL-2.0-or-later
// TZif (RFC 8536) and its POSIX footer. Bounded reads; nothing here trusts a count in a file.
#include "common/base/zone.hpp"

#include "common/base/read_file.hpp"
#include "common/base/zone_rule.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

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
    std::snprintf(text.data(), text.size(), " %02d:%02d:%02d",
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return date_text(local.date()) + text.data();
}

std::string date_text(year_month_day day) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

} // namespace sluice
