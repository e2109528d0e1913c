// SPDX-License-Identifier: GPL-2.0-or-later
// The options that all subcommands share, spelt and meant as in sacctmgr, sacct and squeue.
#pragma once

#include "cli/command.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// Groups of options a subcommand takes, to be or-ed. Help, version, verbosity and the socket are
// always taken.
enum Group : unsigned {
    kTable = 1,       // -n -p -P --delimiter -o --helpformat
    kJson = 2,        // --json
    kAccounts = 4,    // -A and ACCOUNT arguments
    kUser = 8,        // -u
    kLimit = 16,      // -l
    kDryRun = 32,     // --dry-run
    kCluster = 64,    // -M
    kSocket = 128,    // --socket
    kFile = 256,      // one FILE argument
    kFigures = 512,   // --allocation and the other figures of a preview
    kWords = 1024,    // arguments as typed, in Options::words
    kReason = 2048,   // --reason
    kSpan = 4096,     // --from, --until
    kLabel = 8192,    // --period=LABEL
    kPeriod = 16384,  // --period, without a value
    kBefore = 32768,  // --before
    kAll = 65536,     // --all
    kRole = 131072,   // --role
    kTest = 262144,   // --test
    kByUser = 524288, // --by-user
};

struct Options {
    bool noheader = false;
    bool parsable = false;  // trailing delimiter
    bool parsable2 = false; // none
    std::string delimiter = "|";
    std::string format;
    bool helpformat = false;
    bool json = false;
    std::vector<std::string> accounts; // -A, then arguments
    std::string user;
    std::optional<std::size_t> limit;
    bool dry_run = false;
    std::string file;
    std::vector<std::string> words;
    bool period = false;
    bool all = false;
    bool test = false;
    bool by_user = false;
    std::map<std::string, std::string> figures; // option's name -> value as typed
};

struct Parsed {
    Context context; // with the subcommand's own -Q, -v, --socket applied
    Options options;
    std::optional<int> done; // help or version was printed, or an error: exit with this
};

// REQUIRES: argv[0] is `self.name`.
Parsed parse_options(const Context& context, const Subcommand& self, unsigned groups, int argc,
                     char** argv);
// The text of `sluice NAME --help`.
std::string help_text(const Subcommand& self, unsigned groups);

} // namespace sluice::cli
