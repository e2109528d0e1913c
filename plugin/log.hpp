// SPDX-License-Identifier: GPL-2.0-or-later
// Where the plugin's lines go: slurmctld's log, or a test. Plain function pointers, so that nothing
// has to be destroyed.
#pragma once

#include "common/base/printable.hpp"

#include <string>

namespace sluice::plugin {

// Thread-safe. One line each, whatever a name in it holds. The prefix "job_submit/sluice: " is
// added by the sink.
struct Log {
    void (*info)(const char* line) = nullptr;
    void (*error)(const char* line) = nullptr;

    void note(const std::string& line) const {
        if (info != nullptr)
            info(printable(line).c_str());
    }
    void fail(const std::string& line) const {
        if (error != nullptr)
            error(printable(line).c_str());
    }
};

} // namespace sluice::plugin
