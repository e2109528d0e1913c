// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/format.hpp"

#include "common/base/amount.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <array>
#include <cstdio>

namespace sluice::policy {

using model::Command;
using model::CommandType;

namespace {

std::string fixed(std::int64_t scaled, std::int64_t one, int places) {
    const bool negative = scaled < 0;
    const auto magnitude =
        negative ? 0 - static_cast<std::uint64_t>(scaled) : static_cast<std::uint64_t>(scaled);
    const auto unit = static_cast<std::uint64_t>(one);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%s%llu.%0*llu", negative ? "-" : "",
                  static_cast<unsigned long long>(magnitude / unit), places,
                  static_cast<unsigned long long>(magnitude % unit));
    return text.data();
}

std::string without_zeros(std::string text) {
    while (text.back() == '0')
        text.pop_back();
    if (text.back() == '.')
        text.pop_back();
    return text;
}

// A name in Slurm can hold anything, and people paste this line. What cannot be typed is written as
// bash reads it.
std::string as_word(const std::string& word) {
    const bool plain = word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789_.,:/@%+-=") == std::string::npos;
    if (plain && !word.empty())
        return word;
    if (!first_unprintable(word).empty()) {
        std::string text;
        for (const char c : word)
            text += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
        return "$'" + printable(text) + "'";
    }
    std::string out = "'";
    for (const char c : word)
        out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

std::string where(const std::string& cluster, const Command& command) {
    std::string text = "sacctmgr -i modify ";
    if (command.user.empty())
        text += "account where name=" + as_word(command.account);
    else
        text += "user where name=" + as_word(command.user) + " account=" + as_word(command.account);
    text += " cluster=" + as_word(cluster);
    if (!command.partition.empty())
        text += " partition=" + as_word(command.partition);
    return text + " set ";
}

std::string limits_list(const Command& command) {
    std::string text;
    for (const auto& [tres, value] : command.limits)
        text += (text.empty() ? "" : ",") + tres + "=" + (value ? std::to_string(*value) : "-1");
    return text;
}

std::string job_line(const Command& command) {
    switch (command.type) {
    case CommandType::hold_job:
        return "scontrol hold " + as_word(command.job);
    case CommandType::release_job:
        return "scontrol release " + as_word(command.job);
    case CommandType::requeue_job:
        return "scontrol requeue " + as_word(command.job);
    default:
        return "scancel " + as_word(command.job);
    }
}

} // namespace

std::string units_text(Amount amount, const model::Component& component) {
    const Wide factor = component.unit_factor.scaled();
    if (factor <= 0)
        return std::to_string(amount);
    // Two digits after the point; a grant of less than one unit would read "0 of 0" with so few.
    const bool small = Wide{amount} * Decimal::kScale < factor * 60;
    const std::int64_t one = small ? 10'000 : 100;
    const auto scaled = narrow(divide_half_up(Wide{amount} * one * Decimal::kScale, factor * 60));
    return scaled ? without_zeros(fixed(*scaled, one, small ? 4 : 2)) : std::to_string(amount);
}

std::string percent_text(std::optional<std::int64_t> hundredths) {
    if (!hundredths)
        return "-";
    return fixed(static_cast<std::int64_t>(divide_half_up(*hundredths, 10)), 10, 1);
}

std::string share_text(std::optional<std::int64_t> hundredths) {
    return hundredths ? percent_text(hundredths) + " %" : "-";
}

std::string moment_text(const Zone& zone, Instant at) {
    const Local local = zone.local(at);
    const auto date = local.date();
    return zone.start_of_day(date) == at ? date_text(date) : local_text(zone, at);
}

void write_line(const std::string& cluster, Command& command) {
    if (is_for_job(command.type)) {
        command.sacctmgr = job_line(command);
        return;
    }
    command.sacctmgr = where(cluster, command);
    switch (command.type) {
    case CommandType::qos:
        command.sacctmgr += "QOS=" + as_word(join(command.qos, ",")) + " DefaultQOS=" +
                            (command.default_qos.empty() ? "-1" : as_word(command.default_qos));
        break;
    case CommandType::limits:
        command.sacctmgr +=
            std::string(model::name(command.limit_type)) + "=" + as_word(limits_list(command));
        break;
    case CommandType::fairshare:
        command.sacctmgr += "fairshare=" + std::to_string(command.shares);
        break;
    case CommandType::reset_usage:
        command.sacctmgr += "RawUsage=0";
        break;
    default:
        break;
    }
}

} // namespace sluice::policy
