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
    Subcommand{"usage", "[ACCOUNT...]", "What the usage is made of: settled, finished, running",
               run_usage},
    Subcommand{"evaluate", "[ACCOUNT...]",
               "Run an evaluation now, or with --dry-run show what it would do", run_evaluate},
    Subcommand{"history", "[ACCOUNT...]", "Evaluations on record", run_history},
    Subcommand{"commands", "[ACCOUNT...]", "Changes made in Slurm", run_commands},
    Subcommand{"override", "set ACCOUNT STANDING | list [ACCOUNT...] | clear ID|ACCOUNT",
               "Pin an account to a standing for a while", run_override},
    Subcommand{"adjust", "add ACCOUNT COMPONENT=UNITS... | list [ACCOUNT...]",
               "Add to the allocation of one period, or take from it", run_adjust},
    Subcommand{"reset", "--period ACCOUNT...",
               "Judge accounts anew, as if their period had just begun", run_reset},
    Subcommand{"clock", "[accept]", "What the daemon's clock was compared with; confirm its time",
               run_clock},
    Subcommand{"cleanup", "", "Remove old evaluations and commands from the journal", run_cleanup},
    Subcommand{"token", "add NAME --role=ROLE | list | remove NAME",
               "Tokens of programs that ask over TCP", run_token},
    Subcommand{"plugins", "", "The plugins that are connected and what they have", run_plugins},
    Subcommand{"doctor", "", "Why does it not act? Checks everything, tells what to do",
               run_doctor},
    Subcommand{"outbox", "[list | retry NUMBER... | drop NUMBER...]",
               "What waits to be told to Waldur, by mail or to a webhook", run_outbox},
    Subcommand{"simulate", "FILE", "Run policies over a scripted timeline, without Slurm",
               run_simulate},
    Subcommand{"preview", "[FILE]",
               "Thresholds, carryover and the dates at which they will be crossed", run_preview},
    Subcommand{"notify", "--test [FILE]", "What the notices to people look like", run_notify},
    Subcommand{"help", "[SUBCOMMAND]", "This list, or the help of a subcommand", run_help},
    Subcommand{"version", "", "Versions of this program and of the daemon", run_version},
};

} // namespace

std::span<const Subcommand> subcommands() {
    return kSubcommands;
}

} // namespace sluice::cli
