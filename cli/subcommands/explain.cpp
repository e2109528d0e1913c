// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice explain ACCOUNT`: the derivation of its figures, in sentences that the daemon wrote.
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {

int run_explain(Parsed parsed) {
    const auto& accounts = parsed.options.accounts;
    if (const auto* job = parsed.options.value("job")) {
        if (!accounts.empty() || job->empty())
            return complain(parsed.context,
                            "--job takes the number of a job and no account; usage: "
                            "sluice explain --job=ID");
        return explain_job(parsed, *job);
    }
    if (accounts.empty())
        return complain(parsed.context, "no account given; usage: sluice explain ACCOUNT...");
    if (accounts.size() > 1 && parsed.options.json)
        return complain(parsed.context, "--json takes one account at a time");
    for (const auto& account : accounts) {
        const auto answer = ask(parsed, "/api/v1/accounts/" + percent_encoded(account));
        if (!answer)
            return complain(parsed.context, answer.error());
        if (parsed.options.json)
            return print_json(parsed, *answer);
        if (&account != &accounts.front())
            print(parsed.context, "\n");
        for (const auto& line : (*answer)["explain"].texts())
            print(parsed.context, line + '\n');
    }
    return kOk;
}

} // namespace sluice::cli
