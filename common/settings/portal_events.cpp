// SPDX-License-Identifier: GPL-2.0-or-later
// Reads how Waldur's STOMP broker is reached. What is not said follows from waldur_api_url:
// Waldur's own installations have the broker's WebSocket behind the same server.
#include "common/settings/daemon.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::settings {
namespace {

using Transport = PortalEvents::Transport;
using Registration = PortalEvents::Registration;

constexpr std::array<Choice<Transport>, 2> kTransports{
    {{"websocket", Transport::websocket}, {"tcp", Transport::tcp}}};
constexpr std::array<Choice<Registration>, 2> kRegistrations{
    {{"subscriptions", Registration::subscriptions}, {"unified", Registration::unified}}};

struct Address {
    bool tls = true;
    std::string host;  // with the brackets of an IPv6 address
    unsigned port = 0; // 0: the scheme's own
};

Address address_of(std::string_view url) {
    Address address;
    address.tls = url.substr(0, 6) == "https:";
    const auto begin = std::min(url.find("//"), url.size() - std::min<std::size_t>(url.size(), 2));
    std::string_view rest = url.substr(std::min(url.size(), begin + 2));
    rest = rest.substr(0, rest.find('/'));
    const auto colon = rest.rfind(':');
    const auto bracket = rest.rfind(']');
    const bool port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    address.host = rest.substr(0, port ? colon : rest.size());
    if (port)
        std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), address.port);
    return address;
}

unsigned default_port(const PortalEvents& events, const Address& api) {
    if (events.transport == Transport::tcp)
        return events.tls ? 61614 : 61613; // RabbitMQ's own
    if (events.host == api.host && events.tls == api.tls && api.port != 0)
        return api.port;
    return events.tls ? 443 : 80;
}

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '?' && c != '#' && c != '@';
    });
}

void read_host(MapReader& map, std::string& host) {
    map.read("stomp_ws_host", host);
    if (!is_word(host) || host.find('/') != std::string::npos)
        map.errors().add(map.key_place("stomp_ws_host"),
                         "waldur.stomp_ws_host: " + shown(host) + " is no host name");
}

void read_path_of_socket(MapReader& map, std::string& path) {
    map.read("stomp_ws_path", path);
    if (!is_word(path) || path.front() != '/')
        map.errors().add(map.key_place("stomp_ws_path"),
                         "waldur.stomp_ws_path: " + shown(path) +
                             " is no path; give one such as /rmqws-stomp");
}

} // namespace

void read_portal_events(MapReader& map, PortalSettings& portal) {
    auto& events = portal.events;
    const Address api = address_of(portal.url);
    events.tls = api.tls;
    events.host = api.host.empty() ? "localhost" : api.host; // that there is none is told elsewhere
    map.read("stomp_enabled", events.enabled);
    map.choose("stomp_transport", events.transport, kTransports);
    map.choose("stomp_registration", events.registration, kRegistrations);
    map.read("websocket_use_tls", events.tls);
    read_host(map, events.host);
    std::int64_t port = default_port(events, api);
    map.read("stomp_ws_port", port, 1, 65535);
    events.port = static_cast<unsigned>(port);
    read_path_of_socket(map, events.path);
    if (events.enabled && portal.token.empty() && !portal.oidc_token_url.empty())
        map.errors().add(map.key_place("stomp_enabled"),
                         "waldur.stomp_enabled: Waldur's broker takes a token only, not OIDC; give "
                         "waldur_api_token_file, or leave stomp_enabled out");
}

} // namespace sluice::settings
