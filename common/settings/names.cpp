// SPDX-License-Identifier: GPL-2.0-or-later
// Names of accounts, QOS, components, policies and groups: what Slurm's own lists can carry.
#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"

namespace sluice::settings {

std::string name_fault(std::string_view name) {
    constexpr std::size_t kMaxName = 255;
    if (name.empty())
        return "is empty; give a name";
    if (name.size() > kMaxName)
        return "is longer than 255 characters; give a shorter name";
    for (const char c : name) {
        if (c == ' ' || c == ',' || c == '|' || c == '=' || c == '"' || c == '\'' || c == '\t' ||
            c == '\n')
            return "holds a blank, comma, bar, equals sign or quote; Slurm's lists cannot carry it";
    }
    return {};
}

void refuse_empty(const Node& node, std::string_view what, Errors& errors) {
    if ((node.is_list() && node.items().empty()) || (node.is_scalar() && trim(node.text()).empty()))
        errors.add(node.place(), std::string(what) + " is empty; give a name or leave the key out");
}

std::vector<Reference> read_names(const Node& node, std::string_view what, Errors& errors) {
    refuse_empty(node, what, errors); // it would read as all
    std::vector<Reference> names;
    for (auto& word : as_words(node, what, errors)) {
        const std::string fault = name_fault(word.text);
        if (!fault.empty())
            errors.add(word.place, std::string(what) + ": name " + shown(word.text) + " " + fault);
        else
            names.push_back({std::move(word.text), word.place});
    }
    return names;
}

} // namespace sluice::settings
