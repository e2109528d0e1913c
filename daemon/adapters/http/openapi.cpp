// SPDX-License-Identifier: GPL-2.0-or-later
// The routes as OpenAPI 3, made from the table of routes itself, so that none can be forgotten.
#include "common/base/text.hpp"
#include "daemon/adapters/http/watch_views.hpp"

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
    responses.set("401", described("Who are you?"));
    if (route.staff)
        responses.set("403", described("Not allowed"));
    responses.set("404", described("No such thing, or not yours"));
    responses.set("503", described("Try again later"));
    Value out = Value::object();
    out.set("summary", route.summary).set("parameters", std::move(parameters));
    out.set("responses", std::move(responses));
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
    scheme.set("description", "Token T, Bearer T or Munge CREDENTIAL");
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
