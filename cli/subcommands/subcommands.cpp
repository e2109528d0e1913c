// SPDX-License-Identifier: GPL-2.0-or-later
// The one list of subcommands; help, completion test and dispatch read it.
#include "cli/subcommands/subcommands.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <utility>

namespace sluice::cli {
namespace {

constexpr unsigned kDaemon = kCluster | kSocket;

constexpr Subcommand kSubcommands[] = {
    {"status", "[ACCOUNT...]", "Show usage, limits and standing of accounts",
     kTable | kJson | kAccounts | kUser | kDaemon | kFilter | kWatch, run_status},
    {"balance", "[ACCOUNT...]", "Show what your accounts have used and what is left",
     kTable | kJson | kAccounts | kUser | kDaemon | kLogin | kWatch, run_balance},
    {"explain",
     "ACCOUNT...\n"
     "--job=ID",
     "Explain the figures and the standing of an account, or why a job waits",
     kJson | kAccounts | kJob | kDaemon, run_explain},
    {"queue", "[ACCOUNT...]", "List the queued jobs that wait because of Sluice",
     kTable | kJson | kAccounts | kUser | kDaemon | kWatch, run_queue},
    {"quote", "[SBATCH-OPTION...] [SCRIPT|-]",
     "Show what a job would cost and whether slurmctld would accept it",
     kJson | kDaemon | kWords | kSbatch, run_quote},
    {"usage", "[ACCOUNT...]", "Show usage by source: hourly rollups, finished jobs, running jobs",
     kTable | kJson | kAccounts | kByUser | kDaemon | kWatch | kPast, run_usage},
    {"evaluate", "[ACCOUNT...]", "Run an evaluation now, or show its effect with --dry-run",
     kJson | kAccounts | kDryRun | kConfig | kSync | kDaemon, run_evaluate},
    {"history", "[ACCOUNT...]", "List past evaluations",
     kTable | kJson | kAccounts | kLimit | kDaemon | kRange | kPast | kWatch, run_history},
    {"commands", "[ACCOUNT...]", "List the changes that Sluice made in Slurm",
     kTable | kJson | kAccounts | kLimit | kDaemon | kResult | kRange | kWatch, run_commands},
    {"override",
     "set ACCOUNT STANDING --until=TIME --reason=TEXT\n"
     "list [ACCOUNT...]\n"
     "clear ID|ACCOUNT --reason=TEXT",
     "Pin accounts to a standing for a limited time",
     kTable | kJson | kLimit | kDaemon | kDryRun | kWords | kReason | kSpan | kAll, run_override},
    {"adjust",
     "add ACCOUNT COMPONENT=UNITS... --reason=TEXT\n"
     "move FROM TO COMPONENT=UNITS... --reason=TEXT\n"
     "list [ACCOUNT...]",
     "Add units to the allocation of one period, take units away, or move them",
     kTable | kJson | kLimit | kDaemon | kDryRun | kWords | kReason | kLabel, run_adjust},
    {"policy",
     "list\n"
     "show NAME\n"
     "set NAME [KEY=VALUE...|FILE] --reason=TEXT\n"
     "remove NAME --reason=TEXT\n"
     "history NAME\n"
     "export [NAME]",
     "Set policies in the running daemon, beside those of sluiced.yaml",
     kTable | kJson | kDaemon | kDryRun | kWords | kReason | kConfirm | kPreset, run_policy},
    {"grant",
     "list\n"
     "set ACCOUNT COMPONENT=UNITS... --reason=TEXT\n"
     "remove ACCOUNT --reason=TEXT\n"
     "history ACCOUNT",
     "Set allocations in the running daemon, beside those of sluiced.yaml",
     kTable | kJson | kDaemon | kDryRun | kWords | kReason | kConfirm, run_grant},
    {"reset", "--period ACCOUNT... --reason=TEXT",
     "Evaluate accounts as if their current period had just begun",
     kJson | kAccounts | kDaemon | kDryRun | kReason | kPeriod, run_reset},
    {"release", "ACCOUNT...|--all --reason=TEXT",
     "Accept that accounts have lost rules, or new rules that wait",
     kJson | kAccounts | kDaemon | kDryRun | kReason | kAll, run_release},
    {"reload", "[--confirm --reason=TEXT]",
     "Read sluiced.yaml again; accept the changes of rules that wait",
     kJson | kDaemon | kReason | kConfirm, run_reload},
    {"clock",
     "\n"
     "accept --reason=TEXT",
     "Compare the clock of sluiced's host with Slurm, or accept its time",
     kJson | kDaemon | kWords | kReason, run_clock},
    {"cleanup", "", "Delete old evaluations and commands from the journal",
     kJson | kSocket | kDryRun | kBefore, run_cleanup},
    {"token",
     "add NAME --role=staff|reader\n"
     "list\n"
     "remove NAME",
     "Manage the tokens for HTTP access over TCP", kTable | kJson | kSocket | kWords | kRole,
     run_token},
    {"web",
     "\n"
     "list\n"
     "end [NUMBER...|--all]",
     "Print a link that opens the web page for you; list and end its sessions",
     kTable | kJson | kSocket | kWords | kAll, run_web},
    {"plugins", "", "List the connected plugins and their snapshots", kTable | kJson | kDaemon,
     run_plugins},
    {"doctor", "", "Check the installation from settings to plugin, print remedies",
     kJson | kDaemon, run_doctor},
    {"outbox",
     "[list]\n"
     "retry NUMBER...\n"
     "drop NUMBER...",
     "List queued messages to Waldur, mail and webhooks; retry or drop them",
     kTable | kJson | kSocket | kWords, run_outbox},
    {"waldur", "", "Show Waldur's last answers, its resources and their accounts",
     kTable | kJson | kSocket, run_waldur},
    {"simulate",
     "FILE\n"
     "[FILE] --from=DATE [--until=DATE]",
     "Run policies over a scripted timeline, without Slurm, or over the usage in slurmdbd",
     kTable | kJson | kFile | kReplay | kDaemon, run_simulate},
    {"preview", "", "Calculate thresholds, carryover and when thresholds are reached",
     kJson | kFigures, run_preview},
    {"notify", "--test [FILE]\n--send-test=ADDRESS", "Print sample notices, or deliver a test mail",
     kTest | kFile | kSocket, run_notify},
    {"help", "[SUBCOMMAND]", "List the subcommands, or show the help of one", kWords, run_help},
    {"version", "", "Show the versions of sluice and sluiced", kSocket, run_version},
};

// Of --watch: the time, on a terminal alone on the screen.
void begin_screen(const Parsed& parsed) {
    if (parsed.options.json || parsed.options.style.separation != Separation::columns)
        return;
    if (parsed.context.terminal != 0)
        print_coloured(parsed.context, "\033[H\033[2J");
    const auto host = Zone::load("");
    print(parsed.context, local_text(host ? *host : Zone(), parsed.context.clock.now()) + '\n');
}

} // namespace

std::span<const Subcommand> subcommands() {
    return kSubcommands;
}

const Subcommand* find_subcommand(std::string_view name) {
    const auto* found = std::find_if(std::begin(kSubcommands), std::end(kSubcommands),
                                     [&](const Subcommand& each) { return name == each.name; });
    return found == std::end(kSubcommands) ? nullptr : found;
}

int run_subcommand(const Subcommand& self, const Context& context, int argc, char** argv) {
    Parsed parsed = parse_options(context, self, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (context.runs != nullptr && context.runs->watch && !context.runs->running)
        begin_screen(parsed);
    return self.run(std::move(parsed));
}

int unknown_subcommand(const Context& context, const std::string& word) {
    std::vector<std::string> known;
    for (const auto& each : kSubcommands)
        known.emplace_back(each.name);
    const std::string near = nearest(word, known);
    return complain(context, "unknown subcommand '" + word + "'" +
                                 (near.empty() ? "; `sluice help` lists the subcommands"
                                               : "; did you mean '" + near + "'?"));
}

std::string overview() {
    std::string out = "Usage: sluice [OPTIONS] SUBCOMMAND [OPTIONS] [ARGUMENTS]\n\nSubcommands:\n";
    for (const auto& each : kSubcommands) {
        std::string left = std::string("  ") + each.name;
        left.resize(12, ' ');
        out += left + each.summary + '\n';
    }
    return out +
           "\n"
           "Options before the subcommand: --server=URL, --socket=PATH, --ca-file=FILE, -M "
           "CLUSTER, -Q,\n"
           "-v, -h, -V.\n"
           "`sluice SUBCOMMAND --help` lists the options of a subcommand; the manual page is\n"
           "sluice(1). Environment: SLUICE_SERVER, SLUICE_CA_FILE, SLUICE_SOCKET, SLUICE_FORMAT.\n";
}

} // namespace sluice::cli
