// SPDX-License-Identifier: GPL-2.0-or-later
// For operators: what Waldur answered last for each offering, which resource is which account, who
// is not evaluated and why; and a question to Waldur now.
#pragma once

#include "daemon/http/server/router.hpp"
#include "waldur/api/offering.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http::waldur {

struct OfferingState {
    std::string uuid;
    std::string policy;                                       // "": the only one
    std::shared_ptr<const sluice::waldur::Offering> offering; // nullptr: it has never answered
    std::optional<Error> trouble;                             // of the last question
};

// As the block `waldur` of sluiced.yaml has it.
struct Overview {
    std::string url;
    std::string source;    // "file", "waldur"
    std::string authority; // "sluice", "waldur"
    std::int64_t interval_s = 0;
    std::vector<OfferingState> offerings;
};

// nullopt: sluiced.yaml has no such block. From any thread, as the next.
using ReadOverview = std::function<std::optional<Overview>()>;
// Asks Waldur and waits for its answers. not_found: sluiced.yaml has no such block.
using AskWaldur = std::function<Result<void>()>;

std::vector<Route> overview_routes(ReadOverview read, AskWaldur ask);

} // namespace sluice::http::waldur
