// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's routes for SLURM periodic usage policies, with its field names, types and errors, so
// that its own clients drive them unchanged. They show what the daemon decides; they decide
// nothing.
#pragma once

#include "daemon/http/server/router.hpp"
#include "daemon/ports/portal.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

// What the routes need beside the ports of a call.
struct WaldurPorts {
    // Waldur's UUIDs for this cluster; never nullptr.
    std::function<std::shared_ptr<const ports::PortalNames>(const std::string& cluster)> names;
    std::function<Result<void>(const ports::AgentReport& report)> add_report;
};

// For HttpServer::start() and dispatch().
std::vector<Route> waldur_routes(const WaldurPorts& ports);

Response waldur_preview(const Call& call, const WaldurPorts& ports);
Response waldur_evaluations(const Call& call, const WaldurPorts& ports);
Response waldur_commands(const Call& call, const WaldurPorts& ports);
Response waldur_report(const Call& call, const WaldurPorts& ports);

} // namespace sluice::http
