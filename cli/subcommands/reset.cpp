// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice reset --period`: accounts are evaluated as if their current period had just begun.
#include "cli/entry.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {

int run_reset(Parsed parsed) {
    const auto& accounts = parsed.options.accounts;
    if (!parsed.options.period || accounts.empty())
        return complain(parsed.context, "reset needs --period and an account; usage: sluice reset "
                                        "--period ACCOUNT... --reason=TEXT");
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("accounts", accounts);
    const std::string names =
        (accounts.size() == 1 ? "account " : "accounts ") + join(accounts, ", ");
    return enter(parsed, Method::post, "/api/v1/resets", *body,
                 {"Period reset: " + names + ".", "The period would be reset: " + names + "."});
}

} // namespace sluice::cli
