// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/router.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "daemon/http/ledger_views.hpp"
#include "daemon/http/outbox_views.hpp"
#include "daemon/http/token_views.hpp"
#include "daemon/http/usage_views.hpp"
#include "daemon/http/views.hpp"
#include "daemon/http/watch_views.hpp"
#include "waldur/http/views.hpp"

#include <algorithm>
#include <array>
#include <exception>

namespace sluice::http {
namespace {

constexpr std::array kRoutes{
    Route{"GET", "/", false, false, view_page, "The accounts as a page for a browser", ""},
    Route{"GET", "/healthz", false, false, view_health, "The process answers; needs no login", ""},
    Route{"GET", "/api/v1/nonce", false, false, view_nonce,
          "A nonce for a munge login; needs no login", ""},
    Route{"GET", "/readyz", false, false, view_ready,
          "Each thing that work needs, by name; 503 when one is missing", ""},
    Route{"GET", "/metrics", true, false, view_metrics, "Prometheus text", ""},
    Route{"GET", "/api/v1/openapi.json", false, false, view_openapi, "This description", ""},
    Route{"GET", "/api/v1/info", false, false, view_info,
          "Version, settings in force, sources that are away", ""},
    Route{"GET", "/api/v1/status", false, false, view_status,
          "Daemon, last evaluation, plugin server, accounts, problems",
          "account,fields,page,page_size"},
    Route{"GET", "/api/v1/accounts", false, false, view_accounts, "Accounts",
          "account,fields,page,page_size"},
    Route{"GET", "/api/v1/accounts/{name}", false, false, view_account,
          "One account and how its figures came about", ""},
    Route{"GET", "/api/v1/balances", false, false, view_balances,
          "What is left of one's own accounts", "account,user"},
    Route{"POST", "/api/v1/evaluate", true, true, view_evaluate, "An evaluation now, or a dry run",
          ""},
    Route{"GET", "/api/v1/evaluations", false, false, view_evaluations,
          "Evaluations on record, newest first", "account,limit"},
    Route{"GET", "/api/v1/commands", false, false, view_commands,
          "Commands on record, newest first", "account,limit"},
    Route{"GET", "/api/v1/plugins", true, false, view_plugins, "Plugins that are connected", ""},
    Route{"GET", "/api/v1/cycles", true, false, view_cycles,
          "The last hundred evaluations, newest first", ""},
    Route{"GET", "/api/v1/usage", false, false, view_usage,
          "What the usage is made of, by component and by user", "account,by_user"},
    Route{"GET", "/api/v1/overrides", false, false, view_overrides, "Overrides, newest first",
          "account,in_force,limit"},
    Route{"POST", "/api/v1/overrides", true, true, view_set_override,
          "Pin an account to a standing", ""},
    Route{"DELETE", "/api/v1/overrides/{id}", true, true, view_end_override, "End an override now",
          "reason,dry_run"},
    Route{"GET", "/api/v1/adjustments", false, false, view_adjustments, "Adjustments, newest first",
          "account,limit"},
    Route{"POST", "/api/v1/adjustments", true, true, view_add_adjustment, "Add to an allocation",
          ""},
    Route{"DELETE", "/api/v1/adjustments/{id}", true, true, view_take_back,
          "Take an adjustment back", "reason,dry_run"},
    Route{"GET", "/api/v1/resets", false, false, view_resets, "Accounts that were judged anew",
          "account,limit"},
    Route{"POST", "/api/v1/resets", true, true, view_reopen,
          "Judge accounts as if their period had just begun", ""},
    Route{"GET", "/api/v1/clock", true, false, view_clock,
          "What the daemon's clock was compared with, and who confirmed it", ""},
    Route{"POST", "/api/v1/clock/accept", true, true, view_accept_clock,
          "Confirm that the time of the daemon's host is right", ""},
    Route{"GET", "/api/v1/outbox", true, false, view_outbox,
          "Messages that wait for Waldur, mail and webhooks", "target,state,limit"},
    Route{"POST", "/api/v1/outbox/{id}/retry", true, false, view_retry_message,
          "Try a message again now", ""},
    Route{"POST", "/api/v1/outbox/{id}/drop", true, false, view_drop_message, "Give a message up",
          ""},
    Route{"POST", "/api/v1/cleanup", true, false, view_cleanup,
          "Remove old evaluations and commands", ""},
    Route{"GET", "/api/v1/controller", true, true, view_controller,
          "Settings and clock of slurmctld, asked now", ""},
    Route{"GET", "/api/v1/tokens", true, false, view_tokens,
          "Tokens by name and role; on the Unix socket only", ""},
    Route{"POST", "/api/v1/tokens", true, false, view_add_token,
          "Make a token; on the Unix socket only", ""},
    Route{"DELETE", "/api/v1/tokens/{name}", true, false, view_remove_token,
          "Remove a token; on the Unix socket only", ""},
    Route{"GET", "/api/v1/ondemand/balances.json", true, false, view_ondemand,
          "Balances as Open OnDemand reads them", "component"},
    Route{"GET", "/api/marketplace-slurm-periodic-usage-policies/", false, false, waldur_list,
          "Policies with Waldur's fields", "scope,scope_uuid,page,page_size"},
    Route{"POST", "/api/marketplace-slurm-periodic-usage-policies/", false, false, waldur_no_write,
          "405: policies live in sluiced.yaml or in Waldur", ""},
    Route{"GET", "/api/marketplace-slurm-periodic-usage-policies/actions/", false, false,
          waldur_actions, "The names of actions", ""},
    Route{"POST", "/api/marketplace-slurm-periodic-usage-policies/preview_impact/", true, false,
          waldur_preview, "Thresholds and the dates at which they are crossed", ""},
    Route{"GET", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/", false, false,
          waldur_policy, "One policy", ""},
    Route{"PUT", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/", false, false,
          waldur_no_write, "405: policies live in sluiced.yaml or in Waldur", ""},
    Route{"PATCH", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/", false, false,
          waldur_no_write, "405: policies live in sluiced.yaml or in Waldur", ""},
    Route{"DELETE", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/", false, false,
          waldur_no_write, "405: policies live in sluiced.yaml or in Waldur", ""},
    Route{"POST", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/dry-run/", true, true,
          waldur_dry_run, "What an evaluation would decide", ""},
    Route{"POST", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/evaluate/", true, true,
          waldur_evaluate, "Evaluate now", ""},
    Route{"POST", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/force-period-reset/", true,
          true, waldur_reset, "Judge flagged accounts below 100 % anew", ""},
    Route{"GET", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/evaluation-logs/", false,
          false, waldur_evaluations, "Evaluations, newest first, at most 100",
          "resource_uuid,billing_period,page,page_size"},
    Route{"GET", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/command-history/", false,
          false, waldur_commands, "Commands, newest first, at most 100",
          "resource_uuid,page,page_size"},
    Route{"POST", "/api/marketplace-slurm-periodic-usage-policies/{uuid}/report-command-result/",
          true, false, waldur_report, "What an agent did with its commands", ""},
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
    // Names of accounts may hold slashes.
    if (pattern.substr(open) != "{name}" && name.find('/') != std::string_view::npos)
        return std::nullopt;
    return std::string(name);
}

Response not_allowed(std::string allow) {
    Response out = failure(405, "Method not allowed here; use " + allow + ".");
    out.allow = std::move(allow);
    return out;
}

// Routes for staff: those who only read may read these, too.
bool may(const Request& request) {
    return request.viewer.staff || (request.viewer.reads_all && request.method == "GET");
}

Response forbidden(const ports::Viewer& viewer) {
    if (viewer.reads_all)
        return failure(403, "The " + viewer.name + " may only read.");
    return failure(403, "Only root and SlurmUser may do this; you are uid " +
                            std::to_string(viewer.uid) + ".");
}

// Routes about the daemon, not about one cluster.
bool is_shared(std::string_view path) {
    constexpr std::array kShared{
        std::string_view("/"),
        std::string_view("/healthz"),
        std::string_view("/readyz"),
        std::string_view("/metrics"),
        std::string_view("/api/v1/openapi.json"),
        std::string_view("/api/v1/info"),
        std::string_view("/api/v1/nonce"),
        std::string_view("/api/v1/cleanup"),
    };
    return std::find(kShared.begin(), kShared.end(), path) != kShared.end() ||
           path.starts_with("/api/v1/outbox") || path.starts_with("/api/v1/tokens");
}

// {"detail": ..., "clusters": [...]}: who asked can ask for each.
Response which_cluster(const ports::Services& services) {
    const auto names = services.names();
    json::Value out = json::Value::object();
    out.set("detail", "This daemon serves the clusters " + join(names, ", ") +
                          "; say which one: ?cluster=" + names.front() +
                          " (sluice --cluster=" + names.front() + ").");
    out.set("clusters", names);
    return ok(out, 400);
}

Response no_cluster(const ports::Services& services, const std::string& wanted) {
    const std::string served = services.several() ? "clusters " + join(services.names(), ", ")
                                                  : "cluster '" + services.names().front() + "'";
    return failure(404, "this daemon serves " + served + ", not '" + wanted + "'");
}

Response handled(const Route& route, const Request& request, const ports::Services& services,
                 Shared shared, std::string name) {
    ports::Service* service = &services.first();
    if (const auto wanted = request.query.find("cluster"); wanted != request.query.end()) {
        service = services.of(wanted->second);
        if (service == nullptr)
            return no_cluster(services, wanted->second);
    } else if (services.several() && !is_shared(request.path)) {
        return which_cluster(services);
    }
    const log::Scope scope("cluster", services.several() ? service->info().cluster : "");
    return route.handler(Call{request, *service, services, shared, std::move(name)});
}

Response routed(const Request& request, const ports::Services& services, Shared shared) {
    std::string allow;
    for (const auto& route : kRoutes) {
        auto name = match(route.path, request.path);
        if (!name)
            continue;
        if (route.method != request.method) {
            allow += (allow.empty() ? "" : ", ") + std::string(route.method);
            continue;
        }
        if (route.staff && !may(request))
            return forbidden(request.viewer);
        return handled(route, request, services, shared, std::move(*name));
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
    return usage_waits(request);
}

Response dispatch(const Request& request, const ports::Services& services, Shared shared) noexcept {
    try {
        return routed(request, services, shared);
    } catch (const std::exception& fault) {
        log_fault(fault.what(), request);
    } catch (...) {
        log_fault("unknown exception", request);
    }
    return Response{500, "{\"detail\":\"internal error\"}\n"};
}

} // namespace sluice::http
