// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice plugins`: which plugins are connected and what they have.
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kGateColumns{
    Column{"host", "Host", 32, "host of slurmctld"},
    Column{"address", "Address", 32, "where it connects from"},
    Column{"slurm", "Slurm", 12, "version of slurmctld"},
    Column{"version", "Version", 12, "version of the plugin"},
    Column{"sequence", "Sequence", 20, "newest snapshot it has acknowledged"},
    Column{"stored", "Stored", 20, "newest snapshot that is safely in its file"},
    Column{"behind", "Behind", 8, "snapshots that it has not acknowledged yet"},
    Column{"heard", "Heard", 10, "time since its last status"},
    Column{"connected", "Connected", 19, "since when, local time"},
    Column{"admitted", "Admitted", 12, "submissions admitted"},
    Column{"warned", "Warned", 12, "of these with a warning"},
    Column{"refused", "Refused", 12, "submissions refused"},
    Column{"faults", "Faults", 8, "faults caught inside it; the job was admitted"},
    Column{"oversized", "Oversized", 12, "submissions with strings too long to be checked"},
};
constexpr const char* kGateDefault =
    "host,address,slurm,version,sequence,stored,behind,heard,admitted,"
    "warned,refused,faults,oversized";

std::string number_or_dash(json::View value) {
    return std::to_string(value.integer());
}

Row plugin_row(json::View plugin, std::int64_t newest, Instant now) {
    const auto behind = newest - plugin["sequence"].integer();
    return {plugin["host"].text(),
            plugin["address"].text(),
            plugin["slurm_version"].text(),
            plugin["plugin_version"].text(),
            number_or_dash(plugin["sequence"]),
            number_or_dash(plugin["stored_sequence"]),
            std::to_string(behind < 0 ? 0 : behind),
            age(now - instant(plugin["last_heard_epoch"].integer())),
            local_time(plugin, "connected"),
            number_or_dash(plugin["admitted"]),
            number_or_dash(plugin["warned"]),
            number_or_dash(plugin["refused"]),
            number_or_dash(plugin["faults"]),
            number_or_dash(plugin["oversized"])};
}

int show_plugins(const Parsed& parsed, const json::Value& answer, Table sheet) {
    const auto plugin_server = answer["plugin_server"];
    for (const auto& plugin : plugin_server["plugins"].items())
        sheet.rows.push_back(
            plugin_row(plugin, plugin_server["sequence"].integer(), parsed.context.clock.now()));
    if (sheet.rows.empty())
        warn(parsed.context,
             "no plugin is connected; is JobSubmitPlugins=sluice in slurm.conf, slurmctld "
             "restarted since, and Daemon= in its sluice.conf an address that this daemon listens "
             "on (plugin_server: listen:)?");
    remark(parsed, "Newest snapshot " + number_or_dash(plugin_server["sequence"]) + ", " +
                       number_or_dash(plugin_server["rejected_frames"]) + " frames rejected\n\n");
    print(parsed.context, sheet.text());
    return kOk;
}

} // namespace

int run_plugins(const Context& context, int argc, char** argv) {
    const auto parsed = parse_options(context, *find_subcommand("plugins"),
                                      kTable | kJson | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kGateColumns))
        return kOk;
    return run_listing(parsed, {kGateColumns, kGateDefault, "/api/v1/plugins"}, {}, show_plugins);
}

} // namespace sluice::cli
