// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts of the last cycle as JSON text, made once a cycle and not for each request: 10,000
// accounts take longer to write than to send.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/http/views/common.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

// Thread-safe.
class AccountsCache {
public:
    using Texts = std::shared_ptr<const std::vector<std::string>>;
    // Index-aligned with the cycle's accounts. `fields`: keys to keep, comma-separated; "": all.
    // Without `make`, nullptr unless they have been made already.
    Texts of(const CyclePtr& cycle, const std::string& fields, const Zone& zone, bool make);

private:
    struct Entry {
        CyclePtr cycle; // keeps its address from being used again
        std::string fields;
        Texts texts;
    };
    Guarded<std::vector<Entry>> entries_; // newest last
};

// `out` with the visible accounts of the request in its empty list "accounts": those `wanted`, by
// ?fields=, ?page= and ?page_size=.
Response with_accounts(const Call& call, const CyclePtr& cycle, const json::Value& out,
                       const std::vector<std::string>& wanted);

} // namespace sluice::http
