// SPDX-License-Identifier: GPL-2.0-or-later
// The subcommands. A new one: a file NAME.cpp with run_NAME, its declaration here, and its row in
// subcommands.cpp.
#pragma once

#include "cli/command.hpp"

#include <span>

namespace sluice::cli {

int run_adjust(const Context& context, int argc, char** argv);
int run_balance(const Context& context, int argc, char** argv);
int run_cleanup(const Context& context, int argc, char** argv);
int run_clock(const Context& context, int argc, char** argv);
int run_commands(const Context& context, int argc, char** argv);
int run_doctor(const Context& context, int argc, char** argv);
int run_evaluate(const Context& context, int argc, char** argv);
int run_explain(const Context& context, int argc, char** argv);
int run_help(const Context& context, int argc, char** argv);
int run_history(const Context& context, int argc, char** argv);
int run_notify(const Context& context, int argc, char** argv);
int run_outbox(const Context& context, int argc, char** argv);
int run_override(const Context& context, int argc, char** argv);
int run_plugins(const Context& context, int argc, char** argv);
int run_preview(const Context& context, int argc, char** argv);
int run_reset(const Context& context, int argc, char** argv);
int run_simulate(const Context& context, int argc, char** argv);
int run_status(const Context& context, int argc, char** argv);
int run_token(const Context& context, int argc, char** argv);
int run_usage(const Context& context, int argc, char** argv);
int run_version(const Context& context, int argc, char** argv);

// In the order of `sluice help`.
std::span<const Subcommand> subcommands();
// nullptr when there is none.
const Subcommand* find_subcommand(std::string_view name);
// "unknown subcommand 'statsu'; did you mean 'status'?"; returns kFailed.
int unknown_subcommand(const Context& context, const std::string& word);
// What `sluice help` prints.
std::string overview();

} // namespace sluice::cli
