// SPDX-License-Identifier: GPL-2.0-or-later
// Keys of sluiced.yaml for places, addresses and intervals. Nothing is opened or
// looked up here.
#include "common/settings/daemon.hpp"

#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/times.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <iterator>
#include <netinet/in.h>

namespace sluice::settings {
namespace {

constexpr std::int64_t kMaxInOneCommit = 10'000;

constexpr std::size_t kMaxSocket = 107; // sockaddr_un::sun_path with its NUL

bool is_host_and_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return false;
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (!bracketed && host.find_first_of(":[] /") != std::string_view::npos)
        return false;
    const std::string_view port = text.substr(colon + 1);
    int value = 0;
    for (const char c : port) {
        if (c < '0' || c > '9' || value > 65535)
            return false;
        value = value * 10 + (c - '0');
    }
    return value >= 1 && value <= 65535;
}

bool is_socket(std::string_view text) {
    constexpr std::string_view kUnix = "unix:/";
    return text.starts_with(kUnix) && text.size() > kUnix.size() &&
           text.size() < kUnix.size() + kMaxSocket;
}

// `sockets`: unix:/path, too.
void read_listen(MapReader& map, std::vector<std::string>& listen, const std::string& example,
                 bool sockets = false) {
    const Node* node = map.take("listen");
    if (node == nullptr)
        return;
    listen.clear();
    for (auto& word : as_words(*node, "listen", map.errors())) {
        if (!is_host_and_port(word.text) && !(sockets && is_socket(word.text)))
            map.errors().add(word.place,
                             "listen: " + shown(word.text) + " is no address; give host:port" +
                                 (sockets ? " or unix:/path" : "") + ", for example " + example +
                                 " or [::1]" + example.substr(example.rfind(':')));
        listen.push_back(std::move(word.text));
    }
    if (listen.empty())
        map.errors().add(node->place(), "listen: no address; give host:port, or leave the key out");
}

void read_plugin_server(MapReader& top, PluginServerSettings& plugin_server) {
    const Node* node = top.take("plugin_server");
    if (node == nullptr)
        return;
    if (node->is_scalar()) {
        plugin_server.enabled =
            as_bool(*node, "plugin_server", top.errors()).value_or(plugin_server.enabled);
        return;
    }
    MapReader map(*node, "plugin_server", top.errors());
    map.read("enabled", plugin_server.enabled);
    read_listen(map, plugin_server.listen, "127.0.0.1:6830", true);
    if (const Node* user = map.take("user")) {
        plugin_server.user = as_text(*user, "user", top.errors()).value_or("");
        const std::string fault = name_fault(plugin_server.user);
        if (user->is_scalar() && !fault.empty())
            top.errors().add(user->place(),
                             "user: name " + shown(plugin_server.user) + " " + fault);
    }
    read_path(map, "munge_socket", plugin_server.munge_socket, kMaxSocket);
    read_path(map, "key_file", plugin_server.key_file);
    if (!plugin_server.munge_socket.empty() && !plugin_server.key_file.empty())
        map.errors().add(node->place(),
                         "plugin_server: munge_socket and key_file exclude each other; "
                         "give key_file only where there is no munge");
    map.finish();
}

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address.starts_with("localhost:") ||
           address.starts_with("[::1]:");
}

// Tokens travel with every request: never in clear over a network.
void check_tls(const Node& node, const HttpSettings& http, Errors& errors) {
    if (http.tls_certificate.empty() != http.tls_key.empty())
        errors.add(node.place(), "http: tls_certificate and tls_key belong together; give both");
    else if (http.tls_certificate.empty())
        for (const auto& address : http.listen)
            if (is_host_and_port(address) && !is_loopback(address))
                errors.add(node.place(), "http: " + shown(address) +
                                             " is no loopback address, so tls_certificate and "
                                             "tls_key are needed");
}

bool is_header_name(std::string_view text) {
    constexpr std::string_view kOwn[] = {
        "authorization", "connection", "content-length",    "content-type",    "cookie",
        "host",          "origin",     "transfer-encoding", "x-sluice-request"};
    const auto is_token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    const std::string name = lower(text);
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), is_token) &&
           std::find(std::begin(kOwn), std::end(kOwn), name) == std::end(kOwn);
}

bool is_ip_address(const std::string& text) {
    in6_addr bytes{};
    return ::inet_pton(AF_INET, text.c_str(), &bytes) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), &bytes) == 1;
}

void read_header(MapReader& map, const char* key, std::string& out) {
    const Place place = map.key_place(key);
    map.read(key, out);
    if (map.has(key) && !is_header_name(out))
        map.errors().add(place, std::string(key) + ": " + shown(out) +
                                    " cannot be used; give the name of a header of its own, for "
                                    "example X-Remote-User");
}

// An authenticating proxy that names the user.
void read_proxy(MapReader& http_map, HttpSettings& http) {
    const Node* node = http_map.take("proxy");
    if (node == nullptr)
        return;
    MapReader map(*node, "http.proxy", http_map.errors());
    http.proxy_header = "X-Remote-User";
    http.proxy_secret_header = "X-Sluice-Secret";
    read_header(map, "header", http.proxy_header);
    read_header(map, "secret_header", http.proxy_secret_header);
    read_path(map, "secret_file", http.proxy_secret_file);
    if (const Node* list = map.take("addresses"))
        for (auto& word : as_words(*list, "addresses", map.errors())) {
            if (!is_ip_address(word.text))
                map.errors().add(word.place, "addresses: " + shown(word.text) +
                                                 " is no IP address; give that of the proxy, for "
                                                 "example 192.0.2.7");
            http.proxy_addresses.push_back(std::move(word.text));
        }
    if (equals_ignoring_case(http.proxy_header, http.proxy_secret_header))
        map.errors().add(node->place(), "http.proxy: header and secret_header are the same; give "
                                        "two different headers");
    if (!map.has("secret_file") || http.proxy_addresses.empty())
        map.errors().add(node->place(), "http.proxy: secret_file and addresses are needed: anyone "
                                        "could send the header otherwise");
    if (http.listen.empty())
        map.errors().add(node->place(),
                         "http.proxy: http.listen is missing; give an address for the proxy to "
                         "connect to");
    map.finish();
}

// Where browsers open the page.
void read_url(MapReader& map, HttpSettings& http) {
    const Place place = map.key_place("url");
    map.read("url", http.url);
    if (!map.has("url"))
        return;
    const auto host = http.url.find("://");
    if ((!http.url.starts_with("https://") && !http.url.starts_with("http://")) ||
        http.url.size() <= host + 3 || http.url[host + 3] == '/' ||
        http.url.find_first_of(" \t?#\"<>") != std::string::npos)
        map.errors().add(place, "url: " + shown(http.url) +
                                    " is no address of a page; give for example "
                                    "https://sluice.example.org/");
    else if (!http.url.ends_with('/'))
        http.url += '/';
}

void read_http(MapReader& top, HttpSettings& http) {
    const Node* node = top.take("http");
    if (node == nullptr)
        return;
    MapReader map(*node, "http", top.errors());
    read_listen(map, http.listen, "127.0.0.1:6831");
    read_path(map, "tls_certificate", http.tls_certificate);
    read_path(map, "tls_key", http.tls_key);
    read_path(map, "tokens", http.tokens);
    read_url(map, http);
    read_proxy(map, http);
    map.read("connections", http.connections, 10, 60'000);
    map.read("connections_per_user", http.connections_per_user, 1, 60'000);
    map.read("connections_per_address", http.connections_per_address, 1, 60'000);
    read_duration(map, "request_timeout", http.request_timeout);
    map.finish();
    check_tls(*node, http, top.errors());
}

std::vector<std::string> read_people(MapReader& map, const std::string& key) {
    std::vector<std::string> names;
    const Node* node = map.take(key);
    if (node == nullptr)
        return names;
    for (auto& word : as_words(*node, "staff." + key, map.errors())) {
        const std::string fault = name_fault(word.text);
        if (fault.empty())
            names.push_back(std::move(word.text));
        else
            map.errors().add(word.place,
                             "staff." + key + ": name " + shown(word.text) + " " + fault);
    }
    return names;
}

void read_staff(MapReader& top, StaffSettings& staff) {
    const Node* node = top.take("staff");
    if (node == nullptr)
        return;
    MapReader map(*node, "staff", top.errors());
    if (const Node* levels = map.take("admin_levels")) {
        staff.administrators = staff.operators = false;
        for (const auto& word : as_words(*levels, "staff.admin_levels", map.errors()))
            if (equals_ignoring_case(word.text, "administrator"))
                staff.administrators = true;
            else if (equals_ignoring_case(word.text, "operator"))
                staff.operators = true;
            else
                map.errors().add(word.place, "staff.admin_levels: " + shown(word.text) +
                                                 " is no admin level; give administrator, "
                                                 "operator, both or []");
    }
    staff.users = read_people(map, "users");
    staff.groups = read_people(map, "groups");
    map.finish();
}

void read_guard(MapReader& top, model::Guard& guard) {
    const Node* node = top.take("guard");
    if (node == nullptr)
        return;
    MapReader map(*node, "guard", top.errors());
    map.read("accounts", guard.accounts, 1, 1'000'000'000);
    map.read("percent", guard.percent, 0, 100);
    map.finish();
}

void read_metrics(MapReader& top, model::AccountSeries& series) {
    const Node* node = top.take("metrics");
    if (node == nullptr)
        return;
    MapReader map(*node, "metrics", top.errors());
    auto accounts = static_cast<std::int64_t>(series.accounts);
    map.read("accounts", accounts, 0, 1000);
    series.accounts = static_cast<std::size_t>(accounts);
    map.read("policies", series.policies);
    map.finish();
}

// `clusters`: several behind one slurmdbd.
void read_cluster(MapReader& top, DaemonSettings& daemon) {
    Errors& errors = top.errors();
    std::vector<Reference> names;
    if (const Node* node = top.take("cluster"))
        names = read_names(*node, "cluster", errors);
    const Node* list = top.take("clusters");
    if (list != nullptr && top.has("cluster"))
        errors.add(top.key_place("clusters"), "cluster and clusters are both given; keep one");
    if (list != nullptr)
        names = read_names(*list, "clusters", errors);
    if (list == nullptr && names.size() > 1)
        errors.add(names[1].place, "cluster: more than one name; use the key clusters");
    for (auto& name : names)
        daemon.clusters.push_back(std::move(name.name));
    if (!daemon.clusters.empty())
        daemon.cluster = daemon.clusters.front();
}

} // namespace

void read_path(MapReader& map, std::string_view key, std::string& out, std::size_t longest) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto path = as_text(*node, key, map.errors());
    if (!path)
        return;
    if (path->empty() || path->front() != '/')
        map.errors().add(node->place(), std::string(key) + ": " + shown(*path) +
                                            " is no absolute path; begin it with /");
    else if (path->size() > longest)
        map.errors().add(node->place(), std::string(key) + ": longer than " +
                                            std::to_string(longest) +
                                            " bytes; choose a shorter path");
    else
        out = *path;
}

void read_daemon_keys(MapReader& top, DaemonSettings& daemon) {
    read_cluster(top, daemon);
    read_duration(top, "interval", daemon.interval);
    read_duration(top, "confirm_timeout", daemon.confirm_timeout);
    read_path(top, "socket", daemon.socket, kMaxSocket);
    read_path(top, "journal", daemon.journal);
    std::int64_t changes = daemon.commit_group;
    top.read("commit_group", changes, 1, kMaxInOneCommit);
    daemon.commit_group = static_cast<int>(changes);
    std::int64_t days = daemon.retention_days;
    top.read("retention_days", days, 1, 36500);
    daemon.retention_days = static_cast<int>(days);
    read_guard(top, daemon.guard);
    read_path(top, "munge_socket", daemon.munge_socket, kMaxSocket);
    read_plugin_server(top, daemon.plugin_server);
    read_http(top, daemon.http);
    read_staff(top, daemon.staff);
    read_metrics(top, daemon.account_series);
}

// Policies that Waldur adds are not known here.
void check_metrics(const MapReader& top, const Settings& settings, Errors& errors) {
    if (settings.waldur.enabled)
        return;
    const auto& policies = settings.policies.policies;
    for (const auto& name : settings.daemon.account_series.policies) {
        if (std::none_of(policies.begin(), policies.end(),
                         [&](const auto& policy) { return policy.name == name; }))
            errors.add(top.key_place("metrics"), "metrics.policies: no policy has the name " +
                                                     shown(name) + "; name a policy of this file");
    }
}

} // namespace sluice::settings
