// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of sluiced.
#pragma once

#include "common/base/log.hpp"
#include "common/base/result.hpp"

#include <string>

namespace sluice::app {

struct Options {
    enum class Task { run, check, import_site_agent, version, help };

    Task task = Task::run;
    std::string file = SLUICE_SYSCONFDIR "/sluiced.yaml";
    std::string import_file;
    bool foreground = false;
    log::Level level = log::Level::info;
};

// malformed: unknown option or argument; the text says how to get help.
Result<Options> parse_options(int argc, char** argv);
std::string usage_text();

} // namespace sluice::app
