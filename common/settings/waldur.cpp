// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/waldur.hpp"

#include "common/base/text.hpp"
#include "common/settings/components.hpp"
#include "common/settings/daemon.hpp"
#include "common/settings/policy.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/times.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::settings {
namespace {

constexpr std::array<Choice<WaldurSettings::Source>, 2> kSources{
    {{"file", WaldurSettings::Source::file}, {"waldur", WaldurSettings::Source::waldur}}};
constexpr std::array<Choice<WaldurSettings::Authority>, 2> kAuthorities{
    {{"sluice", WaldurSettings::Authority::sluice}, {"waldur", WaldurSettings::Authority::waldur}}};

// Nothing that could end the URL early or name another host than the reader of the file sees.
bool is_url(std::string_view text) {
    const bool https = text.starts_with("https://");
    if (!https && !text.starts_with("http://"))
        return false;
    const std::string_view rest = text.substr(https ? 8 : 7);
    if (rest.empty() || rest.front() == '/' || rest.front() == ':')
        return false;
    for (const char c : rest)
        if (c <= ' ' || c == '@' || c == '?' || c == '#' || c == '"' || c == '\\' || c == '\x7f')
            return false;
    return true;
}

// By the whole suffix: the host hpc.pi ends in letters of "/api", too.
std::string without_api(std::string url) {
    const auto strip = [&](std::string_view suffix) {
        if (url.size() > suffix.size() &&
            std::string_view(url).substr(url.size() - suffix.size()) == suffix)
            url.resize(url.size() - suffix.size());
    };
    strip("/");
    strip("/api");
    return url;
}

void read_url(MapReader& map, std::string_view key, std::string& out) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto text = as_text(*node, key, map.errors());
    if (!text)
        return;
    if (!is_url(*text))
        map.errors().add(node->place(), std::string(key) + ": " + shown(*text) +
                                            " is not a URL; give one such as "
                                            "https://waldur.example.org/api/");
    else
        out = *text;
}

// 32 hex digits; dashes are left out as Waldur itself prints them.
void read_uuid(MapReader& map, std::string_view key, std::string& out) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto text = as_text(*node, key, map.errors());
    if (!text)
        return;
    std::string digits;
    bool good = true;
    for (const char c : lower(*text))
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
            digits += c;
        else if (c != '-')
            good = false;
    if (good && digits.size() == 32)
        out = digits;
    else
        map.errors().add(node->place(), std::string(key) + ": " + shown(*text) +
                                            " is not a UUID; copy it from the offering's page in "
                                            "Waldur");
}

void read_offering(const Node& node, WaldurSettings& waldur, Places& places, Errors& errors) {
    MapReader map(node, "an offering", errors);
    if (!node.is_map())
        return;
    WaldurOffering offering;
    read_uuid(map, "uuid", offering.uuid);
    if (!map.has("uuid"))
        errors.add(node.place(), "an offering needs uuid and policy, for example "
                                 "{uuid: 2a3b4c5d-6e7f-4081-8283-848586878889, policy: monthly}");
    map.read("policy", offering.policy);
    const Place place = map.has("policy") ? map.key_place("policy") : node.place();
    map.finish();
    for (const auto& other : waldur.offerings) {
        if (!offering.uuid.empty() && other.uuid == offering.uuid)
            errors.add(node.place(), "offering " + offering.uuid + " is listed twice; keep one");
        if (!offering.policy.empty() && other.policy == offering.policy)
            errors.add(place, "policy " + shown(offering.policy) +
                                  " is named by two offerings; give each its own policy");
    }
    places.waldur_policies.push_back({offering.policy, place});
    waldur.offerings.push_back(std::move(offering));
}

// `waldur_offering_uuid`, as the site agent has it, or `offerings`.
void read_offerings(MapReader& map, WaldurSettings& waldur, Places& places) {
    constexpr std::size_t kMaxOfferings = 100;
    std::string only;
    read_uuid(map, "waldur_offering_uuid", only);
    const Node* node = map.take("offerings");
    if (map.has("waldur_offering_uuid") && map.has("offerings"))
        map.errors().add(map.key_place("offerings"),
                         "waldur: waldur_offering_uuid and offerings are both given; keep one");
    else if (!map.has("waldur_offering_uuid") && !map.has("offerings"))
        map.errors().add(map.place(), "waldur: waldur_offering_uuid is missing; give it, or "
                                      "offerings for several");
    if (!only.empty() && node == nullptr)
        waldur.offerings.push_back({std::move(only), ""});
    if (node == nullptr)
        return;
    if (!node->is_list() || node->items().empty() || node->items().size() > kMaxOfferings) {
        map.errors().add(node->place(), "offerings: expected a list of 1 to 100 offerings "
                                        "(- {uuid: ..., policy: ...}), found " +
                                            (node->is_list() ? std::to_string(node->items().size())
                                                             : describe(*node)));
        return;
    }
    for (const auto& item : node->items())
        read_offering(item, waldur, places, map.errors());
}

void read_secret(MapReader& map, const std::string& key, SecretSource& out) {
    const std::string file_key = key + "_file";
    if (const Node* node = map.take(key)) {
        if (!node->is_scalar()) // its text is not shown
            map.errors().add(node->place(), key + ": expected a text");
        else
            out.inline_text = std::make_shared<const Secret>(node->text());
    }
    const bool both = map.has(key) && map.has(file_key);
    read_path(map, file_key, out.file);
    if (both)
        map.errors().add(map.key_place(file_key),
                         key + " and " + file_key + " are both given; keep one");
}

void read_oidc(MapReader& map, WaldurSettings& waldur) {
    read_url(map, "oidc_token_url", waldur.oidc_token_url);
    map.read("oidc_client_id", waldur.oidc_client_id);
    read_secret(map, "oidc_client_secret", waldur.oidc_client_secret);
    const bool any = map.has("oidc_token_url") || map.has("oidc_client_id") ||
                     !waldur.oidc_client_secret.empty();
    if (any && (waldur.oidc_token_url.empty() || waldur.oidc_client_id.empty() ||
                waldur.oidc_client_secret.empty()))
        map.errors().add(map.place(), "waldur: OIDC needs oidc_token_url, oidc_client_id and "
                                      "oidc_client_secret or oidc_client_secret_file");
    if (any && !waldur.token.empty())
        map.errors().add(map.place(), "waldur: a token and OIDC are both given; keep one");
    if (!any && waldur.token.empty())
        map.errors().add(map.place(), "waldur: no login; set waldur_api_token_file, "
                                      "waldur_api_token, or the oidc_ keys");
}

void read_pushes(MapReader& map, WaldurPushes& push) {
    const Node* node = map.take("push");
    if (node == nullptr)
        return;
    if (node->is_scalar()) {
        const bool all = as_bool(*node, "push", map.errors()).value_or(true);
        push = {all, all, all, all, all, all};
        return;
    }
    MapReader inner(*node, "push", map.errors());
    inner.read("flags", push.flags);
    inner.read("command_results", push.command_results);
    inner.read("usage", push.usage);
    inner.read("user_usage", push.user_usage);
    inner.read("metadata", push.metadata);
    inner.read("identity", push.identity);
    inner.finish();
}

void read_periodic_limits(MapReader& map, std::string& emulator) {
    const Node* node = map.take("periodic_limits");
    if (node == nullptr)
        return;
    MapReader inner(*node, "periodic_limits", map.errors());
    bool mode = false;
    std::string url = "http://localhost:8080";
    inner.read("emulator_mode", mode);
    read_url(inner, "emulator_base_url", url);
    inner.finish();
    if (mode)
        emulator = without_api(std::move(url));
}

void require(MapReader& map, std::string_view key, const std::string& value) {
    if (value.empty() && !map.has(key))
        map.errors().add(map.place(), "waldur: " + std::string(key) + " is missing");
}

// --- how Waldur's STOMP broker is reached

using Transport = WaldurEvents::Transport;
using Registration = WaldurEvents::Registration;

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

unsigned default_port(const WaldurEvents& events, const Address& api) {
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
                         "waldur.stomp_ws_host: " + shown(host) + " is not a host name");
}

void read_path_of_socket(MapReader& map, std::string& path) {
    map.read("stomp_ws_path", path);
    if (!is_word(path) || path.front() != '/')
        map.errors().add(map.key_place("stomp_ws_path"),
                         "waldur.stomp_ws_path: " + shown(path) +
                             " is not a path; give one such as /rmqws-stomp");
}

// What is not set follows from waldur_api_url: Waldur's own installations have the broker's
// WebSocket behind the same server. REQUIRES: URL and login are read.
void read_waldur_events(MapReader& map, WaldurSettings& waldur) {
    auto& events = waldur.events;
    const Address api = address_of(waldur.url);
    events.tls = api.tls;
    events.host =
        api.host.empty() ? "localhost" : api.host; // read_url() reports that there is none
    map.read("stomp_enabled", events.enabled);
    map.choose("stomp_transport", events.transport, kTransports);
    map.choose("stomp_registration", events.registration, kRegistrations);
    map.read("websocket_use_tls", events.tls);
    read_host(map, events.host);
    std::int64_t port = default_port(events, api);
    map.read("stomp_ws_port", port, 1, 65535);
    events.port = static_cast<unsigned>(port);
    read_path_of_socket(map, events.path);
    if (events.enabled && waldur.token.empty() && !waldur.oidc_token_url.empty())
        map.errors().add(
            map.key_place("stomp_enabled"),
            "waldur.stomp_enabled: Waldur's broker accepts a token only, not OIDC; give "
            "waldur_api_token_file, or remove stomp_enabled");
}

// --- Waldur's spellings of a policy's keys (SlurmPeriodicUsagePolicy), read into the same values.
// A value given in both spellings is refused: which one counts would not be clear.

using namespace model;

// Announces `word`; true: the map has it and not the native key.
bool stands_alone(MapReader& map, std::string_view word, std::string_view native) {
    if (!map.has(word))
        return map.take(word) != nullptr; // announces it for suggestions
    if (!map.has(native))
        return true;
    map.take(word);
    map.errors().add(map.key_place(word), std::string(word) + " and " + std::string(native) +
                                              " set the same value; keep one of them");
    return false;
}

void read_carryover_words(MapReader& map, Carryover& carryover) {
    if (stands_alone(map, "carryover_enabled", "carryover"))
        map.read("carryover_enabled", carryover.enabled);
    if (stands_alone(map, "carryover_factor", "carryover"))
        map.read("carryover_factor", carryover.factor, kPercent);
    if (!stands_alone(map, "fairshare_decay_half_life", "carryover"))
        return;
    map.read("fairshare_decay_half_life", carryover.half_life_days, kDayCount);
    carryover.model = CarryoverModel::decay;
    const Place place = map.key_place("fairshare_decay_half_life");
    if (map.has("carryover_factor"))
        map.errors().add(place, "carryover_factor (a cap) and fairshare_decay_half_life (a decay) "
                                "exclude each other; keep the one that the site means");
    else
        map.errors().note(place, "fairshare_decay_half_life is Waldur's older carryover rule: "
                                 "read as carryover: {model: decay, half_life_days: " +
                                     carryover.half_life_days.text() + "}");
}

void read_billing_words(MapReader& map, const Reading& reading, Billing& billing,
                        PolicyPlaces& places) {
    if (stands_alone(map, "tres_billing_enabled", "tres_billing"))
        map.read("tres_billing_enabled", billing.enabled);
    if (!stands_alone(map, "tres_billing_weights", "tres_billing"))
        return;
    if (const Node* weights = map.take("tres_billing_weights")) {
        places.weights = weights->place();
        read_weights(*weights, reading, billing, map.errors());
    }
}

void read_component_limit(const Node& item, const Reading& reading, Allocation& allocation,
                          Errors& errors) {
    MapReader map(item, "a component limit", errors);
    const Node* type = map.take("type");
    const Node* limit = map.take("limit");
    map.finish();
    if (!item.is_map())
        return;
    if (type == nullptr || limit == nullptr || !type->is_scalar()) {
        errors.add(item.place(), "a component limit needs type and limit, for example "
                                 "{type: node_hours, limit: 1000}");
        return;
    }
    std::vector<std::string> known;
    for (const auto& component : reading.set.components)
        known.push_back(component.name);
    if (reading.set.component(type->text()) == nullptr)
        errors.add(type->place(), "component_limits_set: component " + shown(type->text()) +
                                      " is not defined" + suggestion(type->text(), known));
    check_tres_once(type->text(), type->place(), reading, allocation, errors);
    if (const auto units = read_units(*limit, type->text(), reading, errors))
        allocation.emplace(defined_name(type->text(), reading), *units);
}

void read_component_limits(MapReader& map, const Reading& reading, Policy& policy) {
    if (!stands_alone(map, "component_limits_set", "allocation"))
        return;
    const Node* node = map.take("component_limits_set");
    if (node == nullptr)
        return;
    if (!node->is_list()) {
        map.errors().add(node->place(), "component_limits_set: expected a list of {type, limit}, "
                                        "found " +
                                            describe(*node));
        return;
    }
    if (node->items().empty())
        return;
    policy.allocation.emplace();
    for (const auto& item : node->items())
        read_component_limit(item, reading, *policy.allocation, map.errors());
}

} // namespace

void read_waldur(MapReader& top, WaldurSettings& waldur, Reading& reading) {
    const Node* node = top.take("waldur");
    if (node == nullptr)
        return;
    MapReader map(*node, "waldur", top.errors());
    if (!node->is_map())
        return;
    waldur.enabled = true;
    map.read("enabled", waldur.enabled);
    read_url(map, "waldur_api_url", waldur.url);
    require(map, "waldur_api_url", waldur.url);
    waldur.url = without_api(waldur.url);
    read_offerings(map, waldur, reading.places);
    map.read("verify_ssl", waldur.verify_ssl);
    read_path(map, "ca_file", waldur.ca_file);
    read_secret(map, "waldur_api_token", waldur.token);
    read_oidc(map, waldur);
    map.choose("source", waldur.source, kSources);
    reading.waldur_accounts = waldur.source == WaldurSettings::Source::waldur;
    map.choose("authority", waldur.authority, kAuthorities);
    if (waldur.authority == WaldurSettings::Authority::waldur &&
        waldur.source != WaldurSettings::Source::waldur)
        map.errors().add(map.key_place("authority"),
                         "waldur.authority: waldur needs source: waldur; with source: file Sluice "
                         "only reports");
    read_duration(map, "interval", waldur.interval);
    read_pushes(map, waldur.push);
    read_waldur_events(map, waldur);
    read_periodic_limits(map, waldur.emulator);
    map.finish();
}

void read_waldur_words(MapReader& map, Reading& reading, Policy& policy, PolicyPlaces& places) {
    read_carryover_words(map, policy.carryover);
    read_billing_words(map, reading, policy.billing, places);
    read_component_limits(map, reading, policy);
    if (stands_alone(map, "limit_type", "limits"))
        map.choose("limit_type", policy.limits.type, kLimitTypes);
}

} // namespace sluice::settings
