// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice reset --period`: accounts are evaluated as if their current period had just begun.
// `sluice release`: accounts that are held for a change of their rules are released.
// `sluice reload`: the daemon reads its file again, with --confirm followed by a release of all.
#include "cli/entry.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

int enter_for(const Parsed& parsed, const char* path, Headline headline) {
    const auto& accounts = parsed.options.accounts;
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("accounts", accounts);
    if (parsed.options.all)
        body->set("all", true);
    std::string names = accounts.size() == 1 ? "account " : "accounts ";
    names += join(accounts, ", ") + ".";
    if (parsed.options.all)
        names = "all accounts that wait.";
    headline.done += names;
    headline.would += names;
    return enter(parsed, Method::post, path, *body, headline);
}

} // namespace

int run_reset(Parsed parsed) {
    const auto& accounts = parsed.options.accounts;
    if (!parsed.options.period || accounts.empty())
        return complain(parsed.context, "reset needs --period and an account; usage: sluice reset "
                                        "--period ACCOUNT... --reason=TEXT");
    return enter_for(parsed, "/api/v1/resets", {"Period reset: ", "The period would be reset: "});
}

int run_release(Parsed parsed) {
    if (parsed.options.accounts.empty() != parsed.options.all)
        return complain(parsed.context, "release needs accounts, or --all; usage: sluice release "
                                        "ACCOUNT...|--all --reason=TEXT");
    return enter_for(parsed, "/api/v1/releases", {"Released: ", "Would be released: "});
}

int run_reload(Parsed parsed) {
    json::Value body = json::Value::object();
    if (parsed.options.confirm) {
        auto entry = entry_body(parsed);
        if (!entry)
            return kFailed;
        body = std::move(*entry);
    }
    body.set("confirm", parsed.options.confirm);
    return enter(parsed, Method::post, "/api/v1/reload", body,
                 {"The configuration file is read again.", ""});
}

} // namespace sluice::cli
