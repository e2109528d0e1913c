// SPDX-License-Identifier: GPL-2.0-or-later
// Components, groups, accounts and allocations.
#include "common/settings/components.hpp"

#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/settings/life.hpp"
#include "common/settings/policy.hpp"
#include "common/settings/policy_set.hpp"

#include <array>

namespace sluice::settings {
namespace {

const Range kUnits{Decimal{}, Decimal::raw(INT64_MAX)};

constexpr std::size_t kMaxComponents = 64;

// Waldur's limit_period of an offering component.
constexpr std::array<Choice<model::PeriodKind>, 4> kLimitPeriods{{
    {"month", model::PeriodKind::month},
    {"quarterly", model::PeriodKind::quarter},
    {"annual", model::PeriodKind::year},
    {"total", model::PeriodKind::total},
}};

constexpr std::string_view kCountable =
    "; count cpu, mem, node, billing, gres/NAME, license/NAME or bb/NAME";

// Every type of TRES that Slurm has, and why a component cannot count it ("": it can).
struct TresType {
    std::string_view type;
    bool named; // type/NAME
    std::string_view uncounted;
};
constexpr std::string_view kMeasured =
    "Slurm measures it in steps and allocates none of it to jobs, so that usage would stay 0";
constexpr TresType kTresTypes[] = {
    {"cpu", false, ""},
    {"mem", false, ""},
    {"node", false, ""},
    {"billing", false, ""},
    {"gres", true, ""},
    {"license", true, ""},
    {"bb", true, ""},
    {"energy", false,
     "Slurm records one total for a job after its end, so that neither a running job nor a job "
     "across the end of a period could be counted"},
    {"vmem", false, kMeasured},
    {"pages", false, kMeasured},
    {"fs", true, kMeasured},
    {"ic", true, kMeasured},
};

// What people call a TRES.
struct Alias {
    std::string_view word;
    std::string_view tres;
};
constexpr Alias kAliases[] = {
    {"cpu_hours", "cpu"},
    {"cpus", "cpu"},
    {"core", "cpu"},
    {"cores", "cpu"},
    {"core_hours", "cpu"},
    {"memory", "mem"},
    {"ram", "mem"},
    {"gpu", "gres/gpu"},
    {"gpus", "gres/gpu"},
    {"gpu_hours", "gres/gpu"},
    {"gres:gpu", "gres/gpu"},
    {"nodes", "node"},
    {"node_hours", "node"},
    {"nodehours", "node"},
    {"license", "license/NAME"},
    {"gres", "gres/NAME"},
    {"licenses", "license/NAME"},
};

std::string unknown_tres(const std::string& tres) {
    const std::string_view meant = usual_tres(tres);
    std::vector<std::string> known;
    for (const auto& type : kTresTypes)
        if (type.uncounted.empty() && !type.named)
            known.emplace_back(type.type);
    const std::string near = meant.empty() ? nearest(tres, known) : std::string(meant);
    return "unknown TRES " + shown(tres) +
           (near.empty() ? "" : "; did you mean \"" + near + "\"?") + std::string(kCountable);
}

} // namespace

std::string_view usual_tres(std::string_view word) {
    for (const auto& type : kTresTypes)
        if (!type.named && equals_ignoring_case(type.type, word))
            return type.type;
    for (const auto& alias : kAliases)
        if (equals_ignoring_case(alias.word, word))
            return alias.tres;
    return {};
}

std::string tres_fault(std::string& tres) {
    const std::size_t slash = tres.find('/');
    for (const auto& type : kTresTypes) {
        if (!equals_ignoring_case(type.type, std::string_view(tres).substr(0, slash)) ||
            type.named != (slash != std::string::npos && slash + 1 < tres.size()))
            continue;
        tres = std::string(type.type) + (type.named ? tres.substr(slash) : "");
        return type.uncounted.empty()
                   ? ""
                   : "TRES " + shown(tres) + " cannot be counted: " + std::string(type.uncounted) +
                         std::string(kCountable);
    }
    return unknown_tres(tres);
}

namespace {

void read_tres(const Node& node, model::Component& component, Errors& errors) {
    auto text = as_text(node, "tres", errors);
    if (!text)
        return;
    // gres/gpu=... and lists are Slurm's form for amounts, not a name.
    if (const std::string fault = name_fault(*text); !fault.empty())
        errors.add(node.place(), "tres: name " + shown(*text) + " " + fault);
    else if (const std::string other = tres_fault(*text); !other.empty())
        errors.add(node.place(), other);
    else
        component.tres = *text;
}

void read_component(const yaml::Entry& entry, Reading& reading, Errors& errors) {
    model::Component component;
    component.name = entry.key;
    Place tres_place = entry.value.place();
    if (entry.value.is_scalar()) {
        read_tres(entry.value, component, errors);
    } else {
        MapReader map(entry.value, "component " + shown(entry.key), errors);
        if (const Node* tres = map.take("tres")) {
            tres_place = tres->place();
            read_tres(*tres, component, errors);
        } else if (entry.value.is_map() && !map.has("tres")) {
            errors.add(entry.key_place,
                       "component " + shown(entry.key) +
                           " has no tres; name the TRES that it counts, for example "
                           "tres: node");
        }
        map.read("unit_factor", component.unit_factor, kUnitFactor);
        if (map.has("limit_period"))
            map.choose("limit_period", reading.limit_periods[entry.key], kLimitPeriods);
        else
            map.take("limit_period");
        map.finish();
    }
    reading.places.components.emplace(entry.key, entry.key_place);
    reading.places.tres.emplace(entry.key, tres_place);
    reading.set.components.push_back(std::move(component));
}

std::vector<std::string> component_names(const Reading& reading) {
    std::vector<std::string> names;
    for (const auto& component : reading.set.components)
        names.push_back(component.name);
    return names;
}

} // namespace

void read_components(const Node& node, Reading& reading, Errors& errors) {
    if (!expect_map(node, "components", errors))
        return;
    for (const auto& entry : node.entries()) {
        const std::string fault = name_fault(entry.key);
        if (!fault.empty()) {
            errors.add(entry.key_place, "component name " + shown(entry.key) + " " + fault);
            continue;
        }
        for (const auto& known : reading.set.components)
            if (equals_ignoring_case(known.name, entry.key))
                errors.add(entry.key_place,
                           "component " + shown(entry.key) + " differs from " + shown(known.name) +
                               " (line " +
                               std::to_string(reading.places.components.at(known.name).line) +
                               ") in case only; weights ignore case, so rename one");
        if (reading.set.components.size() == kMaxComponents) {
            errors.add(entry.key_place, "more than 64 components; leave some out");
            return;
        }
        read_component(entry, reading, errors);
    }
}

std::optional<Decimal> read_units(const Node& node, const std::string& component,
                                  const Reading& reading, Errors& errors) {
    const auto units = as_number(node, "units of " + shown(component), kUnits, errors);
    const model::Component* known = reading.set.component(component);
    if (!units || known == nullptr)
        return units;
    // units * unit_factor * 60 are TRES-seconds; both factors are scaled.
    const auto seconds = multiply(Wide{units->scaled()} * known->unit_factor.scaled(), 60);
    if (!seconds || !narrow(*seconds / Decimal::kScale / Decimal::kScale)) {
        errors.add(node.place(), "units of " + shown(component) + ": " + units->text() +
                                     " units of " + known->unit_factor.text() +
                                     " TRES-minutes are more than can be counted; give less");
        return std::nullopt;
    }
    return units;
}

std::string defined_name(const std::string& written, const Reading& reading) {
    const model::Component* component = reading.set.component(written);
    return component == nullptr ? written : component->name;
}

// Slurm has one limit per TRES, so that two grants of one TRES could not both be in force.
void check_tres_once(const std::string& name, Place place, const Reading& reading,
                     const model::Allocation& allocation, Errors& errors) {
    const model::Component* component = reading.set.component(name);
    if (component == nullptr)
        return;
    for (const auto& [other, units] : allocation) {
        const model::Component* known = reading.set.component(other);
        if (known == component)
            errors.add(place, "component " + shown(name) + " is given twice; keep one of them");
        else if (known != nullptr && known->tres == component->tres)
            errors.add(place, "components " + shown(other) + " and " + shown(name) +
                                  " of one allocation both count TRES " + shown(known->tres) +
                                  "; grant one of them");
    }
}

model::Allocation read_allocation(const Node& node, const Reading& reading, Errors& errors) {
    model::Allocation allocation;
    if (!expect_map(node, "allocation", errors))
        return allocation;
    for (const auto& entry : node.entries()) {
        if (const std::string thousands = thousands_hint(entry); !thousands.empty()) {
            errors.add(entry.key_place, "allocation: " + thousands);
            continue;
        }
        if (reading.set.component(entry.key) == nullptr)
            errors.add(entry.key_place, "allocation: component " + shown(entry.key) +
                                            " is not defined" +
                                            suggestion(entry.key, component_names(reading)));
        check_tres_once(entry.key, entry.key_place, reading, allocation, errors);
        if (const auto units = read_units(entry.value, entry.key, reading, errors))
            allocation.emplace(defined_name(entry.key, reading), *units);
    }
    return allocation;
}

void read_groups(const Node& node, Reading& reading, Errors& errors) {
    if (!expect_map(node, "groups", errors))
        return;
    for (const auto& entry : node.entries()) {
        Group group;
        if (entry.value.is_map()) {
            MapReader map(entry.value, "group " + shown(entry.key), errors);
            if (const Node* subtree = map.take("subtree"))
                group.subtrees = read_names(*subtree, "subtree", errors);
            if (const Node* accounts = map.take("accounts"))
                group.accounts = read_names(*accounts, "accounts", errors);
            map.finish();
        } else {
            group.accounts = read_names(entry.value, "group " + shown(entry.key), errors);
        }
        reading.groups.emplace(entry.key, std::move(group));
    }
}

namespace {

// cluster -> what the account is granted there
void read_by_cluster(const Node& node, model::AccountSettings& account, Reading& reading,
                     Errors& errors) {
    if (!expect_map(node, "clusters", errors))
        return;
    for (const auto& entry : node.entries()) {
        const std::string name = lower(entry.key);
        reading.places.account_clusters.push_back({name, entry.key_place});
        if (!account.by_cluster.emplace(name, read_allocation(entry.value, reading, errors)).second)
            errors.add(entry.key_place,
                       "clusters: " + shown(entry.key) + " is there already; Slurm ignores case");
    }
}

} // namespace

void read_account(const std::string& key, Place place, const Node& node, Reading& reading,
                  Errors& errors) {
    const std::string fault = name_fault(key);
    if (!fault.empty()) {
        errors.add(place, "account name " + shown(key) + " " + fault);
        return;
    }
    model::AccountSettings account;
    MapReader map(node, "account " + shown(key), errors);
    if (const Node* allocation = map.take("allocation"))
        account.allocation = read_allocation(*allocation, reading, errors);
    if (const Node* clusters = map.take("clusters"))
        read_by_cluster(*clusters, account, reading, errors);
    account.life = read_life(map);
    map.read("parent", account.parent);
    if (map.has("parent") && reading.dialect == Dialect::daemon) {
        errors.add(map.key_place("parent"), "parent is for scenarios; on a cluster Slurm's "
                                            "own account tree counts, leave it out");
        account.parent.clear();
    }
    account.parent = lower(account.parent);
    map.finish();
    const std::string name = lower(key);
    const auto [known, is_new] = reading.places.accounts.emplace(name, place);
    if (!is_new && place.source != known->second.source)
        errors.add(known->second, "account " + shown(name) +
                                      " is in the journal, too; remove it here, or run: sluice "
                                      "grant remove " +
                                      name + " --reason=TEXT");
    else if (!is_new)
        errors.add(place, "account " + shown(key) + " is there already, at " +
                              errors.line(known->second) +
                              "; Slurm ignores case, keep one of them");
    reading.set.accounts.emplace(name, std::move(account));
}

void read_accounts(const Node& node, Reading& reading, Errors& errors) {
    if (expect_map(node, "accounts", errors))
        for (const auto& entry : node.entries())
            read_account(entry.key, entry.key_place, entry.value, reading, errors);
}

// Billing weights. A weight is per unit of its component; a unit suffix as in slurm.conf
// (`Mem=0.25G`: per GB) is converted to that, exactly or not at all.
namespace {

const Range kWeight{Decimal{}, Decimal::raw(INT64_MAX)};

bool has_suffix(const Node& node) {
    return node.is_scalar() && node.text().size() >= 2 &&
           std::string_view("kmgtp").find(folded(node.text().back())) != std::string_view::npos;
}

} // namespace

std::optional<TresWeight> parse_weight(const Node& node) {
    if (!node.is_scalar())
        return std::nullopt;
    std::string_view text = node.text();
    TresWeight out;
    if (has_suffix(node)) {
        out.power = static_cast<int>(std::string_view("kmgtp").find(folded(text.back()))) - 1;
        text.remove_suffix(1);
    }
    const auto weight = Decimal::parse(text);
    if (!weight || weight->is_negative())
        return std::nullopt;
    out.weight = *weight;
    return out;
}

bool counted_in_mb(std::string_view tres) {
    return equals_ignoring_case(tres, "mem") || lower(tres).starts_with("bb/");
}

// unit_factor TRES-minutes are unit_factor / 60 TRES-hours.
std::optional<Decimal> per_unit(const TresWeight& weight, const Decimal& unit_factor) {
    auto numerator = multiply(weight.weight.scaled(), unit_factor.scaled());
    Wide denominator = Wide{60} * Decimal::kScale;
    for (int i = weight.power; i > 0; --i)
        denominator *= 1024;
    if (numerator && weight.power < 0)
        numerator = multiply(*numerator, 1024);
    if (!numerator || *numerator % denominator != 0)
        return std::nullopt;
    const auto scaled = narrow(*numerator / denominator);
    return scaled ? std::optional(Decimal::raw(*scaled)) : std::nullopt;
}

std::vector<const model::Component*> weighed(std::string_view name, const Reading& reading) {
    if (const auto* component = reading.set.component(name))
        return {component};
    std::vector<const model::Component*> meant;
    for (const auto& component : reading.set.components)
        if (equals_ignoring_case(component.tres, name))
            meant.push_back(&component);
    return meant;
}

namespace {

void put_suffixed(const yaml::Entry& entry, const TresWeight& suffixed,
                  const model::Component& component, model::Billing& billing, Errors& errors) {
    const std::string what = "weight of " + shown(entry.key) + ": " + entry.value.text();
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

void read_weight(const yaml::Entry& entry, const Reading& reading, model::Billing& billing,
                 Errors& errors) {
    for (const auto& [name, weight] : billing.weights)
        if (name != entry.key && equals_ignoring_case(name, entry.key))
            errors.add(entry.key_place, "weight of " + shown(entry.key) + " is given as " +
                                            shown(name) + " too; names ignore case, keep one");
    const auto meant = weighed(entry.key, reading);
    if (meant.empty()) {
        errors.add(entry.key_place, "weight of " + shown(entry.key) +
                                        ": neither a component nor the TRES of one" +
                                        suggestion(entry.key, weight_names(reading)));
        return;
    }
    if (const auto suffixed = parse_weight(entry.value); suffixed && has_suffix(entry.value)) {
        for (const auto* component : meant)
            put_suffixed(entry, *suffixed, *component, billing, errors);
        return;
    }
    const auto weight = as_number(entry.value, "weight of " + shown(entry.key), kWeight, errors);
    if (weight)
        billing.weights[entry.key] = *weight;
}

} // namespace

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
