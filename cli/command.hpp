// SPDX-License-Identifier: GPL-2.0-or-later
// What a subcommand is. A new one: a file cli/NAME.cpp with its run function, one line in
// subcommands.cpp.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// A daemon may serve several clusters. Who names none gets the answers of all, one after the other.
struct Rounds {
    std::vector<std::string> clusters; // told by the daemon; empty: it serves one, or one was named
    bool running = false;              // the command runs once for each of them
    bool json = false;
    bool headings = true;
    std::string before;               // printed before the next output
    std::vector<std::string> missing; // what was not found in a round
};

// What the program was started with. Files are not closed here.
struct Context {
    const Clock& clock;
    std::FILE* out;
    std::FILE* err;
    std::string socket;       // of the daemon
    std::string format;       // SLUICE_FORMAT: the columns of `status`
    bool quiet = false;       // -Q before the subcommand
    int verbose = 0;          // -v before the subcommand
    std::string cluster = {}; // -M: which one requests are about; "": all that are served
    Rounds* rounds = nullptr; // not owned; nullptr: several clusters are an error
};

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;

// argv[0] is the subcommand's name, as getopt_long wants it. Returns the exit code.
using Run = int (*)(const Context& context, int argc, char** argv);

struct Subcommand {
    const char* name;
    const char* arguments; // "[ACCOUNT...]"
    const char* summary;
    Run run;
};

// In the order of `sluice help`.
std::span<const Subcommand> subcommands();
const Subcommand* find_subcommand(std::string_view name);

// "sluice: error: ..." on context.err; returns kFailed.
int complain(const Context& context, std::string_view what);
int complain(const Context& context, const Error& error);
// "sluice: warning: ...", unless quiet.
void warn(const Context& context, std::string_view what);
// "sluice: ...", with -v.
void trace(const Context& context, std::string_view what);
void print(const Context& context, std::string_view text);

} // namespace sluice::cli
