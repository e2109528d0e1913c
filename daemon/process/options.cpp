// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/options.hpp"

#include <array>
#include <getopt.h>

namespace sluice::core {
namespace {

enum LongOnly { kCheck = 256, kImport, kPlan, kRemoveEntry, kReason };

Error misused(const std::string& text) {
    return {Errc::malformed, text + "; see sluiced -h"};
}

} // namespace

Result<Options> parse_options(int argc, char** argv) {
    static const std::array<option, 11> kLong{{
        {"check", no_argument, nullptr, kCheck},
        {"file", required_argument, nullptr, 'f'},
        {"foreground", no_argument, nullptr, 'D'},
        {"help", no_argument, nullptr, 'h'},
        {"import-site-agent", required_argument, nullptr, kImport},
        {"plan", no_argument, nullptr, kPlan},
        {"reason", required_argument, nullptr, kReason},
        {"remove-entry", required_argument, nullptr, kRemoveEntry},
        {"verbose", no_argument, nullptr, 'v'},
        {"version", no_argument, nullptr, 'V'},
        {nullptr, 0, nullptr, 0},
    }};
    Options options;
    ::optind = 0; // glibc: forget an earlier parse
    ::opterr = 0;
    for (;;) {
        const int found = ::getopt_long(argc, argv, ":Df:hvV", kLong.data(), nullptr);
        if (found == -1)
            break;
        switch (found) {
        case 'D':
            options.foreground = true;
            break;
        case 'f':
            options.file = ::optarg;
            break;
        case 'v':
            options.level = log::Level::debug;
            break;
        case 'V':
            options.task = Options::Task::version;
            return options;
        case 'h':
            options.task = Options::Task::help;
            return options;
        case kCheck:
            options.task = Options::Task::check;
            break;
        case kPlan:
            options.plan = true;
            break;
        case kImport:
            options.task = Options::Task::import_site_agent;
            options.import_file = ::optarg;
            break;
        case kRemoveEntry:
            options.task = Options::Task::remove_entry;
            options.entry = ::optarg;
            break;
        case kReason:
            options.reason = ::optarg;
            break;
        case ':':
            return misused(std::string(argv[::optind - 1]) + " needs a value");
        default:
            return misused("unknown option " + std::string(argv[::optind - 1]));
        }
    }
    if (options.plan && options.task != Options::Task::check)
        return misused("--plan needs --check");
    if (options.task == Options::Task::remove_entry && options.reason.empty())
        return misused("--remove-entry needs --reason TEXT; it is kept with the entry");
    if (options.task != Options::Task::remove_entry && !options.reason.empty())
        return misused("--reason needs --remove-entry");
    if (::optind < argc)
        return misused("unexpected argument " + std::string(argv[::optind]));
    return options;
}

std::string usage_text() {
    return "Usage: sluiced [-D] [-f FILE] [-v]\n"
           "       sluiced --check [--plan] [-f FILE]\n"
           "       sluiced --import-site-agent FILE\n"
           "       sluiced --remove-entry policy/NAME --reason TEXT [-f FILE]\n"
           "Counts what accounts use, decides by policy, and changes QOS and limits in Slurm.\n"
           "\n"
           "  -D, --foreground           stay in the foreground, log to standard error\n"
           "  -f, --file FILE            configuration (default " SLUICE_SYSCONFDIR
           "/sluiced.yaml)\n"
           "  -v, --verbose              log more\n"
           "      --check                report every error of the configuration and exit\n"
           "      --plan                 with --check: show what a reload of FILE would change "
           "(the\n"
           "                             running daemon computes it; needs its rights)\n"
           "      --import-site-agent FILE\n"
           "                             print the sluiced.yaml for a Waldur site agent's file\n"
           "      --remove-entry policy/NAME, allocation/ACCOUNT\n"
           "                             remove it from the journal while sluiced does not run\n"
           "      --reason TEXT          with --remove-entry: why\n"
           "  -V, --version              print the version\n"
           "  -h, --help                 print this\n"
           "\n"
           "SIGHUP reads the configuration again; SIGTERM and SIGINT end the daemon.\n";
}

} // namespace sluice::core
