// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/deliverer.hpp"

#include "common/base/log.hpp"
#include "common/json/json.hpp"
#include "waldur/api/api.hpp"
#include "waldur/api/offering.hpp"

#include <algorithm>

namespace sluice::waldur {
namespace {

using ports::Delivered;
using ports::Delivery;

constexpr const char* kResources = "/api/marketplace-provider-resources/";
constexpr const char* kUsages = "/api/marketplace-component-usages/";
constexpr const char* kServices = "/api/marketplace-site-agent-services/";

// A deep copy of the answer.
json::Value copy(json::View view) {
    if (view.is_object()) {
        auto object = json::Value::object();
        for (const auto& key : view.keys())
            object.set(key, copy(view[key]));
        return object;
    }
    if (view.is_array()) {
        auto array = json::Value::array();
        for (const auto& item : view.items())
            array.append(copy(item));
        return array;
    }
    if (view.is_string())
        return json::Value(view.text());
    if (view.is_bool())
        return json::Value(view.boolean());
    if (view.is_integer())
        return json::Value(view.integer());
    if (const auto number = json::decimal_of(view))
        return json::Value::decimal(number->scaled(), 9);
    return json::Value();
}

// The month is closed in Waldur; what it has stays.
bool is_benign(const Fault& fault) {
    return fault.status == 400 &&
           fault.error.context.find("backfilling past billing periods") != std::string::npos;
}

std::string grant_for(const std::string& kind) {
    if (kind == "report-command-result")
        return "Waldur accepts results from staff only: make the token's user staff, or set "
               "waldur.push.command_results: false";
    return "give the token's user the role of an offering or service provider manager, or disable "
           "this push under waldur.push";
}

} // namespace

Delivery Deliverer::deliver(const ports::OutboxEntry& entry) {
    const auto body = json::parse(entry.message.body, {ports::kMaxMessageBody, 16});
    if (!body)
        return {Delivered::refused, "the message is not JSON: " + body.error().context, {}};
    const auto fault = act(entry, body->view());
    if (fault && !is_benign(*fault))
        return outcome_of(entry, *fault);
    forbidden_.erase(entry.message.kind);
    if (arrived_)
        arrived_(entry);
    return {};
}

Deliverer::Outcome Deliverer::act(const ports::OutboxEntry& entry, json::View body) {
    const std::string& kind = entry.message.kind;
    if (kind.starts_with("set-user-usages"))
        return send_user_usages(body);
    if (kind == "set-backend-metadata")
        return send_metadata(body);
    if (kind == "agent")
        return send_agent(body);
    const std::string path = body["path"].text();
    if (path.rfind("/api/", 0) != 0 || !body["body"].is_object())
        return Fault{
            {Errc::malformed, "the message does not name a call of Waldur's API"}, 400, {}};
    if (kind == "set_paused" || kind == "set_downscaled")
        return send_flag(entry, body);
    return send("POST", path, copy(body["body"]));
}

// Setting a flag that is set does no harm, but it is an event in Waldur: after a try whose end is
// not known, it is asked for what it has.
Deliverer::Outcome Deliverer::send_flag(const ports::OutboxEntry& entry, json::View body) {
    const std::string path = body["path"].text();
    const std::string flag = entry.message.kind.substr(4);
    if (entry.attempts > 0 || body["ask_first"].boolean()) {
        const std::size_t call = entry.message.kind.size() + 1;
        const auto found =
            api_.get(path.substr(0, path.size() - std::min(path.size(), call)), {{"field", flag}});
        if (found.fault && found.fault->status != 403 && found.fault->status != 404)
            return found.fault;
        const json::View shown = found.value[flag];
        if (!found.fault && shown.is_bool() && shown.boolean() == body["body"][flag].boolean())
            return std::nullopt;
    }
    return send("POST", path, copy(body["body"]));
}

// A 2xx is done, whatever its body.
Deliverer::Outcome Deliverer::send(const char* method, const std::string& path,
                                   const json::Value& body, json::Value* answer) {
    auto called = api_.send(method, path, body);
    if (called.fault && (called.fault->status < 200 || called.fault->status >= 300))
        return std::move(called.fault);
    if (answer != nullptr)
        *answer = std::move(called.value);
    return std::nullopt;
}

Deliverer::Outcome Deliverer::send_user_usages(json::View body) {
    const auto found = api_.get(kUsages, {{"resource_uuid", dashed(body["resource"].text())},
                                          {"billing_period", body["month"].text()},
                                          {"field", "uuid"},
                                          {"field", "type"}});
    if (found.fault)
        return found.fault;
    for (const auto& usage : found.value.view().items()) {
        const json::View users = body["components"][usage["type"].text()];
        const std::string uuid = uuid_of(usage["uuid"].text());
        if (!users.is_array() || users.size() == 0 || uuid.empty())
            continue;
        auto request = json::Value::object();
        request.set("usages", copy(users));
        if (auto fault = send("POST", kUsages + dashed(uuid) + "/set_user_usages/", request))
            return fault;
    }
    return std::nullopt;
}

// Waldur replaces the whole of it: what others put there stays.
Deliverer::Outcome Deliverer::send_metadata(json::View body) {
    const std::string path = kResources + dashed(body["resource"].text()) + '/';
    const auto found = api_.get(path, {{"field", "backend_metadata"}});
    if (found.fault)
        return found.fault;
    json::Value merged = copy(found.value["backend_metadata"]);
    if (!merged.view().is_object())
        merged = json::Value::object();
    for (const auto& key : body["metadata"].keys())
        merged.set(key, copy(body["metadata"][key]));
    auto request = json::Value::object();
    request.set("backend_metadata", std::move(merged));
    return send("POST", path + "set_backend_metadata/", request);
}

Deliverer::Outcome Deliverer::find_service(json::View body) {
    const std::string name = body["identity"]["name"].text();
    std::string identity;
    if (auto fault = find_identity(api_, name, identity))
        return fault;
    json::Value answer;
    const std::string at = identity.empty() ? "" : dashed(identity) + '/';
    if (auto fault = send(identity.empty() ? "POST" : "PUT", kIdentities + at,
                          copy(body["identity"]), &answer))
        return fault;
    if (identity.empty())
        identity = uuid_of(answer["uuid"].text());
    if (auto fault = send("POST", kIdentities + dashed(identity) + "/register_service/",
                          copy(body["service"]), &answer))
        return fault;
    const std::string service = uuid_of(answer["uuid"].text());
    if (service.empty())
        return Fault{{Errc::malformed, "waldur: register_service answered without uuid"}, 400, {}};
    if (auto fault = send("POST", kServices + dashed(service) + "/register_processor/",
                          copy(body["processor"])))
        return fault;
    services_[name] = service;
    return std::nullopt;
}

Deliverer::Outcome Deliverer::send_agent(json::View body) {
    const std::string name = body["identity"]["name"].text();
    if (!services_.contains(name))
        if (auto fault = find_service(body))
            return fault;
    auto request = json::Value::object();
    request.set("statistics", copy(body["statistics"]));
    auto fault = send("POST", kServices + dashed(services_[name]) + "/set_statistics/", request);
    if (fault && fault->status == 404) // it was deleted: it is made again
        services_.erase(name);
    return fault;
}

// 500 may be caused by this message alone; the others concern all messages.
Delivery Deliverer::outcome_of(const ports::OutboxEntry& entry, const Fault& fault) {
    const long status = fault.status;
    const std::string& text = fault.error.context;
    if (status == 0 || status == 401 || status == 429 || status == 502 || status == 503 ||
        status == 504 || (status >= 200 && status < 400))
        return {Delivered::target_away, text, fault.retry_after};
    if (status >= 500 || status == 408 || status == 409)
        return {Delivered::later, text, fault.retry_after};
    if (status == 403 && forbidden_.insert(entry.message.kind).second)
        log::event(log::Level::warning, "SLUICE-0806", "waldur-forbids",
                   {{"kind", entry.message.kind},
                    {"error", text},
                    {"remedy", grant_for(entry.message.kind)}});
    return {Delivered::refused,
            status == 403 ? text + " (" + grant_for(entry.message.kind) + ')' : text,
            {}};
}

} // namespace sluice::waldur
