// SPDX-License-Identifier: GPL-2.0-or-later
// The program `sluice`: environment, global options, dispatch. Everything else is in the
// subcommands.
#include "cli/complete.hpp"
#include "cli/options.hpp"
#include "cli/subcommands/subcommands.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace sluice;
using namespace sluice::cli;

std::string environment(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : fallback;
}

// Options before the subcommand end at the first word that is no option.
int leading_options(int argc, char** argv) {
    int at = 1;
    while (at < argc && argv[at][0] == '-' && std::strcmp(argv[at], "--") != 0) {
        const bool valued =
            std::strcmp(argv[at], "--socket") == 0 || std::strcmp(argv[at], "--server") == 0 ||
            std::strcmp(argv[at], "--ca-file") == 0 || std::strcmp(argv[at], "--cluster") == 0 ||
            std::strcmp(argv[at], "-M") == 0;
        at += valued ? 2 : 1;
    }
    return at < argc ? at : argc;
}

// As squeue: the answer of each cluster under its name.
int run_each_cluster(const Subcommand& subcommand, Context context, int argc, char** argv) {
    ClusterRuns& runs = *context.runs;
    runs.running = true;
    int worst = kOk;
    std::size_t shown = 0;
    for (const auto& cluster : runs.clusters) {
        if (runs.json)
            runs.before = shown == 0 ? "{\"clusters\": [\n" : ",\n";
        else if (runs.headings)
            runs.before = (shown == 0 ? "CLUSTER: " : "\nCLUSTER: ") + cluster + '\n';
        context.cluster = cluster;
        const std::size_t missing = runs.missing.size();
        const int code = run_subcommand(subcommand, context, argc, argv);
        if (runs.missing.size() > missing)
            continue;
        worst = std::max(worst, code);
        shown += runs.before.empty() ? 1U : 0U;
    }
    runs.before.clear();
    if (runs.json && shown > 0)
        print(context, "]}\n");
    runs.running = false;
    if (runs.missing.size() == runs.clusters.size())
        return complain(context, runs.missing.front());
    return worst;
}

int run(const Context& context, int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "__complete") == 0)
        return complete(context, std::vector<std::string>(argv + 2, argv + argc));
    static constexpr Subcommand kSelf{"", "SUBCOMMAND [ARGUMENTS]", "", kSocket | kCluster,
                                      nullptr};
    const int at = leading_options(argc, argv);
    const auto parsed = parse_options(context, kSelf, at, argv);
    if (parsed.done)
        return *parsed.done;
    if (at == argc) {
        std::fputs(overview().c_str(), context.err);
        return kFailed;
    }
    const Subcommand* found = find_subcommand(argv[at]);
    if (found == nullptr)
        return unknown_subcommand(context, argv[at]);
    ClusterRuns& runs = *context.runs;
    for (;;) {
        int code = run_subcommand(*found, parsed.context, argc - at, argv + at);
        if (!runs.clusters.empty())
            code = run_each_cluster(*found, parsed.context, argc - at, argv + at);
        if (!runs.watch || std::fflush(context.out) != 0)
            return code;
        std::this_thread::sleep_for(*runs.watch);
        const auto watch = runs.watch;
        runs = {};
        runs.watch = watch;
    }
}

// 0: standard output is no terminal.
std::size_t terminal_columns() {
    winsize size{};
    if (::isatty(STDOUT_FILENO) != 1)
        return 0;
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

} // namespace

int main(int argc, char** argv) {
    const SystemClock clock;
    ClusterRuns runs;
    const std::string socket = environment("SLUICE_SOCKET", "");
    const std::size_t terminal = terminal_columns();
    const bool colour = terminal != 0 && environment("NO_COLOR", "").empty() &&
                        environment("TERM", "dumb") != "dumb";
    const Context context{clock,
                          stdout,
                          stderr,
                          socket.empty() ? SLUICE_RUNDIR "/sluiced.sock" : socket,
                          environment("SLUICE_FORMAT", ""),
                          false,
                          0,
                          "",
                          &runs,
                          terminal,
                          colour,
                          {!socket.empty(), environment("SLUICE_SERVER", ""),
                           environment("SLUICE_CA_FILE", ""),
                           environment("SLUICE_CLIENT_CONF", SLUICE_SYSCONFDIR "/client.conf")}};
    try {
        int code = run(context, argc, argv);
        // `sluice status | head` is no error; a full disk is.
        if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && errno != EPIPE)
            code =
                complain(context, std::string("cannot write the output: ") + std::strerror(errno));
        return code;
    } catch (const std::exception& fault) {
        return complain(context, fault.what());
    }
}
