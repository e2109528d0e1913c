// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts of the last cycle as JSON text, made once for a cycle and not for each request: of
// 10,000 accounts it takes longer to write than to send.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/http/view_parts.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

// Thread-safe.
class AccountsText {
public:
    using Texts = std::shared_ptr<const std::vector<std::string>>;
    // Index-aligned with the cycle's accounts. `fields`: keys to keep, comma-separated; "": all.
    Texts of(const CyclePtr& cycle, const std::string& fields);

private:
    struct Entry {
        CyclePtr cycle; // held, so that its address is not used again
        std::string fields;
        Texts texts;
    };
    Guarded<std::vector<Entry>> held_; // newest last
};

// `out` with the visible accounts of the request in its empty list "accounts": those `wanted`, by
// ?fields=, ?page= and ?page_size=.
Response with_accounts(const Call& call, const CyclePtr& cycle, const json::Value& out,
                       const std::vector<std::string>& wanted);

} // namespace sluice::http
