// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin's log: slurmctld's, or a test. Function pointers, so that nothing has to be destroyed.
#pragma once

#include "common/base/printable.hpp"

#include <string>

namespace sluice::plugin {

// Thread-safe. Each text becomes one printable line. The functions add "job_submit/sluice: ".
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
