// SPDX-License-Identifier: GPL-2.0-or-later
// The routes as OpenAPI 3, made from the table of routes itself, so that none can be forgotten.
#include "common/base/text.hpp"
#include "daemon/http/server/message.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
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
        if (type == "array") {
            Value items = Value::object();
            items.set("type", "string");
            schema.set("items", std::move(items));
        }
        properties.set(name, std::move(schema));
    }
    Value schema = Value::object();
    schema.set("type", "object").set("properties", std::move(properties));
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
    if (const auto open = route.path.find('{'); open != std::string::npos) {
        const auto close = route.path.find('}');
        parameters.append(parameter(route.path.substr(open + 1, close - open - 1), "path"));
    }
    for (const auto& name : split(route.query, ','))
        parameters.append(parameter(name, "query"));
    Value responses = Value::object();
    responses.set("200", described("The answer"));
    if (route.method == "POST")
        responses.set("201", described("Something was entered"));
    responses.set("400", described("The request cannot be understood"));
    responses.set("401", described("No login, or a wrong one"));
    if ((route.traits & kStaff) != 0 || changes(route.method))
        responses.set("403", described("Not allowed, or made by a page of another site"));
    responses.set("404", described("No such thing, or not yours"));
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
    if (!route.body.empty())
        out.set("requestBody", request_body(route.body));
    return out;
}

} // namespace

Response view_openapi(const Call& call) {
    std::map<std::string_view, std::vector<const Route*>> by_path;
    for (const auto table : {std::span<const Route>(routes()), call.shared.more})
        for (const auto& route : table)
            by_path[route.path].push_back(&route);
    Value paths = Value::object();
    for (const auto& [path, list] : by_path) {
        Value item = Value::object();
        for (const auto* route : list)
            item.set(lower(route->method), operation(*route));
        paths.set(path, std::move(item));
    }
    Value info = Value::object();
    info.set("title", "sluiced").set("version", call.status.info().version);
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
