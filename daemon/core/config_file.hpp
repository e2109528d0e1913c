// SPDX-License-Identifier: GPL-2.0-or-later
// What staff can do with the configuration file of the running daemon.
#pragma once

#include "common/base/result.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/ports/operator.hpp"

#include <memory>
#include <string>
#include <vector>

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
    // The rules of `cluster` after a reload with this change. Errors as those of change().
    virtual Result<std::shared_ptr<const Rules>>
    would_be(const ports::RuleChange& change, const std::string& cluster, Instant now) = 0;
    // Enters it into the journal and reads the file again; returns its version when the rules are
    // in use. Errors of Operator::change_rule; then nothing is entered.
    virtual Result<std::int64_t> change(const ports::RuleChange& change,
                                        const ports::Person& person) = 0;
    virtual Result<std::vector<ports::RuleVersion>> entries() = 0;
    // Reads the file again, as SIGHUP does, and returns when its rules are in use.
    virtual Result<void> reload() = 0;
};

} // namespace sluice::core
