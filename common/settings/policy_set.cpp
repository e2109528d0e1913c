// SPDX-License-Identifier: GPL-2.0-or-later
// The part that sluiced.yaml and scenarios share, in the order in which its parts need each other.
#include "common/settings/policy_set.hpp"

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/settings/checks.hpp"
#include "common/settings/components.hpp"
#include "common/settings/policy.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::settings {
namespace {

std::string_view word(model::PeriodKind kind) {
    switch (kind) {
    case model::PeriodKind::week:
        return "week";
    case model::PeriodKind::month:
        return "month";
    case model::PeriodKind::quarter:
        return "quarter";
    case model::PeriodKind::year:
        return "year";
    case model::PeriodKind::total:
        return "total";
    case model::PeriodKind::custom:
        break;
    }
    return "custom";
}

void read_timezone(MapReader& top, std::string& timezone) {
    const Node* node = top.take("timezone");
    if (node == nullptr)
        return;
    const auto name = as_text(*node, "timezone", top.errors());
    if (!name)
        return;
    timezone = *name;
    if (!Zone::load(*name))
        top.errors().add(node->place(), "timezone: " + shown(*name) +
                                            " is not in the host's time zone database; give an "
                                            "IANA name such as Europe/Tallinn");
}

void read_counting(MapReader& top, model::Counting& counting) {
    constexpr std::array<Choice<bool>, 2> kFactor{{{"apply", true}, {"ignore", false}}};
    constexpr std::array<Choice<bool>, 2> kIdle{{{"count", true}, {"ignore", false}}};
    top.choose("usage_factor", counting.factor, kFactor);
    top.choose("idle_reservations", counting.idle, kIdle);
}

// Waldur: exactly one limit_period among the components wins over the policies' period.
void apply_limit_periods(Reading& reading, Errors& errors) {
    std::set<model::PeriodKind> kinds;
    for (const auto& [component, kind] : reading.limit_periods)
        kinds.insert(kind);
    if (kinds.empty())
        return;
    const auto& [first_name, first_kind] = *reading.limit_periods.begin();
    for (const auto& [name, kind] : reading.limit_periods)
        if (kind != first_kind)
            errors.add(reading.places.components.at(name),
                       "limit_period of component " + shown(name) + " is " +
                           std::string(word(kind)) + ", that of " + shown(first_name) + " is " +
                           std::string(word(first_kind)) + "; give all components the same");
    for (std::size_t i = 0; i < reading.set.policies.size(); ++i) {
        auto& policy = reading.set.policies[i];
        if (policy.period.kind == first_kind)
            continue;
        errors.note(reading.places.policies[i].policy,
                    "policy " + shown(policy.name) + " counts by " + std::string(word(first_kind)) +
                        ": limit_period of component " + shown(first_name) +
                        " wins over its period");
        policy.period = {};
        policy.period.kind = first_kind;
    }
}

// Each policy of an offering covers the accounts of its resources.
void leave_accounts_to_waldur(Reading& reading, Errors& errors) {
    for (const auto& offering : reading.places.waldur_policies) {
        const auto found =
            std::find_if(reading.set.policies.begin(), reading.set.policies.end(),
                         [&](const auto& policy) { return policy.name == offering.name; });
        if (found == reading.set.policies.end())
            continue; // check_waldur() reports it
        if (!found->match.all())
            errors.add(reading.places
                           .policies[static_cast<std::size_t>(found - reading.set.policies.begin())]
                           .policy,
                       "policy " + shown(found->name) +
                           " belongs to an offering of Waldur, whose resources are its accounts; "
                           "leave accounts, subtrees and organization_groups out");
        found->match.listed = true;
    }
}

void read_policies(const Node& node, Reading& reading, Errors& errors) {
    if (!node.is_list()) {
        errors.add(node.place(),
                   "policies: expected a list (- name: ...), found " + describe(node));
        return;
    }
    constexpr std::size_t kMaxPolicies = 1000;
    if (node.items().size() > kMaxPolicies) {
        errors.add(node.place(), "policies: more than 1000; let one policy match more accounts");
        return;
    }
    for (const auto& item : node.items())
        read_policy(item, reading, errors);
}

void read_entries(model::RuleKind kind, Reading& reading, Errors& errors) {
    for (const auto& [entry, node] : reading.entries)
        if (entry->kind == kind && kind == model::RuleKind::policy)
            read_policy(*node, reading, errors, entry->name);
        else if (entry->kind == kind)
            read_account(entry->name, node->place(), *node, reading, errors);
}

} // namespace

void read_policy_set(MapReader& top, Reading& reading) {
    Errors& errors = top.errors();
    read_timezone(top, reading.set.timezone);
    top.read("contact", reading.set.contact);
    read_texts(top, reading.set.texts);
    if (reading.dialect == Dialect::daemon) // a scenario has neither QOS of jobs nor reservations
        read_counting(top, reading.set.counting);
    if (const Node* components = top.take("components"))
        read_components(*components, reading, errors);
    if (const Node* groups = top.take("groups"))
        read_groups(*groups, reading, errors);
    if (const Node* accounts = top.take("accounts"))
        read_accounts(*accounts, reading, errors);
    read_entries(model::RuleKind::allocation, reading, errors);
    if (const Node* policies = top.take("policies"))
        read_policies(*policies, reading, errors);
    read_entries(model::RuleKind::policy, reading, errors);
    if (reading.waldur_accounts)
        leave_accounts_to_waldur(reading, errors);
    apply_limit_periods(reading, errors);
    cross_check(reading, errors);
}

// Names of accounts, QOS, components, policies and groups: what Slurm's own lists can carry.
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
    std::set<std::string> known;
    for (const auto& word : as_words(node, what, errors)) {
        const std::string fault = name_fault(word.text);
        std::string name = lower(word.text);
        if (!fault.empty())
            errors.add(word.place, std::string(what) + ": name " + shown(word.text) + " " + fault);
        else if (!known.insert(name).second)
            errors.add(word.place, std::string(what) + ": " + shown(word.text) +
                                       " is listed twice; Slurm ignores case");
        else
            names.push_back({std::move(name), word.place});
    }
    return names;
}

} // namespace sluice::settings
