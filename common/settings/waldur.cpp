// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's own spellings of a policy's keys (SlurmPeriodicUsagePolicy), read into the same values.
// A thing said in both spellings is refused: nobody could tell which one holds.
#include "common/settings/components.hpp"
#include "common/settings/policy.hpp"
#include "common/settings/policy_set.hpp"

namespace sluice::settings {
namespace {

using namespace model;

// Announces `word`; true: it is there and the native key is not.
bool stands_alone(MapReader& map, std::string_view word, std::string_view native) {
    if (!map.has(word))
        return map.take(word) != nullptr; // announces it for suggestions
    if (!map.has(native))
        return true;
    map.take(word);
    map.errors().add(map.key_place(word), std::string(word) + " and " + std::string(native) +
                                              " say the same; keep one of them");
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
                                 "taken as carryover: {model: decay, half_life_days: " +
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
    if (allocation.contains(type->text()))
        errors.add(type->place(), "component_limits_set: component " + shown(type->text()) +
                                      " is there already; keep one of them");
    check_tres_once(type->text(), type->place(), reading, allocation, errors);
    if (const auto units = read_units(*limit, type->text(), reading, errors))
        allocation.emplace(type->text(), *units);
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

void read_waldur_words(MapReader& map, Reading& reading, Policy& policy, PolicyPlaces& places) {
    read_carryover_words(map, policy.carryover);
    read_billing_words(map, reading, policy.billing, places);
    read_component_limits(map, reading, policy);
    if (stands_alone(map, "limit_type", "limits"))
        map.choose("limit_type", policy.limits.type, kLimitTypes);
}

} // namespace sluice::settings
