// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's routes for SLURM periodic usage policies, with its field names, types and errors, so
// that its own clients drive them unchanged. They show what the daemon decides; they decide
// nothing.
#pragma once

#include "daemon/http/server/router.hpp"
#include "waldur/api/offering.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace sluice::http::waldur {

// Records what an agent reports. unavailable: the journal.
using AddReport = std::function<Result<void>(const ports::AgentReport& report)>;

// For HttpServer::start() and dispatch(). `known` is called for each request; both from any thread.
std::vector<Route> routes(std::function<std::shared_ptr<const sluice::waldur::KnownIds>()> known,
                          AddReport add_report);

} // namespace sluice::http::waldur
