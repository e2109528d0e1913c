// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's routes for SLURM periodic usage policies, with its field names, types and errors, so
// that its own clients drive them unchanged. They show what the daemon decides; they decide
// nothing.
#pragma once

#include "daemon/http/router.hpp"
#include "waldur/api/offering.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace sluice::http::waldur {

// For HttpServer::start() and dispatch(). `known` is called for each request, from any thread.
std::vector<Route> routes(std::function<std::shared_ptr<const sluice::waldur::KnownIds>()> known);

} // namespace sluice::http::waldur
