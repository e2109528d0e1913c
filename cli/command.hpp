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

namespace sluice::cli {

// What the program was started with. Files are not closed here.
struct Context {
    const Clock& clock;
    std::FILE* out;
    std::FILE* err;
    std::string socket; // of the daemon
    std::string format; // SLUICE_FORMAT: the columns of `status`
    bool quiet = false; // -Q before the subcommand
    int verbose = 0;    // -v before the subcommand
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
void print(const Context& context, std::string_view text);

} // namespace sluice::cli
