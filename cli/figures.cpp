// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/figures.hpp"

#include "common/base/text.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::cli {
namespace {

constexpr std::size_t kDayLength = 10; // of "2026-12-08T04:02:21+02:00"
constexpr double kMostExact = 9e18;    // fits in 64 bits

std::string without_trailing_zeros(std::string text) {
    if (text.find('.') == std::string::npos)
        return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
        text.pop_back();
    return text;
}

// A JSON number whose last place is 10^-places, exact again.
std::int64_t scaled(double value, int places) {
    return std::llround(std::clamp(value * std::pow(10, places), -kMostExact, kMostExact));
}

// Seconds of the epoch, or absent.
std::string local(json::View at, const Zone& zone, bool day_of_midnight) {
    if (!at.is_integer())
        return "";
    const Instant moment = instant(at.integer());
    return day_of_midnight ? format::moment_text(zone, moment) : local_text(zone, moment);
}

} // namespace

std::string amount(json::View number, bool exact) {
    if (!number.is_number())
        return "";
    if (number.is_integer())
        return std::to_string(number.integer());
    const double value = number.number();
    const std::int64_t millionths = scaled(value, 6);
    if (exact)
        return without_trailing_zeros(fixed_point(millionths, 6));
    return std::abs(value) < 1 ? without_trailing_zeros(fixed_point(millionths / 100, 4))
                               : without_trailing_zeros(fixed_point(millionths / 10'000, 2));
}

std::string percent(json::View number) {
    return number.is_number() ? fixed_point(scaled(number.number(), 2), 2) : "-";
}

std::string local_time(json::View object, const std::string& key, const Zone& zone) {
    return local(object[key + "_epoch"], zone, false);
}

std::string age(std::chrono::seconds span) {
    const auto seconds = span.count() < 0 ? 0 : span.count();
    if (seconds < 120)
        return std::to_string(seconds) + " s";
    if (seconds < 2 * 3600)
        return std::to_string(seconds / 60) + " min";
    if (seconds < 2 * 86400)
        return std::to_string(seconds / 3600) + " h";
    return std::to_string(seconds / 86400) + " d";
}

std::string counted(std::int64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string amount_cell(const Record& record, const char* field) {
    return amount(record[field], record.exact);
}

std::string percent_cell(const Record& record, const char* field) {
    return percent(record[field]);
}

std::string time_cell(const Record& record, const char* field) {
    return local(record[std::string(field) + "_epoch"], *record.zone, false);
}

std::string day_cell(const Record& record, const char* field) {
    return local(record[std::string(field) + "_epoch"], *record.zone, true);
}

std::string age_cell(const Record& record, const char* field) {
    return age(record.now - instant(record[std::string(field) + "_epoch"].integer()));
}

std::string standing_cell(const Record& record, const char* field) {
    if (!record["held"].text().empty())
        return "held";
    if (!record["error"].text().empty())
        return "error";
    const std::string holds = record[field].text();
    const std::string other = record["would_be"]["standing"].text();
    return other.empty() || holds != "normal" ? holds : "would be " + other;
}

std::string cause_cell(const Record& record, const char* field) {
    const auto from = record[field];
    const std::string kind = from["kind"].text();
    if (kind == "own" && standing_cell(record, "standing") == "normal")
        return "";
    std::string entry;
    if (const std::string by = from["by"].text(); !by.empty() && from["until_epoch"].is_integer())
        entry = " (" + by + ", until " + local(from["until_epoch"], *record.zone, true) + ")";
    if (kind == "ancestor")
        return "parent " + from["account"].text() + entry;
    if (kind == "override" && from["override_id"].integer() == 0)
        return "flag in Waldur";
    if (kind == "override")
        return "override " + std::to_string(from["override_id"].integer()) + entry;
    if (kind == "foreign")
        return "set by hand";
    if (kind == "life")
        return record["life"]["state"].text() == "before" ? "has not begun" : "has ended";
    return record["deciding_component"].text();
}

std::string forecast_cell(const Record& record, const char* field) {
    const auto list = record[field];
    if (list.size() == 0)
        return "";
    const auto next = list.at(0);
    const auto day = [&](const char* key) {
        return local(next[key], *record.zone, false).substr(0, kDayLength);
    };
    const std::string date = day("date_epoch");
    const std::string early = day("early_epoch");
    const std::string late = day("late_epoch");
    const std::string start = amount(next["percent"], false) + " % on ";
    if (early.empty())
        return start + date;
    return start + (date.empty() ? "no day of this period" : date) + " (" + early +
           (late.empty() ? " or later)" : " to " + late + ")");
}

std::string clusters_cell(const Record& record, const char* field) {
    const auto used = record[field];
    std::string out;
    for (const auto& cluster : used.keys())
        out += (out.empty() ? "" : ",") + cluster + "=" + amount(used[cluster], record.exact);
    return out;
}

} // namespace sluice::cli
