// SPDX-License-Identifier: GPL-2.0-or-later
// Port: policies and allocations that staff set in the running daemon, with all their versions.
// Adapter: SQLite.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/rule_entry.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::ports {

constexpr std::size_t kMaxRuleText = 64 * 1024; // bytes of one entry
constexpr std::size_t kMaxRules = 20'000;       // entries in force
constexpr std::size_t kMaxRuleVersions = 100;   // of a name; older ones go

struct RuleVersion {
    model::RuleEntry entry; // `text` is "" for a removal
    bool removed = false;
    std::string by;
    std::string reason;
    Instant at{};
};

// Thread-safe. unavailable as for the journal.
class RuleStore {
public:
    RuleStore() = default;
    RuleStore(const RuleStore&) = delete;
    RuleStore& operator=(const RuleStore&) = delete;
    virtual ~RuleStore() = default;

    // Those in force, by kind and name.
    virtual Result<std::vector<RuleVersion>> rules() = 0;
    // Of one name, newest first; empty: it was never set.
    virtual Result<std::vector<RuleVersion>> versions(model::RuleKind kind,
                                                      const std::string& name) = 0;
    // One transaction. entry.version is the one that it replaces (0: none is in force); the result
    // is its own. conflict: another one is in force. overflow: too many, or a text too long.
    virtual Result<std::int64_t> add(const RuleVersion& next) = 0;
};

} // namespace sluice::ports
