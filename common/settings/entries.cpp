// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/entries.hpp"

#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"
#include "common/yaml/writer.hpp"

namespace sluice::settings {
namespace {

// The map that `text` is.
Result<yaml::Tree> map_of(const model::RuleEntry& entry, std::string_view text) {
    auto tree = yaml::parse(text, {}, yaml::Anchors::refused, 1);
    Errors errors("", {source_name(entry)});
    if (take_faults(tree, errors) && !tree.root->is_map())
        expect_map(*tree.root, model::name(entry.kind), errors);
    if (errors.any())
        return errors.error();
    return tree;
}

std::string file_key(const std::string& name) {
    const bool plain =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == std::string::npos &&
        name.front() != '-';
    return plain ? name : '\'' + name + '\''; // names hold no quotes
}

} // namespace

std::string source_name(const model::RuleEntry& entry) {
    return std::string(model::name(entry.kind)) + ' ' + shown(entry.name) + " of the journal";
}

Result<std::string> entry_text(const model::RuleEntry& entry, std::string_view given, bool merge) {
    const auto tree = map_of(entry, given);
    if (!tree)
        return tree.error();
    if (!merge)
        return trim(given).starts_with('{') ? yaml::written(*tree->root) : std::string(given);
    const auto present = map_of(entry, entry.text.empty() ? "{}" : entry.text);
    if (!present)
        return present.error();
    return yaml::merged(*present->root, *tree->root);
}

Place place_in_file(const Settings& settings, model::RuleKind kind, const std::string& name) {
    if (kind == model::RuleKind::allocation) {
        const auto found = settings.places.accounts.find(name);
        return found == settings.places.accounts.end() || found->second.source != 0 ? Place{}
                                                                                    : found->second;
    }
    for (std::size_t i = 0; i < settings.policies.policies.size(); ++i)
        if (settings.policies.policies[i].name == name &&
            settings.places.policies[i].policy.source == 0)
            return settings.places.policies[i].policy;
    return {};
}

std::string exported(std::span<const model::RuleEntry> entries) {
    std::string policies;
    std::string accounts;
    for (const auto& entry : entries) {
        const auto tree = map_of(entry, entry.text);
        const std::string text = entry.text.ends_with('\n') ? entry.text : entry.text + '\n';
        if (entry.kind == model::RuleKind::allocation) {
            accounts += "  " + file_key(entry.name) + ":\n";
            accounts += yaml::indented(text, "    ");
            continue;
        }
        const bool named = tree && tree->root->find("name") != nullptr;
        policies += "  -\n";
        if (!named)
            policies += "    name: " + file_key(entry.name) + '\n';
        policies += yaml::indented(text, "    ");
    }
    return (accounts.empty() ? "" : "accounts:\n" + accounts) +
           (policies.empty() ? "" : "policies:\n" + policies);
}

} // namespace sluice::settings
