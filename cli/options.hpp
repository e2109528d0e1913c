// SPDX-License-Identifier: GPL-2.0-or-later
// The options of all subcommands, with the names and meanings of sacctmgr, sacct and squeue.
#pragma once

#include "cli/command.hpp"
#include "cli/table.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// Groups of options that a subcommand takes, to be or-ed. Every subcommand takes --help, --usage,
// --version, -Q and -v.
enum Group : std::uint64_t {
    kTable = 1,           // -n -p -P --delimiter -o --helpformat
    kJson = 2,            // --json
    kAccounts = 4,        // -A and ACCOUNT arguments
    kUser = 8,            // -u
    kLimit = 16,          // -l
    kDryRun = 32,         // --dry-run
    kCluster = 64,        // -M
    kSocket = 128,        // --socket, --server, --ca-file
    kFile = 256,          // one FILE argument
    kFigures = 512,       // --allocation and the other figures of `preview`
    kWords = 1024,        // arguments as typed, in Options::words
    kReason = 2048,       // --reason
    kSpan = 4096,         // --from, --until
    kLabel = 8192,        // --period=LABEL
    kPeriod = 16384,      // --period, without a value
    kBefore = 32768,      // --before
    kAll = 65536,         // --all
    kRole = 131072,       // --role
    kTest = 262144,       // --test, --send-test
    kByUser = 524288,     // --by-user
    kSync = 1048576,      // --sync
    kFilter = 2097152,    // --standing, --policy, --parent, --sort, --total, --tree
    kResult = 4194304,    // --failed
    kConfig = 8388608,    // --config
    kConfirm = 16777216,  // --confirm
    kRange = 33554432,    // -S, -E
    kPast = 67108864,     // --period=LABEL of a record or of usage
    kWatch = 134217728,   // --watch
    kJob = 268435456,     // --job
    kLogin = 1073741824,  // --login
    kPreset = 536870912,  // --preset
    kReplay = 2147483648, // --from, --until of a replay
    kSbatch = 4294967296, // words are options of sbatch, but for our own long options
};

struct Options {
    Style style; // -n, -p, -P, --delimiter
    bool helpformat = false;
    bool json = false;
    bool dry_run = false;
    bool period = false;
    bool all = false;
    bool test = false;
    bool by_user = false;
    bool sync = false;
    bool failed = false;
    bool confirm = false;
    bool login = false;
    bool no_carryover = false;
    bool show_reason = false;
    bool total = false;
    bool tree = false;
    std::vector<std::string> accounts; // -A, then arguments
    std::optional<std::size_t> limit;
    std::string file;
    std::vector<std::string> words;
    std::map<std::string, std::string, std::less<>> values; // other options with a value, as typed

    // nullptr: not given.
    const std::string* value(std::string_view option) const {
        const auto found = values.find(option);
        return found == values.end() ? nullptr : &found->second;
    }
};

struct Parsed {
    const Subcommand& self;
    Context context; // with the subcommand's own -Q, -v, -M, --socket and --server applied
    Options options;
    std::optional<int> done; // help or version was printed, or an error: exit with this
};

// REQUIRES: argv[0] is `self.name`, as getopt_long expects
Parsed parse_options(const Context& context, const Subcommand& self, int argc, char** argv);
// An option, for completion.
struct OptionHelp {
    std::string name;
    char letter = 0; // 0: none
    bool valued = false;
    std::string argument; // "TIME"; "": none
    std::string help;
    std::string
        words; // that its value may be, separated by blanks; or "@accounts": see complete.cpp
};
std::vector<OptionHelp> options_of(std::uint64_t groups);
// What `sluice NAME --help` prints.
std::string help_text(const Subcommand& self);

} // namespace sluice::cli
