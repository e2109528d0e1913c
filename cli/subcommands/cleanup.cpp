// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice cleanup`: what retention does once a day, now or with another limit. The ledger stays.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

namespace sluice::cli {

int run_cleanup(Parsed parsed) {
    json::Value body = json::Value::object();
    body.set("dry_run", parsed.options.dry_run);
    if (const auto* before = parsed.options.value("before"))
        body.set("before", *before);
    const auto answer = client(parsed.context).post("/api/v1/cleanup", body);
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    print(parsed.context, counted((*answer)["evaluations"].integer(), "evaluation") + " and " +
                              counted((*answer)["commands"].integer(), "command") +
                              " from before " +
                              local_time(answer->view(), "before", zone_of(*answer)) +
                              (parsed.options.dry_run ? " would be deleted.\n" : " deleted.\n"));
    return kOk;
}

} // namespace sluice::cli
