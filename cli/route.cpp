// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/route.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <optional>
#include <sys/stat.h>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::size_t kMaxConf = 65536;
constexpr std::size_t kMaxServers = 16;
constexpr std::string_view kTls = "https://";
constexpr std::string_view kPlain = "http://";

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" ||
           (host.starts_with("127.") &&
            host.find_first_not_of("0123456789.") == std::string_view::npos);
}

// "db1", "192.0.2.7", "[2001:db8::1]"
bool is_host(std::string_view host) {
    constexpr std::string_view kName =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (host.size() > 2 && host.starts_with('[') && host.ends_with(']'))
        return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos;
    return !host.empty() && host.find_first_not_of(kName) == std::string_view::npos;
}

Error not_a_server(std::string_view text, const std::string& instead) {
    return Error{Errc::malformed,
                 "'" + std::string(text) + "' is not the address of a server; " + instead};
}

Result<std::string> parse_server(std::string_view text) {
    const bool tls = text.starts_with(kTls);
    if (!tls && !text.starts_with(kPlain))
        return not_a_server(text, "write https://HOST:PORT");
    std::string_view rest = text.substr(tls ? kTls.size() : kPlain.size());
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
    const std::size_t colon = bracket == std::string_view::npos ? bracket : rest.find(':', bracket);
    const std::string_view host = rest.substr(0, colon);
    if (!is_host(host) || (colon != std::string_view::npos &&
                           whole_number<std::uint16_t>(rest.substr(colon + 1)).value_or(0) == 0))
        return not_a_server(text, "write https://HOST:PORT, without a path");
    if (!tls && !is_loopback(host))
        return not_a_server(text, "http:// is for the own host only, since others could read and "
                                  "change the answers on their way; write https://");
    return std::string(tls ? kTls : kPlain) + std::string(rest);
}

struct ConfKey {
    std::string_view name;
    std::string Route::*file; // nullptr: servers
};
constexpr ConfKey kConfKeys[] = {
    {"Server", nullptr}, {"CAFile", &Route::ca_file}, {"MungeSocket", &Route::munge_socket}};

Result<void> set_key(Route& route, std::string_view name, std::string_view value) {
    const auto* key =
        std::find_if(std::begin(kConfKeys), std::end(kConfKeys),
                     [&](const ConfKey& each) { return equals_ignoring_case(each.name, name); });
    if (key == std::end(kConfKeys))
        return Error{Errc::malformed,
                     "unknown key '" + std::string(name) + "'; known: Server, CAFile, MungeSocket"};
    if (key->file == nullptr) {
        auto servers = parse_servers(value);
        if (!servers)
            return std::move(servers).error();
        route.servers = std::move(*servers);
        return {};
    }
    if (!value.starts_with('/'))
        return Error{Errc::malformed,
                     std::string(key->name) + "=" + std::string(value) +
                         ": not the absolute path of a file, such as /etc/sluice/ca.pem"};
    route.*(key->file) = value;
    return {};
}

// nullopt: no such file.
Result<std::optional<Route>> read_client_conf(const std::string& path) {
    if (path.empty())
        return std::optional<Route>();
    const auto text = read_file(path, kMaxConf);
    if (!text && text.error().code == Errc::not_found)
        return std::optional<Route>();
    if (!text)
        return text.error();
    auto route = parse_client_conf(*text, path);
    if (!route)
        return std::move(route).error();
    return std::optional(std::move(*route));
}

bool exists(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0;
}

} // namespace

std::string Route::label() const {
    return servers.empty() ? socket : join(servers, ",");
}

Result<std::vector<std::string>> parse_servers(std::string_view list) {
    std::vector<std::string> out;
    for (const auto& part : split(list, ',')) {
        auto server = parse_server(trim(part));
        if (!server)
            return std::move(server).error();
        out.push_back(std::move(*server));
    }
    if (out.empty())
        return not_a_server(list, "write https://HOST:PORT");
    if (out.size() > kMaxServers)
        return Error{Errc::malformed, "more than " + std::to_string(kMaxServers) +
                                          " servers; name those that sluiced runs on"};
    return out;
}

Result<Route> parse_client_conf(std::string_view text, const std::string& path) {
    Route route;
    for (int line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const auto content = trim(text.substr(0, std::min(end, text.find('#'))));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (content.empty())
            continue;
        const auto equals = std::min(content.find('='), content.size());
        auto set =
            equals == content.size()
                ? Result<void>(Error{Errc::malformed, "no Key=Value; write, for example, "
                                                      "Server=https://dbhost:6831"})
                : set_key(route, trim(content.substr(0, equals)), trim(content.substr(equals + 1)));
        if (!set)
            return std::move(set).error().in(path + ":" + std::to_string(line));
    }
    return route;
}

Result<Route> find_route(const Context& context) {
    const Place& place = context.place;
    // The daemon's host: its users need not be able to read the file.
    const bool here = place.server.empty() && (place.fixed || exists(context.socket));
    Route route;
    if (!here) {
        auto conf = read_client_conf(place.conf);
        // With a server and a CA that are named otherwise, a broken file does not matter.
        if (!conf && (place.server.empty() || place.ca_file.empty()))
            return std::move(conf).error();
        if (conf && *conf)
            route = std::move(**conf);
        else if (place.server.empty())
            route.hint = "on another host than that of sluiced, name its server by "
                         "--server=https://HOST:PORT, SLUICE_SERVER or Server= in " +
                         place.conf;
    }
    route.socket = context.socket;
    if (!place.ca_file.empty())
        route.ca_file = place.ca_file;
    if (place.server.empty())
        return route;
    auto servers = parse_servers(place.server);
    if (!servers)
        return std::move(servers).error();
    route.servers = std::move(*servers);
    return route;
}

} // namespace sluice::cli
