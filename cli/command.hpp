// SPDX-License-Identifier: GPL-2.0-or-later
// What a subcommand is, and how it prints. All output of the program passes print(), complain(),
// warn() or trace().
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// How the caller named the place of the daemon. route.hpp has the rules.
struct Place {
    bool fixed = true;        // Context::socket is named by an option or the environment
    std::string server = {};  // --server, else SLUICE_SERVER; "": the socket, else `conf`
    std::string ca_file = {}; // --ca-file, else SLUICE_CA_FILE
    std::string conf = {};    // path of client.conf; "": none
};

// A daemon may serve several clusters. A command without --cluster runs once for each of them.
struct ClusterRuns {
    std::vector<std::string> clusters; // named by the daemon; empty: one cluster, or --cluster
    bool running = false;              // the command runs once for each of them
    bool json = false;
    bool headings = true;
    std::string before;                        // printed before the next output
    std::string server;                        // that answered first, of several; "": none yet
    std::optional<std::chrono::seconds> watch; // the command runs again after this time
    std::vector<std::string>
        missing; // errors not_found, one for each cluster that lacks the object
};

// What the program was started with. Files are not closed here.
struct Context {
    const Clock& clock;
    std::FILE* out;
    std::FILE* err;
    std::string socket;          // of the daemon
    std::string format;          // SLUICE_FORMAT: the columns of `status`
    bool quiet = false;          // -Q before the subcommand
    int verbose = 0;             // -v before the subcommand
    std::string cluster = {};    // -M; "": all clusters that the daemon serves
    ClusterRuns* runs = nullptr; // not owned; nullptr: several clusters are an error
    std::size_t terminal = 0;    // columns of the terminal that `out` is; 0: none
    bool colour = false;         // for that terminal
    Place place = {};
};

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;

struct Parsed; // options.hpp

struct Subcommand {
    const char* name;
    const char* arguments;     // "[ACCOUNT...]"; several forms: one a line
    const char* summary;       // imperative, without a full stop
    std::uint64_t groups;      // of options, see options.hpp
    int (*run)(Parsed parsed); // returns the exit code
};

// "sluice: error: ..." on context.err; returns kFailed.
int complain(const Context& context, std::string_view what);
int complain(const Context& context, const Error& error);
// "sluice: warning: ...", unless quiet.
void warn(const Context& context, std::string_view what);
// "sluice: ...", unless quiet.
void note(const Context& context, std::string_view what);
// "sluice: ...", with -v.
void trace(const Context& context, std::string_view what);
void print(const Context& context, std::string_view text);
// With codes of colours. REQUIRES: printable() but for these
void print_coloured(const Context& context, std::string_view text);

} // namespace sluice::cli
