// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice commands`: what was changed in Slurm, newest first.
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kCommandsColumns{
    Column{"id", "ID", 10, "number of the record"},
    Column{"time", "Requested", 19, "when it was decided, local time"},
    Column{"finished", "Finished", 19, "when it was done, local time"},
    Column{"confirmed", "Confirmed", 19, "when slurmctld showed it in force, local time"},
    Column{"delay", "Delay", 8, "from the decision until slurmctld showed it, seconds"},
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"type", "Type", 12,
           "qos, limits, fairshare, reset_usage, or hold, release, cancel or requeue of a job"},
    Column{"result", "Result", 8,
           "done, failed, sent while slurmctld does not show it yet, open while it is not known"},
    Column{"reason", "Reason", 24, "why"},
    Column{"description", "Description", 60, "what, in a sentence"},
    Column{"error", "Error", 60, "why it failed"},
    Column{"execution", "Execution", 12, "production or emulator"},
    Column{"sacctmgr", "Sacctmgr", 200, "the equivalent sacctmgr line, to read and paste"},
};
constexpr const char* kCommandsDefault = "id,time,account,type,result,reason,description";

std::string result(json::View record) {
    const auto success = record["success"];
    if (!success.is_bool())
        return "open";
    if (!success.boolean())
        return "failed";
    return record["confirmed"].is_null() ? "sent" : "done";
}

std::string delay(json::View record) {
    const auto milliseconds = record["confirm_delay_ms"];
    if (milliseconds.is_null())
        return "";
    const auto value = milliseconds.integer();
    std::string rest = std::to_string(value % 1000);
    return std::to_string(value / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

Row commands_row(json::View record) {
    return {std::to_string(record["id"].integer()),
            local_time(record, "requested"),
            local_time(record, "finished"),
            local_time(record, "confirmed"),
            delay(record),
            record["account"].text(),
            record["type"].text(),
            result(record),
            record["reason"].text(),
            record["description"].text(),
            record["error"].text(),
            record["execution_mode"].text(),
            record["sacctmgr"].text()};
}

} // namespace

int run_commands(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("commands"),
                      kTable | kJson | kAccounts | kLimit | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kCommandsColumns))
        return kOk;
    return run_records(parsed, {kCommandsColumns, kCommandsDefault, "/api/v1/commands"},
                       parameters(parsed.options), "commands",
                       [](json::View record, bool) { return commands_row(record); });
}

} // namespace sluice::cli
