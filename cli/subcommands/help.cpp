// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice help` and `sluice version`.
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

#include "config.h"

namespace sluice::cli {

int run_help(const Context& context, int argc, char** argv) {
    const bool named = argc > 1 && argv[1][0] != '-';
    const Subcommand* found = named ? find_subcommand(argv[1]) : nullptr;
    if (named && found == nullptr)
        return unknown_subcommand(context, argv[1]);
    if (!named || found->run == run_help) {
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
        // The version of this program must be shown without the daemon, too.
        warn(parsed.context, info.error().context);
        return kOk;
    }
    for_people(parsed, *info);
    print(parsed.context, "sluiced " + (*info)["info"]["version"].text("?") + "\n");
    return kOk;
}

} // namespace sluice::cli
