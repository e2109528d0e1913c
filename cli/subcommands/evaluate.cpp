// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice evaluate`: the evaluation of the timer, now; --dry-run stops before any change, with
// --config by the rules of another file; --sync asks Waldur first.
#include "cli/entry.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/files.hpp"

namespace sluice::cli {

int run_evaluate(Parsed parsed) {
    if (parsed.options.sync)
        if (const auto asked =
                client(parsed.context).post("/api/v1/waldur/sync", json::Value::object());
            !asked)
            return complain(parsed.context, "no evaluation, because Waldur gave no answer: " +
                                                asked.error().context +
                                                "; without --sync its last answer is used");
    json::Value body = json::Value::object();
    body.set("dry_run", parsed.options.dry_run).set("accounts", parsed.options.accounts);
    if (const auto* file = parsed.options.value("config")) {
        if (!parsed.options.dry_run)
            return complain(parsed.context, "--config needs --dry-run; to put a file into force, "
                                            "run: sluice reload");
        const auto text = read_file(*file, kMaxConfig);
        if (!text)
            return complain(parsed.context, text.error().context);
        body.set("config", *text);
    }
    return enter(parsed, Method::post, "/api/v1/evaluate", body);
}

} // namespace sluice::cli
