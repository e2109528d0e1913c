// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/import/unused_keys.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/settings/reader.hpp"

namespace sluice::settings {
namespace {

// What the other keys of the site agent are for, and so why Sluice does not use them.
struct Reason {
    std::string_view part; // of the key
    std::string_view text;
};

// First match wins.
constexpr Reason kReasons[] = {
    {"rest_api", "Sluice uses slurmdbd through libslurm"},
    {"execution_mode", "Sluice uses slurmdbd through libslurm"},
    {"slurm_bin_path", "Sluice runs no sacctmgr"},
    {"qos_enforcement", "a standing changes QOS, never GrpSubmitJobs"},
    {"enforce_", "a standing changes QOS, never GrpSubmitJobs"},
    {"qos_management", "the site creates QOS: sacctmgr add qos"},
    {"stomp", "remains with the site agent"},
    {"global_proxy", "Sluice uses the proxy of its environment (https_proxy)"},
    {"_backend", "orders, members and reports remain with the site agent"},
    {"_prefix", "the site agent creates accounts"},
    {"accounting_type", "part of Waldur's catalogue; in Sluice allocations limit usage"},
    {"account", "the site agent creates accounts"},
    {"username", "the site agent creates users"},
    {"ldap", "the site agent creates users"},
    {"project_directory", "remains with the site agent"},
    {"partition", "remains with the site agent"},
    {"report", "usage reports remain with the site agent"},
    {"log", "Sluice logs to the journal of the host"},
    {"sentry", "Sluice logs to the journal of the host"},
    {"prepaid", "part of Waldur's catalogue"},
    {"duration", "part of Waldur's catalogue"},
    {"measured_unit", "part of Waldur's catalogue"},
    {"label", "part of Waldur's catalogue"},
    {"limit", "allocations are set under accounts"},
};

// The last key of a path, without its index.
std::string_view last_key(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view reason_for(std::string_view path) {
    const std::string_view key = last_key(path);
    for (const auto& reason : kReasons)
        if (key.find(reason.part) != std::string_view::npos)
            return reason.text;
    return "Sluice has no such function";
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

const yaml::Node* UnusedKeys::take(const yaml::Node* map, std::string_view key) {
    const yaml::Node* node = map == nullptr ? nullptr : map->find(key);
    if (node == nullptr)
        return nullptr;
    if (!node->is_map() && !node->is_list())
        used_.insert(node);
    return node->is_empty() ? nullptr : node;
}

void UnusedKeys::walk(const yaml::Node& node, const std::string& path,
                      std::vector<std::string>& out) const {
    if (used_.contains(&node))
        return;
    const auto line = [&](const std::string& value, std::string_view reason) {
        out.push_back(printable(path + ": " +
                                (is_secret(path, value) ? "(not shown)" : shown(value)) + "   (" +
                                std::string(reason) + ")"));
    };
    if (const auto aside = aside_.find(&node); aside != aside_.end()) {
        const yaml::Node* name = node.find("name");
        line(name == nullptr ? "" : name->text(), aside->second);
    } else if (node.is_map() && !node.entries().empty()) {
        for (const auto& entry : node.entries())
            // Keys of that form hold anchors for other parts of the file.
            if (!path.empty() || !(entry.key.starts_with('_') || entry.key.starts_with("x-")))
                walk(entry.value, path.empty() ? entry.key : path + "." + entry.key, out);
    } else if (node.is_list() && !node.items().empty()) {
        for (std::size_t i = 0; i < node.items().size(); ++i)
            walk(node.items()[i], path + "[" + std::to_string(i) + "]", out);
    } else {
        line(node.text(), reason_for(path));
    }
}

std::vector<std::string> UnusedKeys::lines(const yaml::Node& root) const {
    std::vector<std::string> out;
    walk(root, "", out);
    return out;
}

} // namespace sluice::settings
