// SPDX-License-Identifier: GPL-2.0-or-later
// The routes as OpenAPI 3, made from the table of routes itself, so that none can be forgotten.
#include "common/base/text.hpp"
#include "daemon/http/cross_site.hpp"
#include "daemon/http/watch_views.hpp"
#include "waldur/http/views.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace sluice::http {
namespace {

using json::Value;

Value parameter(const std::string& name, const char* in) {
    Value schema = Value::object();
    schema.set("type", "string");
    Value out = Value::object();
    out.set("name", name).set("in", in).set("required", std::string_view(in) == "path");
    out.set("schema", std::move(schema));
    return out;
}

Value described(const char* text) {
    Value out = Value::object();
    out.set("description", text);
    return out;
}

struct RequestBody {
    std::string_view path;
    const char* fields;   // name:type, an array's items are texts
    const char* required; // names
};

constexpr std::array kBodies{
    RequestBody{"/api/v1/evaluate", "dry_run:boolean,accounts:array", ""},
    RequestBody{
        "/api/v1/overrides",
        "account:string,standing:string,until:string,from:string,reason:string,dry_run:boolean",
        "account,standing,until,reason"},
    RequestBody{"/api/v1/adjustments",
                "account:string,units:object,period:string,reason:string,dry_run:boolean",
                "account,units,reason"},
    RequestBody{"/api/v1/resets", "accounts:array,reason:string,dry_run:boolean",
                "accounts,reason"},
    RequestBody{"/api/v1/cleanup", "before:string,dry_run:boolean", ""},
    RequestBody{"/api/v1/tokens", "name:string,role:string", "name,role"},
    RequestBody{
        "/api/marketplace-slurm-periodic-usage-policies/preview_impact/",
        "allocation:number,grace_ratio:number,previous_usage:number,carryover_factor:integer,"
        "carryover_enabled:boolean,resource_uuid:string,current_usage:number,"
        "daily_usage_rate:number",
        ""},
    RequestBody{"/api/marketplace-slurm-periodic-usage-policies/{uuid}/dry-run/",
                "resource_uuid:string", ""},
    RequestBody{"/api/marketplace-slurm-periodic-usage-policies/{uuid}/evaluate/",
                "resource_uuid:string", ""},
    RequestBody{"/api/marketplace-slurm-periodic-usage-policies/{uuid}/force-period-reset/",
                "resource_uuid:string", ""},
    RequestBody{"/api/marketplace-slurm-periodic-usage-policies/{uuid}/report-command-result/",
                "resource_uuid:string,success:boolean,error_message:string,mode:string,"
                "commands_executed:array,correlation_id:string",
                "resource_uuid,success"},
};

Value request_body(const RequestBody& body) {
    Value properties = Value::object();
    for (const auto& field : split(body.fields, ',')) {
        const auto words = split(field, ':');
        Value schema = Value::object();
        schema.set("type", words[1]);
        if (words[1] == "array") {
            Value items = Value::object();
            items.set("type", "string");
            schema.set("items", std::move(items));
        }
        if (words[0] == "resource_uuid")
            schema.set("nullable", true);
        properties.set(words[0], std::move(schema));
    }
    Value schema = Value::object();
    schema.set("type", "object").set("properties", std::move(properties));
    const auto required = split(body.required, ',');
    if (!required.empty())
        schema.set("required", required);
    Value json = Value::object();
    json.set("schema", std::move(schema));
    Value content = Value::object();
    content.set("application/json", std::move(json));
    Value out = Value::object();
    out.set("required", !required.empty()).set("content", std::move(content));
    return out;
}

Value operation(const Route& route) {
    Value parameters = Value::array();
    if (const auto open = route.path.find('{'); open != std::string_view::npos) {
        const auto close = route.path.find('}');
        parameters.append(
            parameter(std::string(route.path.substr(open + 1, close - open - 1)), "path"));
    }
    for (const auto& name : split(route.query, ','))
        parameters.append(parameter(name, "query"));
    Value responses = Value::object();
    responses.set("200", described("The answer"));
    if (route.method == "POST")
        responses.set("201", described("Something was entered"));
    responses.set("400", described("The request cannot be understood"));
    responses.set("401", described("No login, or a wrong one"));
    if (route.staff || changes(route.method))
        responses.set("403", described("Not allowed, or made by a page of another site"));
    responses.set("404", described("No such thing, or not yours"));
    if (route.handler == waldur_no_write)
        responses.set("405", described("Policies are not written here"));
    if (changes(route.method)) {
        responses.set("411", described("The body came without Content-Length"));
        responses.set("413", described("The body is too large"));
        responses.set("415", described("Content-Type is not application/json"));
    }
    responses.set("429", described("Too many wrong tokens; wait as Retry-After says"));
    responses.set("503", described("Try again later"));
    Value out = Value::object();
    out.set("summary", route.summary).set("parameters", std::move(parameters));
    out.set("responses", std::move(responses));
    const auto body = std::find_if(kBodies.begin(), kBodies.end(),
                                   [&](const auto& one) { return one.path == route.path; });
    if (route.method == "POST" && body != kBodies.end())
        out.set("requestBody", request_body(*body));
    return out;
}

} // namespace

Response view_openapi(const Call& call) {
    std::map<std::string_view, std::vector<const Route*>> by_path;
    for (const auto& route : routes())
        by_path[route.path].push_back(&route);
    Value paths = Value::object();
    for (const auto& [path, list] : by_path) {
        Value item = Value::object();
        for (const auto* route : list)
            item.set(lower(route->method), operation(*route));
        paths.set(path, std::move(item));
    }
    Value info = Value::object();
    info.set("title", "sluiced").set("version", call.service.info().version);
    Value scheme = Value::object();
    scheme.set("type", "apiKey").set("in", "header").set("name", "Authorization");
    scheme.set("description", "Token T, Bearer T, or Munge CREDENTIAL with a nonce of "
                              "/api/v1/nonce; Basic with the token as password for GET");
    Value schemes = Value::object();
    schemes.set("authorization", std::move(scheme));
    Value components = Value::object();
    components.set("securitySchemes", std::move(schemes));
    Value out = Value::object();
    out.set("openapi", "3.0.3").set("info", std::move(info)).set("paths", std::move(paths));
    out.set("components", std::move(components));
    return ok(out);
}

} // namespace sluice::http
