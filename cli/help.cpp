// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice help` and `sluice version`.
#include "cli/options.hpp"
#include "cli/report.hpp"
#include "cli/subcommands.hpp"

#include "config.h"

#include <algorithm>

namespace sluice::cli {

std::string overview() {
    std::string out = "Usage: sluice [OPTIONS] SUBCOMMAND [OPTIONS] [ARGUMENTS]\n\nSubcommands:\n";
    for (const auto& each : subcommands()) {
        std::string left = std::string("  ") + each.name + " " + each.arguments;
        left.resize(std::max<std::size_t>(left.size() + 2, 26), ' ');
        out += left + each.summary + '\n';
    }
    out += "\nOptions before the subcommand: --socket=PATH, -M CLUSTER, -Q, -v, -h, -V.\n"
           "`sluice SUBCOMMAND --help` tells the options of one, sluice(1) the rest.\n"
           "Environment: SLUICE_SOCKET, SLUICE_FORMAT.\n";
    return out;
}

int run_help(const Context& context, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') {
        print(context, overview());
        return kOk;
    }
    const Subcommand* found = find_subcommand(argv[1]);
    if (found == nullptr)
        return complain(context, std::string("unknown subcommand '") + argv[1] +
                                     "' (sluice help lists them)");
    if (found->run == run_help) {
        print(context, overview());
        return kOk;
    }
    std::string name = found->name;
    std::string help = "--help";
    char* words[] = {name.data(), help.data(), nullptr};
    return found->run(context, 2, words);
}

int run_version(const Context& context, int argc, char** argv) {
    const auto parsed = parse_options(context, *find_subcommand("version"), kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    print(parsed.context, "sluice " PACKAGE_VERSION "\n");
    auto info = client(parsed.context).get("/api/v1/info");
    if (!info) {
        // Asking for the version of a program must work without the other one.
        warn(parsed.context, info.error().context);
        return kOk;
    }
    for_people(parsed, *info);
    print(parsed.context, "sluiced " + (*info)["info"]["version"].text("?") + "\n");
    return kOk;
}

} // namespace sluice::cli
