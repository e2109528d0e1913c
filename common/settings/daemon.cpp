// SPDX-License-Identifier: GPL-2.0-or-later
// Keys of sluiced.yaml for places, addresses and intervals. Nothing is opened or
// looked up here.
#include "common/settings/daemon.hpp"

#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/times.hpp"

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

void read_http(MapReader& top, HttpSettings& http) {
    const Node* node = top.take("http");
    if (node == nullptr)
        return;
    MapReader map(*node, "http", top.errors());
    read_listen(map, http.listen, "127.0.0.1:6831");
    read_path(map, "tls_certificate", http.tls_certificate);
    read_path(map, "tls_key", http.tls_key);
    read_path(map, "tokens", http.tokens);
    map.read("connections", http.connections, 10, 60'000);
    map.read("connections_per_user", http.connections_per_user, 1, 60'000);
    map.read("connections_per_address", http.connections_per_address, 1, 60'000);
    read_duration(map, "request_timeout", http.request_timeout);
    map.finish();
    check_tls(*node, http, top.errors());
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
