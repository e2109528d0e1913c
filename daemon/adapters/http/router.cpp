// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/router.hpp"

#include "common/base/log.hpp"
#include "daemon/adapters/http/ledger_views.hpp"
#include "daemon/adapters/http/views.hpp"

#include <array>
#include <exception>

namespace sluice::http {
namespace {

constexpr std::array kRoutes{
    Route{"GET", "/healthz", false, false, view_health},
    Route{"GET", "/api/v1/info", false, false, view_info},
    Route{"GET", "/api/v1/status", false, false, view_status},
    Route{"GET", "/api/v1/accounts", false, false, view_accounts},
    Route{"GET", "/api/v1/accounts/{name}", false, false, view_account},
    Route{"GET", "/api/v1/balances", false, false, view_balances},
    Route{"POST", "/api/v1/evaluate", true, true, view_evaluate},
    Route{"GET", "/api/v1/evaluations", false, false, view_evaluations},
    Route{"GET", "/api/v1/commands", false, false, view_commands},
    Route{"GET", "/api/v1/gate", true, false, view_gate},
    Route{"GET", "/api/v1/turns", true, false, view_turns},
    Route{"GET", "/api/v1/usage", false, false, view_usage},
    Route{"GET", "/api/v1/overrides", false, false, view_overrides},
    Route{"POST", "/api/v1/overrides", true, true, view_set_override},
    Route{"DELETE", "/api/v1/overrides/{id}", true, true, view_end_override},
    Route{"GET", "/api/v1/adjustments", false, false, view_adjustments},
    Route{"POST", "/api/v1/adjustments", true, true, view_add_adjustment},
    Route{"DELETE", "/api/v1/adjustments/{id}", true, true, view_take_back},
    Route{"GET", "/api/v1/resets", false, false, view_resets},
    Route{"POST", "/api/v1/resets", true, true, view_reopen},
    Route{"POST", "/api/v1/cleanup", true, false, view_cleanup},
    Route{"GET", "/api/v1/controller", true, true, view_controller},
};

// What stands for the placeholder, "" for a route without; nullopt: another path.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
    if (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    if (pattern.size() > 1 && pattern.ends_with('/'))
        pattern.remove_suffix(1);
    const std::size_t open = pattern.find('{');
    if (open == std::string_view::npos)
        return pattern == path ? std::optional<std::string>("") : std::nullopt;
    const std::string_view head = pattern.substr(0, open);
    const std::string_view tail = pattern.substr(pattern.find('}') + 1);
    if (path.size() <= head.size() + tail.size() || !path.starts_with(head) ||
        !path.ends_with(tail))
        return std::nullopt;
    const auto name = path.substr(head.size(), path.size() - head.size() - tail.size());
    // A name may hold slashes only where nothing follows it.
    if (!tail.empty() && name.find('/') != std::string_view::npos)
        return std::nullopt;
    return std::string(name);
}

Response not_allowed(std::string allow) {
    Response out = failure(405, "Method not allowed here; use " + allow + ".");
    out.allow = std::move(allow);
    return out;
}

Response routed(const Request& request, ports::Service& service) {
    std::string allow;
    for (const auto& route : kRoutes) {
        auto name = match(route.path, request.path);
        if (!name)
            continue;
        if (route.method != request.method) {
            allow += (allow.empty() ? "" : ", ") + std::string(route.method);
            continue;
        }
        if (route.staff && !request.viewer.staff)
            return failure(403, "Only root and SlurmUser may do this; you are uid " +
                                    std::to_string(request.viewer.uid) + ".");
        return route.handler(Call{request, service, std::move(*name)});
    }
    if (!allow.empty())
        return not_allowed(std::move(allow));
    return failure(404, "No such path: " + request.path);
}

void log_fault(const char* what, const Request& request) noexcept {
    try {
        log::event(log::Level::error, "SLUICE-0501", "http-fault",
                   {{"path", request.path}, {"error", what}});
    } catch (...) {
        // Out of memory: the answer must do.
    }
}

} // namespace

std::span<const Route> routes() {
    return kRoutes;
}

bool waits(const Request& request) {
    for (const auto& route : kRoutes)
        if (route.waits && route.method == request.method && match(route.path, request.path))
            return true;
    return false;
}

Response dispatch(const Request& request, ports::Service& service) noexcept {
    try {
        return routed(request, service);
    } catch (const std::exception& fault) {
        log_fault(fault.what(), request);
    } catch (...) {
        log_fault("unknown exception", request);
    }
    return Response{500, "{\"detail\":\"internal error\"}\n", ""};
}

} // namespace sluice::http
