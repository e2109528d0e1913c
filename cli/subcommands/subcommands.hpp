// SPDX-License-Identifier: GPL-2.0-or-later
// The subcommands. A new one: a file NAME.cpp with run_NAME, its declaration here, and its row in
// subcommands.cpp. Each is called with its options parsed and returns the exit code.
#pragma once

#include "cli/options.hpp"
#include "common/json/json.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace sluice::cli {

inline constexpr std::size_t kMaxConfig = 4 * 1024 * 1024; // a sluiced.yaml, as sluiced reads it

int run_adjust(Parsed parsed);
int run_balance(Parsed parsed);
int run_cleanup(Parsed parsed);
int run_clock(Parsed parsed);
int run_commands(Parsed parsed);
int run_doctor(Parsed parsed);
int run_evaluate(Parsed parsed);
int run_explain(Parsed parsed);
int run_help(Parsed parsed);
int run_history(Parsed parsed);
int run_notify(Parsed parsed);
int run_outbox(Parsed parsed);
int run_override(Parsed parsed);
int run_plugins(Parsed parsed);
int run_preview(Parsed parsed);
int run_queue(Parsed parsed);
int run_quote(Parsed parsed);
int run_release(Parsed parsed);
int run_reload(Parsed parsed);
int run_policy(Parsed parsed);
int run_grant(Parsed parsed);
int run_reset(Parsed parsed);
int run_simulate(Parsed parsed);
int run_status(Parsed parsed);
int run_token(Parsed parsed);
int run_usage(Parsed parsed);
int run_version(Parsed parsed);
int run_waldur(Parsed parsed);
int run_web(Parsed parsed);

// `balance --login`: one line when an account of the caller is warned or worse, else nothing.
int run_login_line(Parsed parsed);
// `answer` as GET /api/v1/balances gives it, made printable; "": all accounts are normal.
std::string login_line(const json::Value& answer);

// `sluice explain --job=ID`
int explain_job(const Parsed& parsed, const std::string& id);

// In the order of `sluice help`.
std::span<const Subcommand> subcommands();
// nullptr: unknown.
const Subcommand* find_subcommand(std::string_view name);
// Parses the options and runs the subcommand. REQUIRES: argv[0] is its name
int run_subcommand(const Subcommand& self, const Context& context, int argc, char** argv);
// "unknown subcommand 'statsu'; did you mean 'status'?"; returns kFailed.
int unknown_subcommand(const Context& context, const std::string& word);
// What `sluice help` prints.
std::string overview();

} // namespace sluice::cli
