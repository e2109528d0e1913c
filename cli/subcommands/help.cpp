// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice help` and `sluice version`.
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

#include "config.h"

namespace sluice::cli {

int run_help(Parsed parsed) {
    if (parsed.options.words.empty()) {
        print(parsed.context, overview());
        return kOk;
    }
    const auto* found = find_subcommand(parsed.options.words.front());
    if (found == nullptr)
        return unknown_subcommand(parsed.context, parsed.options.words.front());
    print(parsed.context, help_text(*found));
    return kOk;
}

int run_version(Parsed parsed) {
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
