// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/figures.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sluice::cli {
namespace {

std::string fixed(double value, int places) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", places, value);
    return text.data();
}

std::string without_trailing_zeros(std::string text) {
    if (text.find('.') == std::string::npos)
        return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
        text.pop_back();
    return text == "-0" ? "0" : text;
}

std::tm broken_down(Instant at) {
    const std::time_t seconds = epoch(at);
    std::tm out{};
    localtime_r(&seconds, &out);
    return out;
}

std::string text(const std::tm& time, const char* format) {
    std::array<char, 64> out{};
    const std::size_t length = std::strftime(out.data(), out.size(), format, &time);
    return {out.data(), length};
}

} // namespace

std::string amount(json::View number, bool exact) {
    if (!number.is_number())
        return "";
    if (number.is_integer())
        return std::to_string(number.integer());
    const double value = number.number();
    if (exact)
        return without_trailing_zeros(fixed(value, 6));
    return without_trailing_zeros(fixed(value, std::abs(value) < 1 ? 4 : 2));
}

std::string percent(json::View number) {
    return number.is_number() ? fixed(number.number(), 2) : "-";
}

std::string local_time(Instant at) {
    return text(broken_down(at), "%Y-%m-%dT%H:%M:%S");
}

std::string local_time(json::View object, const std::string& key) {
    const auto at = object[key + "_epoch"];
    return at.is_integer() ? local_time(instant(at.integer())) : "";
}

std::string local_day(json::View object, const std::string& key) {
    const auto at = object[key + "_epoch"];
    if (!at.is_integer())
        return "";
    const std::tm time = broken_down(instant(at.integer()));
    const bool midnight = time.tm_hour == 0 && time.tm_min == 0 && time.tm_sec == 0;
    return text(time, midnight ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S");
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

std::string cause(json::View account) {
    const auto from = account["cause"];
    const std::string kind = from["kind"].text();
    if (kind == "own" && account["standing"].text() == "normal")
        return "";
    if (kind == "ancestor")
        return "parent " + from["account"].text();
    if (kind == "override" && from["override_id"].integer() == 0)
        return "flag in Waldur";
    if (kind == "override")
        return "override " + std::to_string(from["override_id"].integer());
    if (kind == "foreign")
        return "set by hand";
    return account["judged"].text();
}

std::string by_cluster(json::View component, bool exact) {
    const auto used = component["used_by_cluster"];
    std::string out;
    for (const auto& cluster : used.keys())
        out += (out.empty() ? "" : ",") + cluster + "=" + amount(used[cluster], exact);
    return out;
}

} // namespace sluice::cli
