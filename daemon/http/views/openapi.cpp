// SPDX-License-Identifier: GPL-2.0-or-later
// The routes as OpenAPI 3, made from the table of routes itself, so that none can be forgotten.
#include "common/base/text.hpp"
#include "daemon/http/views/render.hpp"
#include "daemon/http/views/views.hpp"

#include <map>

namespace sluice::http {
namespace {

using json::Value;

Value parameter(const std::string& name, std::string_view in) {
    return object(kv("name", name), kv("in", in), kv("required", in == "path"),
                  kv("schema", object(kv("type", "string"))));
}

Value request_body(std::string_view fields) {
    Value properties = Value::object();
    std::vector<std::string> required;
    for (const auto& field : split(fields, ',')) {
        const auto colon = field.find(':');
        std::string name = field.substr(0, colon);
        std::string type = field.substr(colon + 1);
        Value schema = Value::object();
        if (type.back() == '?') {
            type.pop_back();
            schema.set("nullable", true);
        }
        if (name.back() == '!') {
            name.pop_back();
            required.push_back(name);
        }
        schema.set("type", type);
        if (type == "array")
            schema.set("items", object(kv("type", "string")));
        properties.set(name, std::move(schema));
    }
    Value schema = object(kv("type", "object"), kv("properties", std::move(properties)));
    if (!required.empty())
        schema.set("required", required);
    Value json = object(kv("schema", std::move(schema)));
    return object(kv("required", !required.empty()),
                  kv("content", object(kv("application/json", std::move(json)))));
}

Value responses(const Route& route) {
    const bool changing = changes(route.method);
    Value out = Value::object();
    const auto add = [&out](const char* status, const char* text) {
        out.set(status, object(kv("description", text)));
    };
    add("200", "The answer");
    if (route.method == "POST")
        add("201", "An entry was added");
    add("400", "The request is malformed");
    add("401", "The login is missing or wrong");
    if (changing || (route.traits & kStaff) != 0)
        add("403", "Not allowed, or sent by a page of another site");
    add("404", "Does not exist, or is not visible to the caller");
    if (changing) {
        add("411", "Content-Length is missing");
        add("413", "The body is too large");
        add("415", "Content-Type is not application/json");
    }
    add("429", "Too many requests or wrong logins; wait for the seconds in Retry-After");
    add("503", "Try again later");
    return out;
}

Value operation(const Route& route) {
    Value parameters = Value::array();
    if (const auto open = route.path.find('{'); open != std::string::npos)
        parameters.append(
            parameter(route.path.substr(open + 1, route.path.find('}') - open - 1), "path"));
    for (const auto& name : split(route.query, ','))
        parameters.append(parameter(name, "query"));
    Value out = object(kv("summary", route.summary), kv("parameters", std::move(parameters)),
                       kv("responses", responses(route)));
    if (!route.body.empty())
        out.set("requestBody", request_body(route.body));
    return out;
}

} // namespace

Response view_openapi(const Call& call) {
    std::map<std::string_view, Value> by_path;
    for (const auto table : {std::span<const Route>(routes()), call.shared.more})
        for (const auto& route : table)
            by_path.try_emplace(route.path, Value::object())
                .first->second.set(lower(route.method), operation(route));
    Value paths = Value::object();
    for (auto& [path, operations] : by_path)
        paths.set(path, std::move(operations));
    Value scheme = object(kv("type", "apiKey"), kv("in", "header"), kv("name", "Authorization"),
                          kv("description", "Token T, Bearer T, or Munge CREDENTIAL with a nonce "
                                            "of /api/v1/nonce; Basic with the token as password "
                                            "for GET"));
    Value schemes = object(kv("authorization", std::move(scheme)));
    return ok(object(
        kv("openapi", "3.0.3"),
        kv("info", object(kv("title", "sluiced"), kv("version", call.status.info().version))),
        kv("paths", std::move(paths)),
        kv("components", object(kv("securitySchemes", std::move(schemes))))));
}

} // namespace sluice::http
