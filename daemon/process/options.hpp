// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sluiced, and what it prints there for the person who started it. Its log:
// common/base/log.
#pragma once

#include "common/base/log.hpp"
#include "common/base/printable.hpp"
#include "common/base/result.hpp"

#include <ostream>
#include <string>
#include <string_view>

namespace sluice::core {

struct Options {
    enum class Task { run, check, import_site_agent, remove_entry, version, help };

    Task task = Task::run;
    std::string file = SLUICE_SYSCONFDIR "/sluiced.yaml";
    std::string import_file;
    std::string entry; // remove_entry: policy/NAME or allocation/ACCOUNT
    std::string reason;
    bool foreground = false;
    bool plan = false; // check: also what a reload would change
    log::Level level = log::Level::info;
};

// malformed: unknown option or argument; the text names sluiced -h.
Result<Options> parse_options(int argc, char** argv);
std::string usage_text();

// With a line end. Escapes in names and in errors of other programs do not reach the terminal.
inline void say(std::ostream& out, std::string_view text) {
    out << printable(text, Breaks::kept) << '\n';
}

} // namespace sluice::core
