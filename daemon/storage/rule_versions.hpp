// SPDX-License-Identifier: GPL-2.0-or-later
// Table rule_version: policies and allocations that staff set. Through the journal's two
// connections. Thread-safe.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/rule_store.hpp"
#include "daemon/storage/memory_rows.hpp"

#include <string>
#include <vector>

namespace sluice::storage {

// Those in force in the journal `path`, read only. unavailable: it is locked, since its sluiced
// runs, or cannot be read.
Result<std::vector<ports::RuleVersion>> stored_rules(const std::string& path);

class SqliteRules final : public ports::RuleStore {
public:
    // Both must outlive it.
    SqliteRules(Guarded<Writer>& writer, Guarded<Database>& reader)
        : writer_(writer), reader_(reader) {}

    Result<std::vector<ports::RuleVersion>> rules() override;
    Result<std::vector<ports::RuleVersion>> versions(model::RuleKind kind,
                                                     const std::string& name) override;
    Result<std::int64_t> add(const ports::RuleVersion& next) override;

private:
    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
};

} // namespace sluice::storage
