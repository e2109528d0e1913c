// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice evaluate`: the very cycle that the timer runs, now; with --dry-run up to the point where
// it would change something.
#include "cli/cycle_text.hpp"
#include "cli/report.hpp"
#include "cli/subcommands.hpp"

namespace sluice::cli {
int run_evaluate(const Context& context, int argc, char** argv) {
    const auto parsed = parse_options(context, *find_subcommand("evaluate"),
                                      kJson | kAccounts | kDryRun | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    json::Value body = json::Value::object();
    body.set("dry_run", parsed.options.dry_run).set("accounts", parsed.options.accounts);
    trace(parsed.context,
          "POST /api/v1/evaluate " + body.compact() + " on " + parsed.context.socket);
    auto answer = client(parsed.context).post("/api/v1/evaluate", body);
    if (!answer)
        return complain(parsed.context, answer.error());
    for_people(parsed, *answer);
    const std::string error = (*answer)["cycle"]["error"].text();
    if (parsed.options.json)
        print_json(parsed, *answer);
    else if (error.empty())
        print(parsed.context, cycle_text(parsed, *answer));
    // The rest of the answer is then of the last good cycle: `sluice status` shows that.
    if (!error.empty())
        return complain(parsed.context, "the evaluation failed: " + error);
    return any_failed(*answer) ? kFailed : kOk;
}

} // namespace sluice::cli
