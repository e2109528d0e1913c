// SPDX-License-Identifier: GPL-2.0-or-later
// Billing weights. A weight is per unit of its component; a unit suffix as in slurm.conf
// (`Mem=0.25G`: per GB) is converted to that, exactly or not at all.
#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"

namespace sluice::settings {
namespace {

const Range kWeight{Decimal{}, Decimal::raw(INT64_MAX)};

struct Suffixed {
    Decimal weight;
    std::string text;
    int power = 0; // of 1024, relative to MB: K -1, M 0, G 1, T 2, P 3
};

// "0.001953125G"; nullopt: not a number with a unit suffix.
std::optional<Suffixed> parse_suffixed(const Node& node) {
    if (!node.is_scalar() || node.text().size() < 2)
        return std::nullopt;
    const std::string& text = node.text();
    int power = 0;
    switch (text.back()) {
    case 'K':
    case 'k':
        power = -1;
        break;
    case 'M':
    case 'm':
        power = 0;
        break;
    case 'G':
    case 'g':
        power = 1;
        break;
    case 'T':
    case 't':
        power = 2;
        break;
    case 'P':
    case 'p':
        power = 3;
        break;
    default:
        return std::nullopt;
    }
    const auto weight = Decimal::parse(text.substr(0, text.size() - 1));
    if (!weight || weight->is_negative())
        return std::nullopt;
    return Suffixed{*weight, text, power};
}

bool counted_in_mb(std::string_view tres) {
    return equals_ignoring_case(tres, "mem") || lower(tres).starts_with("bb/");
}

// weight per 1024^power MB -> weight per unit, which is unit_factor MB-minutes = unit_factor / 60
// MB-hours. nullopt: not exact in nine digits, or does not fit.
std::optional<Decimal> per_unit(const Suffixed& suffixed, const Decimal& unit_factor) {
    auto numerator = multiply(suffixed.weight.scaled(), unit_factor.scaled());
    Wide denominator = Wide{60} * Decimal::kScale;
    for (int i = suffixed.power; i > 0; --i)
        denominator *= 1024;
    if (numerator && suffixed.power < 0)
        numerator = multiply(*numerator, 1024);
    if (!numerator || *numerator % denominator != 0)
        return std::nullopt;
    const auto scaled = narrow(*numerator / denominator);
    return scaled ? std::optional(Decimal::raw(*scaled)) : std::nullopt;
}

void put_suffixed(const yaml::Entry& entry, const Suffixed& suffixed,
                  const model::Component& component, model::Billing& billing, Errors& errors) {
    const std::string what = "weight of " + shown(entry.key) + ": " + suffixed.text;
    if (!counted_in_mb(component.tres)) {
        errors.add(entry.value.place(), what + " has a unit suffix, but " + component.tres +
                                            " is a plain count; give the weight of one unit of " +
                                            component.name);
        return;
    }
    const auto weight = per_unit(suffixed, component.unit_factor);
    if (!weight) {
        errors.add(entry.value.place(),
                   what + " has no exact value for one unit of " + component.name + " (" +
                       component.unit_factor.text() +
                       " TRES-minutes) in nine digits; give the component unit_factor 61440 "
                       "(GB-hours) or the weight without suffix");
        return;
    }
    billing.weights[component.name] = *weight;
    errors.note(entry.value.place(), what + " is taken as " + weight->text() + " for one unit of " +
                                         component.name + " (" + component.unit_factor.text() +
                                         " TRES-minutes)");
}

std::vector<std::string> weight_names(const Reading& reading) {
    std::vector<std::string> names;
    for (const auto& component : reading.set.components) {
        names.push_back(component.name);
        if (component.tres != component.name)
            names.push_back(component.tres);
    }
    return names;
}

} // namespace

void read_weight(const yaml::Entry& entry, const Reading& reading, model::Billing& billing,
                 Errors& errors) {
    for (const auto& [name, weight] : billing.weights)
        if (name != entry.key && equals_ignoring_case(name, entry.key))
            errors.add(entry.key_place, "weight of " + shown(entry.key) + " is given as " +
                                            shown(name) + " too; names ignore case, keep one");
    std::vector<const model::Component*> meant;
    for (const auto& component : reading.set.components)
        if (equals_ignoring_case(component.name, entry.key))
            meant = {&component};
    if (meant.empty())
        for (const auto& component : reading.set.components)
            if (equals_ignoring_case(component.tres, entry.key))
                meant.push_back(&component);
    if (meant.empty()) {
        errors.add(entry.key_place, "weight of " + shown(entry.key) +
                                        ": neither a component nor the TRES of one" +
                                        suggestion(entry.key, weight_names(reading)));
        return;
    }
    if (const auto suffixed = parse_suffixed(entry.value)) {
        for (const auto* component : meant)
            put_suffixed(entry, *suffixed, *component, billing, errors);
        return;
    }
    const auto weight = as_number(entry.value, "weight of " + shown(entry.key), kWeight, errors);
    if (weight)
        billing.weights[entry.key] = *weight;
}

void read_weights(const Node& node, const Reading& reading, model::Billing& billing,
                  Errors& errors) {
    if (node.is_scalar() && node.text() == "slurm") {
        billing.weights_slurm = true;
        return;
    }
    if (!node.is_map()) {
        errors.add(node.place(), "weights: expected a map of names and numbers, or slurm, found " +
                                     describe(node));
        return;
    }
    for (const auto& entry : node.entries())
        read_weight(entry, reading, billing, errors);
}

} // namespace sluice::settings
