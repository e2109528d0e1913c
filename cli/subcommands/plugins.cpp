// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice plugins`: the connected plugins, their snapshots and counters.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

#include <algorithm>

namespace sluice::cli {
namespace {

std::string behind_cell(const Record& record, const char* field) {
    const auto behind = record.parent[field].integer() - record.row[field].integer();
    return std::to_string(std::max<std::int64_t>(behind, 0));
}

constexpr Column kPluginColumns[] = {
    {"host", "Host", 32, "host of slurmctld"},
    {"address", "Address", 32, "address that the plugin connects from"},
    {"slurm", "Slurm", 12, "version of slurmctld", text_cell, "slurm_version"},
    {"version", "Version", 12, "version of the plugin", text_cell, "plugin_version"},
    {"sequence", "Sequence", 20, "newest snapshot that the plugin has acknowledged"},
    {"stored", "Stored", 20, "newest snapshot stored in SnapshotFile", text_cell,
     "stored_sequence"},
    {"behind", "Behind", 8, "number of snapshots not acknowledged yet", behind_cell, "sequence"},
    {"seen", "Seen", 10, "time since the last status of the plugin", age_cell, "last_seen"},
    {"connected", "Connected", 25, "connected since", time_cell},
    {"admitted", "Admitted", 12, "submissions admitted"},
    {"warned", "Warned", 12, "submissions admitted with a warning"},
    {"refused", "Refused", 12, "submissions refused"},
    {"faults", "Faults", 8, "internal errors of the plugin; the job was admitted"},
    {"oversized", "Oversized", 12, "submissions with strings too long to check"},
};
constexpr const char* kPluginsShown =
    "host,address,slurm,version,sequence,stored,behind,seen,admitted,warned,refused,faults,"
    "oversized";

int show_plugins(const Parsed& parsed, const json::Value& answer, Table table) {
    const auto server = answer["plugin_server"];
    for (const auto& plugin : server["plugins"].items())
        table.add(plugin, server);
    if (table.empty())
        warn(parsed.context,
             "no plugin is connected; check JobSubmitPlugins=sluice in slurm.conf, restart "
             "slurmctld after a change, and set Daemon= in its sluice.conf to an address of "
             "plugin_server.listen");
    remark(parsed, "Newest snapshot " + std::to_string(server["sequence"].integer()) + ", " +
                       counted(server["rejected_frames"].integer(), "frame") + " rejected\n\n");
    print_table(parsed, table);
    return kOk;
}

} // namespace

int run_plugins(Parsed parsed) {
    return run_listing(parsed, {kPluginColumns, kPluginsShown, "/api/v1/plugins"}, {},
                       show_plugins);
}

} // namespace sluice::cli
