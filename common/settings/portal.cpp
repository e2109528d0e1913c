// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the `waldur:` block. The site agent's own spellings of its keys are kept, so that a site
// can copy them over.
#include "common/base/text.hpp"
#include "common/settings/daemon.hpp"
#include "common/settings/times.hpp"

#include <array>

namespace sluice::settings {
namespace {

constexpr std::array<Choice<PortalSettings::Source>, 2> kSources{
    {{"file", PortalSettings::Source::file}, {"waldur", PortalSettings::Source::waldur}}};
constexpr std::array<Choice<PortalSettings::Authority>, 2> kAuthorities{
    {{"sluice", PortalSettings::Authority::sluice}, {"waldur", PortalSettings::Authority::waldur}}};

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
                                            " is no address; give one such as "
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
                                            " is no UUID; copy it from the offering's page in "
                                            "Waldur");
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

void read_oidc(MapReader& map, PortalSettings& portal) {
    read_url(map, "oidc_token_url", portal.oidc_token_url);
    map.read("oidc_client_id", portal.oidc_client_id);
    read_secret(map, "oidc_client_secret", portal.oidc_client_secret);
    const bool any = map.has("oidc_token_url") || map.has("oidc_client_id") ||
                     !portal.oidc_client_secret.empty();
    if (any && (portal.oidc_token_url.empty() || portal.oidc_client_id.empty() ||
                portal.oidc_client_secret.empty()))
        map.errors().add(map.place(), "waldur: OIDC needs oidc_token_url, oidc_client_id and "
                                      "oidc_client_secret or oidc_client_secret_file");
    if (any && !portal.token.empty())
        map.errors().add(map.place(), "waldur: a token and OIDC are both given; keep one");
    if (!any && portal.token.empty())
        map.errors().add(map.place(), "waldur: no login; give waldur_api_token_file, "
                                      "waldur_api_token, or the oidc_ keys");
}

void read_pushes(MapReader& map, PortalPushes& push) {
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

} // namespace

void read_portal(MapReader& top, PortalSettings& portal) {
    const Node* node = top.take("waldur");
    if (node == nullptr)
        return;
    MapReader map(*node, "waldur", top.errors());
    if (!node->is_map())
        return;
    portal.enabled = true;
    map.read("enabled", portal.enabled);
    read_url(map, "waldur_api_url", portal.url);
    require(map, "waldur_api_url", portal.url);
    portal.url = without_api(portal.url);
    read_uuid(map, "waldur_offering_uuid", portal.offering);
    require(map, "waldur_offering_uuid", portal.offering);
    map.read("verify_ssl", portal.verify_ssl);
    read_path(map, "ca_file", portal.ca_file);
    read_secret(map, "waldur_api_token", portal.token);
    read_oidc(map, portal);
    map.choose("source", portal.source, kSources);
    map.choose("authority", portal.authority, kAuthorities);
    if (portal.authority == PortalSettings::Authority::waldur &&
        portal.source != PortalSettings::Source::waldur)
        map.errors().add(map.key_place("authority"),
                         "waldur.authority: waldur needs source: waldur; with source: file Sluice "
                         "only reports");
    read_duration(map, "interval", portal.interval);
    read_pushes(map, portal.push);
    read_portal_events(map, portal);
    read_periodic_limits(map, portal.emulator);
    map.finish();
}

} // namespace sluice::settings
