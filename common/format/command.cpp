// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/command.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/model/facts.hpp"

namespace sluice::format {

using model::Command;
using model::CommandType;

namespace {

// A name in Slurm can hold anything, and people paste this line. Unprintable characters are written
// as bash reads them.
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

std::string modify(const std::string& cluster, const Command& command) {
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

} // namespace

std::string command_line(const std::string& cluster, const Command& command) {
    switch (command.type) {
    case CommandType::qos:
        return modify(cluster, command) + "QOS=" + as_word(join(command.qos, ",")) +
               " DefaultQOS=" + (command.default_qos.empty() ? "-1" : as_word(command.default_qos));
    case CommandType::limits:
        return modify(cluster, command) + std::string(model::name(command.limit_type)) + "=" +
               as_word(limits_list(command));
    case CommandType::submit_limit: {
        const auto value = command.limits.begin()->second;
        return modify(cluster, command) +
               "GrpSubmitJobs=" + (value ? std::to_string(*value) : "-1");
    }
    case CommandType::fairshare:
        return modify(cluster, command) + "fairshare=" + model::shares_text(command.shares);
    case CommandType::reset_usage:
        return modify(cluster, command) + "RawUsage=0";
    case CommandType::hold_job:
        return "scontrol hold " + as_word(command.job);
    case CommandType::release_job:
        return "scontrol release " + as_word(command.job);
    case CommandType::set_job_qos:
        return "scontrol update JobId=" + as_word(command.job) +
               " QOS=" + as_word(join(command.qos, ","));
    case CommandType::requeue_job:
        return "scontrol requeue " + as_word(command.job);
    case CommandType::cancel_job:
        break;
    }
    return "scancel " + as_word(command.job);
}

} // namespace sluice::format
