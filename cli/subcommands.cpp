// SPDX-License-Identifier: GPL-2.0-or-later
// The one list of subcommands; help, completion test and dispatch read it.
#include "cli/subcommands.hpp"

#include "cli/command.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kSubcommands{
    Subcommand{"status", "[ACCOUNT...]", "Usage, standing and period of the accounts", run_status},
    Subcommand{"balance", "[ACCOUNT...]", "What you have used, what is left, and until when",
               run_balance},
    Subcommand{"explain", "ACCOUNT", "How an account's figures came about", run_explain},
    Subcommand{"evaluate", "[ACCOUNT...]",
               "Run a turn now, or with --dry-run show what it would do", run_evaluate},
    Subcommand{"history", "[ACCOUNT...]", "Evaluations on record", run_history},
    Subcommand{"commands", "[ACCOUNT...]", "Changes made in Slurm", run_commands},
    Subcommand{"gate", "", "The plugins that are connected and what they have", run_gate},
    Subcommand{"simulate", "FILE", "Run policies over a scripted timeline, without Slurm",
               run_simulate},
    Subcommand{"preview", "[FILE]",
               "Thresholds, carryover and the dates at which they will be crossed", run_preview},
    Subcommand{"help", "[SUBCOMMAND]", "This list, or the help of a subcommand", run_help},
    Subcommand{"version", "", "Versions of this program and of the daemon", run_version},
};

} // namespace

std::span<const Subcommand> subcommands() {
    return kSubcommands;
}

} // namespace sluice::cli
