// SPDX-License-Identifier: GPL-2.0-or-later
// What staff can do with the configuration file of the running daemon.
#pragma once

#include "common/base/result.hpp"
#include "daemon/core/rules.hpp"

#include <memory>
#include <string>

namespace sluice::core {

// Thread-safe.
class ConfigFile {
public:
    ConfigFile() = default;
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;
    virtual ~ConfigFile() = default;

    // The rules of `cluster` after a reload of a file with this text. Errors as those of a reload.
    virtual Result<std::shared_ptr<const Rules>>
    would_be(const std::string& text, const std::string& cluster, Instant now) = 0;
    // Reads the file again, as SIGHUP does, and returns when its rules are in use.
    virtual Result<void> reload() = 0;
};

} // namespace sluice::core
