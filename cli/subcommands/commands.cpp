// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice commands`: what was changed in Slurm, newest first.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

#include <cstdio>

namespace sluice::cli {
namespace {

std::string result_cell(const Record& record, const char* field) {
    const auto success = record[field];
    if (!success.is_bool())
        return "open";
    if (!success.boolean())
        return "failed";
    return record["confirmed"].is_null() ? "sent" : "done";
}

std::string seconds_cell(const Record& record, const char* field) {
    const auto milliseconds = record[field];
    if (!milliseconds.is_integer())
        return "";
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", static_cast<double>(milliseconds.integer()) / 1000);
    return text;
}

constexpr Column kCommandsColumns[] = {
    {"id", "ID", 10, "number of the record"},
    {"time", "Requested", 25, "when the evaluation requested it", time_cell, "requested"},
    {"finished", "Finished", 25, "when slurmdbd or slurmctld responded", time_cell},
    {"confirmed", "Confirmed", 25, "when slurmctld used the new value", time_cell},
    {"delay", "Delay", 8, "seconds from the request until slurmctld used the new value",
     seconds_cell, "confirm_delay_ms"},
    {"account", "Account", 24, "account in Slurm"},
    {"type", "Type", 12,
     "qos, limits, fairshare, reset_usage, or hold, release, cancel or requeue of a job"},
    {"result", "Result", 8,
     "done; sent: slurmctld does not use the new value yet; failed; open: unknown", result_cell,
     "success"},
    {"reason", "Reason", 24, "reason for the command"},
    {"description", "Description", 100, "the command in words"},
    {"error", "Error", 60, "error of a failed command"},
    {"execution", "Execution", 12, "production or emulator", text_cell, "execution_mode"},
    {"sacctmgr", "Sacctmgr", 200, "equivalent sacctmgr line, ready to paste"},
};
constexpr const char* kCommandsShown = "id,time,account,type,result,description";

} // namespace

int run_commands(Parsed parsed) {
    auto query = parameters(parsed.options);
    if (parsed.options.failed)
        query.emplace_back("only", "failed");
    return run_records(
        parsed,
        {kCommandsColumns, kCommandsShown, "/api/v1/commands", {"id", "description,account"}},
        query, "commands");
}

} // namespace sluice::cli
