// SPDX-License-Identifier: GPL-2.0-or-later
// What the site agent's other keys are for, and so why they say nothing to Sluice.
#include "common/settings/unused_keys.hpp"

#include "common/base/decimal.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/settings/reader.hpp"

namespace sluice::settings {
namespace {

struct Reason {
    std::string_view part; // of the key
    std::string_view text;
};

// First match wins.
constexpr Reason kReasons[] = {
    {"emulator", "Sluice acts on Slurm only; observe mode and dry runs take its place"},
    {"rest_api", "Sluice talks to slurmdbd through libslurm"},
    {"execution_mode", "Sluice talks to slurmdbd through libslurm"},
    {"slurm_bin_path", "Sluice runs no sacctmgr"},
    {"qos_enforcement", "a standing changes QOS, never GrpSubmitJobs"},
    {"enforce_", "a standing changes QOS, never GrpSubmitJobs"},
    {"qos_management", "QOS are made by the site: sacctmgr add qos"},
    {"waldur_", "the site agent keeps its connection to Waldur"},
    {"oidc_", "the site agent keeps its connection to Waldur"},
    {"stomp", "the site agent keeps its connection to Waldur"},
    {"websocket", "the site agent keeps its connection to Waldur"},
    {"verify_ssl", "the site agent keeps its connection to Waldur"},
    {"global_proxy", "the site agent keeps its connection to Waldur"},
    {"_backend", "the site agent goes on with orders, members and reports"},
    {"_prefix", "accounts are made by the site agent"},
    {"accounting_type", "belongs to Waldur's catalogue; an allocation is what limits"},
    {"account", "accounts are made by the site agent"},
    {"username", "users are made by the site agent"},
    {"ldap", "users are made by the site agent"},
    {"project_directory", "the site agent goes on with it"},
    {"partition", "the site agent goes on with it"},
    {"report", "the site agent goes on reporting usage"},
    {"log", "Sluice logs to the journal of the host"},
    {"sentry", "Sluice logs to the journal of the host"},
    {"measured_unit", "belongs to Waldur's catalogue"},
    {"label", "belongs to Waldur's catalogue"},
    {"limit", "allocations stand under accounts"},
};

// The last key of a path, without its index.
std::string_view last_key(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view reason_for(std::string_view path, std::string_view chosen) {
    if (path.starts_with("offerings[") && !path.starts_with(chosen))
        return "another offering; it needs a file and a daemon of its own";
    const std::string_view key = last_key(path);
    for (const auto& reason : kReasons)
        if (key.find(reason.part) != std::string_view::npos)
            return reason.text;
    return "Sluice has nothing like it";
}

bool is_secret(std::string_view key, std::string_view value) {
    const std::string name = lower(key);
    for (const std::string_view part :
         {"token", "secret", "password", "passwd", "passcode", "dsn", "credential", "private"})
        if (name.find(part) != std::string::npos)
            return true;
    // user:password@host in an address
    const std::size_t scheme = value.find("://");
    return scheme != std::string_view::npos && value.find('@', scheme) != std::string_view::npos;
}

} // namespace

std::string as_scalar(std::string_view text) {
    bool plain = !text.empty() && text.front() != '-' && text.front() != '.';
    for (const char c : text)
        plain = plain && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/' || c == '.');
    const std::string word = lower(text);
    for (const std::string_view other : {"true", "false", "yes", "no", "on", "off", "null"})
        plain = plain && word != other;
    if (plain && !Decimal::parse(text))
        return std::string(text);
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return '"' + printable(out) + '"'; // \n and \u001b are YAML's escapes, too
}

const yaml::Node* Leftover::take(const yaml::Node* map, std::string_view key) {
    const yaml::Node* node = map == nullptr ? nullptr : map->find(key);
    if (node == nullptr)
        return nullptr;
    if (!node->is_map() && !node->is_list())
        used_.insert(node);
    return node->is_empty() ? nullptr : node;
}

void Leftover::walk(const yaml::Node& node, const std::string& path,
                    std::vector<std::string>& out) const {
    if (used_.contains(&node))
        return;
    const auto line = [&](const std::string& value) {
        out.push_back(printable(path + ": " +
                                (is_secret(path, value) ? "(not shown)" : shown(value)) + "   (" +
                                std::string(reason_for(path, chosen_)) + ")"));
    };
    if (node.is_map() && !node.entries().empty()) {
        for (const auto& entry : node.entries())
            walk(entry.value, path.empty() ? entry.key : path + "." + entry.key, out);
    } else if (node.is_list() && !node.items().empty()) {
        for (std::size_t i = 0; i < node.items().size(); ++i)
            walk(node.items()[i], path + "[" + std::to_string(i) + "]", out);
    } else {
        line(node.text());
    }
}

std::vector<std::string> Leftover::lines(const yaml::Node& root) const {
    std::vector<std::string> out;
    walk(root, "", out);
    return out;
}

} // namespace sluice::settings
