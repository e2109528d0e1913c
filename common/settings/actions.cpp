// SPDX-License-Identifier: GPL-2.0-or-later
// `actions` of a policy, and whether they can do what they say.
#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"

#include <array>

namespace sluice::settings {
namespace {

using namespace model;

constexpr std::array<Choice<Action>, 5> kActions{{
    {"notify_organization_owners", Action::notify_organization_owners},
    {"notify_external_user", Action::notify_external_user},
    {"block_creation_of_new_resources", Action::block_creation_of_new_resources},
    {"request_slurm_resource_downscaling", Action::request_slurm_resource_downscaling},
    {"request_slurm_resource_pausing", Action::request_slurm_resource_pausing},
}};

} // namespace

std::vector<Action> read_actions(const Node& node, Errors& errors) {
    std::vector<std::string> known;
    known.reserve(kActions.size());
    for (const auto& choice : kActions)
        known.emplace_back(choice.word);
    std::vector<Action> actions;
    for (const auto& word : as_words(node, "actions", errors)) {
        bool found = false;
        for (const auto& choice : kActions) {
            if (choice.word == word.text) {
                actions.push_back(choice.value);
                found = true;
            }
        }
        if (!found)
            errors.add(word.place, "actions: unknown action " + shown(word.text) +
                                       suggestion(word.text, known));
    }
    return actions;
}

void read_external_users(MapReader& map, Policy& policy) {
    const Node* options = map.take("options");
    if (options == nullptr)
        return;
    Errors& errors = map.errors();
    MapReader inner(*options, "options", errors);
    const Node* users = inner.take("notify_external_user");
    inner.finish();
    if (users == nullptr)
        return;
    for (const auto& word : as_words(*users, "notify_external_user", errors)) {
        const std::size_t at = word.text.find('@');
        if (at == 0 || at == std::string::npos || at + 1 == word.text.size() ||
            word.text.find_first_of(" \t\r\n<>\"") != std::string::npos)
            errors.add(word.place, "notify_external_user: " + shown(word.text) +
                                       " is no mail address; give name@host, several with commas");
        policy.external_users.push_back(word.text);
    }
}

void check_actions(MapReader& map, const Policy& policy) {
    const auto needs = [&](Action action, std::string_view name, const std::string& qos,
                           std::string_view key) {
        if (policy.has(action) && qos.empty() && policy.strategy == QosStrategy::threshold)
            map.errors().add(map.key_place(key), "action " + std::string(name) +
                                                     " needs a QOS; name one in " +
                                                     std::string(key));
    };
    needs(Action::request_slurm_resource_downscaling, "request_slurm_resource_downscaling",
          policy.qos_downscaled, "qos_downscaled");
    needs(Action::request_slurm_resource_pausing, "request_slurm_resource_pausing",
          policy.qos_paused, "qos_paused");
    if (policy.has(Action::notify_external_user) && policy.external_users.empty())
        map.errors().note(map.key_place("actions"),
                          "action notify_external_user writes to nobody: "
                          "options.notify_external_user names no address");
    if (policy.actions.empty() && policy.strategy == QosStrategy::threshold)
        map.errors().note(map.key_place("actions"),
                          "policy " + shown(policy.name) + " lists no actions: it only reports");
}

} // namespace sluice::settings
