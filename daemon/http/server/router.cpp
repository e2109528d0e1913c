// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/server/router.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <exception>

namespace sluice::http {
namespace {

constexpr std::string_view kOfAccounts =
    "account,user,search,standing,policy,parent,sort,fields,page,page_size";
constexpr std::string_view kPolicyKeys =
    "name!:string,policy:object,yaml:string,preset:string,reason!:string,dry_run:boolean,"
    "confirm:boolean";
constexpr std::string_view kPolicyChange =
    "version!:integer,policy:object,yaml:string,preset:string,reason!:string,dry_run:boolean,"
    "confirm:boolean";
constexpr std::string_view kAllocationChange =
    "version!:integer,allocation:object,clusters:object,yaml:string,reason!:string,"
    "dry_run:boolean,confirm:boolean";
constexpr std::string_view kQuotedJob =
    "account:string,partition:string,qos:string,time_limit:integer?,time_minimum:integer,"
    "array:string,minimum_nodes:integer,maximum_nodes:integer,required_nodes:string,"
    "tasks:integer,tasks_per_node:integer,ntasks_per_tres:integer,cpus_per_task:integer,"
    "minimum_cpus:integer,minimum_cpus_per_node:integer,overcommit:boolean,exclusive:boolean,"
    "memory_per_node:integer,memory_per_cpu:integer,memory_per_tres:string,"
    "cpus_per_tres:string,tres_per_job:string,tres_per_node:string,tres_per_socket:string,"
    "tres_per_task:string";

} // namespace

const std::vector<Route>& routes() {
    static const std::vector<Route> table{
        {"GET", "/", kDaemon, view_page, "The web page; needs no login"},
        {"GET", "/web/{name}", kDaemon, view_web_file, "A file of the web page; needs no login"},
        {"GET", "/healthz", kDaemon, view_health, "The process answers; needs no login"},
        {"GET", "/api/v1/nonce", kDaemon, view_nonce, "A nonce for a munge login; needs no login"},
        {"GET", "/readyz", kDaemon, view_ready,
         "Readiness of each part, by name; 503 when a part is not ready"},
        {"GET", "/metrics", kStaff | kDaemon, view_metrics, "Prometheus text", "accounts"},
        {"GET", "/api/v1/openapi.json", kDaemon, view_openapi, "This description"},
        {"GET", "/api/v1/info", kDaemon, view_info,
         "Version, settings in force, sources that do not answer"},
        {"GET", "/api/v1/overview", 0, view_overview,
         "Daemon, last evaluation, accounts by standing, problems by remedy"},
        {"GET", "/api/v1/policies", 0, view_policies, "Policies in force"},
        {"GET", "/api/v1/preview", 0, view_preview, "What a policy would mean for figures",
         "policy,account,allocation,grace_ratio,previous_usage,carryover_factor,current_usage,"
         "daily_usage_rate"},
        {"POST", "/api/v1/policies", kStaff | kWaits, view_create_policy,
         "Set a new policy beside those of the file", "dry_run", kPolicyKeys},
        {"GET", "/api/v1/policies/{name}/history", kStaff, view_policy_history,
         "Versions of a policy that was set here, newest first"},
        {"GET", "/api/v1/policies/{name}", 0, view_policy, "One policy"},
        {"PUT", "/api/v1/policies/{name}", kStaff | kWaits, view_replace_policy,
         "Set a policy as a whole", "dry_run", kPolicyChange},
        {"PATCH", "/api/v1/policies/{name}", kStaff | kWaits, view_merge_policy,
         "Set some keys of a policy", "dry_run", kPolicyChange},
        {"DELETE", "/api/v1/policies/{name}", kStaff | kWaits, view_remove_policy,
         "Remove a policy that was set here", "version,reason,dry_run"},
        {"GET", "/api/v1/allocations", 0, view_allocations, "Allocations of accounts"},
        {"POST", "/api/v1/allocations", kStaff | kWaits, view_create_allocation,
         "Set the allocation of an account that the file does not name", "dry_run",
         "account!:string,allocation:object,clusters:object,yaml:string,reason!:string,"
         "dry_run:boolean,confirm:boolean"},
        {"GET", "/api/v1/allocations/{name}/history", kStaff, view_allocation_history,
         "Versions of an allocation that was set here, newest first"},
        {"GET", "/api/v1/allocations/{name}", 0, view_allocation, "Allocation of one account"},
        {"PUT", "/api/v1/allocations/{name}", kStaff | kWaits, view_replace_allocation,
         "Set an allocation as a whole", "dry_run", kAllocationChange},
        {"PATCH", "/api/v1/allocations/{name}", kStaff | kWaits, view_merge_allocation,
         "Set the allocation or its clusters", "dry_run", kAllocationChange},
        {"DELETE", "/api/v1/allocations/{name}", kStaff | kWaits, view_remove_allocation,
         "Remove an allocation that was set here", "version,reason,dry_run"},
        {"GET", "/api/v1/presets", kDaemon, view_presets, "Policies to begin with"},
        {"GET", "/api/v1/export", kStaff, view_export,
         "Policies and allocations that were set here, as YAML for the file", "name"},
        {"GET", "/api/v1/status", 0, view_status,
         "Daemon, last evaluation, plugin server, accounts, problems", kOfAccounts},
        {"GET", "/api/v1/accounts", 0, view_accounts, "Accounts", kOfAccounts},
        // Before {name}, which may hold slashes.
        {"GET", "/api/v1/accounts/{name}/usage", kWaits, view_account_usage,
         "Usage of one account by day, in a period", "by,period"},
        {"GET", "/api/v1/accounts/{name}", 0, view_account,
         "One account and the derivation of its figures"},
        {"GET", "/api/v1/balances", 0, view_balances, "Balances of the caller's accounts",
         "account,user"},
        {"GET", "/api/v1/jobs", 0, view_jobs, "Queued jobs that wait because of Sluice",
         "account,user,job,waiting,page,page_size"},
        {"POST", "/api/v1/quote", 0, view_quote,
         "What a job may cost, and whether it would be refused", "", kQuotedJob},
        {"POST", "/api/v1/evaluate", kStaff | kWaits, view_evaluate,
         "Evaluate now, or do a dry run", "",
         "dry_run:boolean,accounts:array,all:boolean,config:string"},
        {"GET", "/api/v1/evaluations", 0, view_evaluations, "Evaluations on record, newest first",
         "account,limit,before,only,evaluation,start,end,period"},
        {"GET", "/api/v1/commands", 0, view_commands, "Commands on record, newest first",
         "account,limit,before,only,evaluation,start,end"},
        {"GET", "/api/v1/plugins", kStaff, view_plugins, "Connected plugins"},
        {"GET", "/api/v1/cycles", kStaff, view_cycles,
         "The last hundred evaluations, newest first"},
        {"GET", "/api/v1/usage", 0, view_usage, "Parts of the usage, by component and by user",
         "account,by_user,period"},
        {"POST", "/api/v1/replays", kStaff | kWaits, view_begin_replay,
         "Begin a replay: policies over the usage in slurmdbd", "",
         "from!:string,until:string,config:string"},
        {"GET", "/api/v1/replays/{id}", kStaff | kWaits, view_replay,
         "Work on a replay for a moment; its progress or result", "policy,page,page_size"},
        {"GET", "/api/v1/overrides", 0, view_overrides, "Overrides, newest first",
         "account,in_force,limit"},
        {"POST", "/api/v1/overrides", kStaff | kWaits, view_set_override,
         "Set the standing of an account by hand", "",
         "account!:string,standing!:string,until!:string,from:string,reason!:string,"
         "show_reason:boolean,dry_run:boolean"},
        {"DELETE", "/api/v1/overrides/{id}", kStaff | kWaits, view_end_override,
         "End an override now", "reason,dry_run"},
        {"GET", "/api/v1/adjustments", 0, view_adjustments, "Adjustments, newest first",
         "account,limit"},
        {"POST", "/api/v1/adjustments", kStaff | kWaits, view_add_adjustment,
         "Add to an allocation", "",
         "account!:string,units!:object,period:string,reason!:string,dry_run:boolean"},
        {"POST", "/api/v1/transfers", kWaits, view_transfer,
         "Move allocation from one account to another", "",
         "from!:string,to!:string,units!:object,reason!:string,dry_run:boolean"},
        {"DELETE", "/api/v1/adjustments/{id}", kStaff | kWaits, view_take_back,
         "Undo an adjustment", "reason,dry_run"},
        {"GET", "/api/v1/resets", 0, view_resets, "Period resets, newest first", "account,limit"},
        {"POST", "/api/v1/resets", kStaff | kWaits, view_reopen,
         "Evaluate accounts as if their period had just begun", "",
         "accounts!:array,reason!:string,dry_run:boolean"},
        {"POST", "/api/v1/releases", kStaff | kWaits, view_release,
         "Accept that accounts have lost rules, or new rules that wait", "",
         "accounts:array,all:boolean,reason!:string,dry_run:boolean"},
        {"POST", "/api/v1/reload", kStaff | kWaits, view_reload,
         "Read sluiced.yaml again, and accept the new rules that wait", "",
         "confirm:boolean,reason:string,dry_run:boolean"},
        {"GET", "/api/v1/clock", kStaff, view_clock,
         "The daemon's clock, compared with other clocks; who confirmed it"},
        {"POST", "/api/v1/clock/accept", kStaff | kWaits, view_accept_clock,
         "Confirm the clock of the daemon's host"},
        {"GET", "/api/v1/outbox", kStaff | kDaemon, view_outbox,
         "Messages to Waldur, mail and webhooks that wait or were refused", "target,state,limit"},
        {"POST", "/api/v1/outbox/test", kStaff | kDaemon, view_test_mail,
         "Deliver a test mail now, past the outbox", "", "to!:string"},
        {"POST", "/api/v1/outbox/{id}/retry", kStaff | kDaemon, view_retry_message,
         "Send a message again now"},
        {"POST", "/api/v1/outbox/{id}/drop", kStaff | kDaemon, view_drop_message, "Drop a message"},
        {"POST", "/api/v1/cleanup", kStaff | kDaemon, view_cleanup,
         "Remove old evaluations and commands", "", "before:string,dry_run:boolean"},
        {"GET", "/api/v1/controller", kStaff | kWaits, view_controller,
         "Settings and clock of slurmctld, read now"},
        {"GET", "/api/v1/tokens", kStaff | kDaemon, view_tokens,
         "Tokens by name and role; on the Unix socket only"},
        {"POST", "/api/v1/tokens", kStaff | kDaemon, view_add_token,
         "Make a token; on the Unix socket only", "", "name!:string,role!:string"},
        {"DELETE", "/api/v1/tokens/{name}", kStaff | kDaemon, view_remove_token,
         "Remove a token; on the Unix socket only"},
        {"POST", "/api/v1/sessions", kDaemon, view_make_link,
         "A link that opens a session of the web page; on the Unix socket or by munge only"},
        {"GET", "/api/v1/sessions", kDaemon, view_sessions,
         "Sessions of the web page: one's own; for staff, all"},
        {"DELETE", "/api/v1/sessions", kDaemon, view_end_sessions,
         "End one's own sessions; all: everyone's", "", "all:boolean"},
        {"DELETE", "/api/v1/sessions/{id}", kDaemon, view_end_session, "End a session"},
        {"POST", kSessionPath, kDaemon, view_open_session,
         "Open a session by the code of a link, which is the login", "", "code!:string"},
        {"DELETE", kSessionPath, kDaemon, view_leave_session, "End the session of this request"},
        {"GET", "/api/v1/ondemand/balances.json", kStaff, view_ondemand,
         "Balances in Open OnDemand's format", "component,only"},
    };
    return table;
}

namespace {

// The text in the place of the placeholder, "" for a route without; nullopt: another path.
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
    if (!pattern.substr(open).starts_with("{name}") && name.find('/') != std::string_view::npos)
        return std::nullopt;
    return std::string(name);
}

Response not_allowed(std::string allow) {
    Response out = failure(405, "This path does not have this method; use " + allow + ".");
    out.allow = std::move(allow);
    return out;
}

// Readers may use the staff routes that only read.
bool may(const Request& request) {
    return request.viewer.staff || (request.viewer.reads_all && request.method == "GET");
}

Response forbidden(const Viewer& viewer) {
    if (viewer.reads_all)
        return failure(403, "The " + viewer.name + " may only read.");
    return failure(403, "Only staff may do this (ROLES in sluice(1)); your uid is " +
                            std::to_string(viewer.uid) + ".");
}

// {"detail": ..., "clusters": [...]}: the caller can ask for each.
Response which_cluster(const ports::Services& services) {
    const auto names = services.names();
    json::Value out = json::Value::object();
    out.set("detail", "sluiced serves the clusters " + join(names, ", ") + "; name one: ?cluster=" +
                          names.front() + " (sluice --cluster=" + names.front() + ").");
    out.set("clusters", names);
    return ok(out, 400);
}

Response no_cluster(const ports::Services& services, const std::string& wanted) {
    const std::string served = services.several() ? "clusters " + join(services.names(), ", ")
                                                  : "cluster '" + services.names().front() + "'";
    return failure(404, "sluiced serves " + served + ", not '" + wanted + "'");
}

Response handled(const Route& route, const Request& request, const ports::Services& services,
                 Shared shared, std::string name) {
    const ports::Service* service = &services.clusters.front();
    if (const auto wanted = request.query.find("cluster"); wanted != request.query.end()) {
        service = services.of(lower(wanted->second));
        if (service == nullptr)
            return no_cluster(services, wanted->second);
    } else if (services.several() && (route.traits & kDaemon) == 0) {
        return which_cluster(services);
    }
    const log::Scope scope("cluster", services.several() ? service->status.info().cluster : "");
    return route.handler(Call{request, service->status, service->actions, services, shared,
                              std::move(name), service->history, service->replays});
}

Response routed(const Request& request, const ports::Services& services, Shared shared) {
    std::string allow;
    for (const auto table : {std::span<const Route>(routes()), shared.more})
        for (const auto& route : table) {
            auto name = match(route.path, request.path);
            if (!name)
                continue;
            if (route.method != request.method) {
                allow += (allow.empty() ? "" : ", ") + std::string(route.method);
                continue;
            }
            if ((route.traits & kStaff) != 0 && !may(request))
                return forbidden(request.viewer);
            return handled(route, request, services, shared, std::move(*name));
        }
    if (!allow.empty())
        return not_allowed(std::move(allow));
    return failure(404, "Path " + request.path + " does not exist; see /api/v1/openapi.json.");
}

void log_fault(const char* what, const Request& request) noexcept {
    try {
        log::event(log::Level::error, "SLUICE-0501", "http-fault",
                   {{"path", request.path}, {"error", what}});
    } catch (...) {
        // Out of memory: the answer has to suffice.
    }
}

} // namespace

bool waits(const Request& request, std::span<const Route> more) {
    const auto here = [&](const Route& route) {
        return (route.traits & kWaits) != 0 && route.method == request.method &&
               match(route.path, request.path);
    };
    return std::any_of(routes().begin(), routes().end(), here) ||
           std::any_of(more.begin(), more.end(), here) || usage_waits(request);
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
