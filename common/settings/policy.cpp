// SPDX-License-Identifier: GPL-2.0-or-later
// One entry of `policies`.
#include "common/base/text.hpp"
#include "common/settings/duration.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/ranges.hpp"

#include <array>

namespace sluice::settings {
namespace {

using namespace model;

constexpr std::array<Choice<Mode>, 2> kModes{
    {{"observe", Mode::observe}, {"enforce", Mode::enforce}}};
constexpr std::array<Choice<CarryoverModel>, 2> kModels{
    {{"cap", CarryoverModel::cap}, {"decay", CarryoverModel::decay}}};
constexpr std::array<Choice<bool>, 2> kDays{{{"exact", true}, {"90", false}}};
constexpr std::array<Choice<bool>, 2> kSpans{{{"cluster", false}, {"clusters", true}}};
constexpr std::array<Choice<bool>, 2> kNewAccounts{{{"none", false}, {"full", true}}};
constexpr std::array<Choice<QosStrategy>, 2> kStrategies{
    {{"threshold", QosStrategy::threshold}, {"progressive", QosStrategy::progressive}}};
constexpr std::array<Choice<model::PendingJobs>, 3> kPendingJobs{
    {{"leave", model::PendingJobs::leave},
     {"hold", model::PendingJobs::hold},
     {"cancel", model::PendingJobs::cancel}}};
constexpr std::array<Choice<model::RunningJobs>, 3> kRunningJobs{
    {{"leave", model::RunningJobs::leave},
     {"cancel", model::RunningJobs::cancel},
     {"requeue", model::RunningJobs::requeue}}};
constexpr std::chrono::seconds kMaxGrace = std::chrono::days{366};

constexpr std::array<Choice<Drift>, 2> kDrifts{
    {{"repair", Drift::repair}, {"report", Drift::report}}};
constexpr std::array<Choice<BudgetCheck>, 3> kChecks{
    {{"off", BudgetCheck::off}, {"warn", BudgetCheck::warn}, {"refuse", BudgetCheck::refuse}}};
const Range kThreshold{Decimal{}, Decimal::whole(1100), true}; // grace ends at 1100 %
const Range kPositive{Decimal{}, Decimal::raw(INT64_MAX), true};

// `key: true`, `key: false`, or a map with `enabled`. Returns the map to read on, if there is one.
const Node* switchable(MapReader& map, std::string_view key, bool& enabled) {
    const Node* node = map.take(key);
    if (node == nullptr || node->is_map())
        return node;
    if (node->is_list())
        map.errors().add(node->place(),
                         std::string(key) + ": expected true, false or a map, found a list");
    else
        enabled = as_bool(*node, key, map.errors()).value_or(enabled);
    return nullptr;
}

void read_carryover(MapReader& map, Carryover& carryover) {
    const Node* node = switchable(map, "carryover", carryover.enabled);
    if (node == nullptr)
        return;
    MapReader inner(*node, "carryover", map.errors());
    inner.read("enabled", carryover.enabled);
    inner.choose("model", carryover.model, kModels);
    inner.read("factor", carryover.factor, kPercent);
    inner.read("half_life_days", carryover.half_life_days, kDayCount);
    inner.choose("days", carryover.days_exact, kDays);
    inner.choose("new_accounts", carryover.new_accounts_full, kNewAccounts);
    inner.finish();
    const auto useless = [&](std::string_view key, std::string_view model) {
        if (inner.has(key))
            map.errors().add(inner.key_place(key), std::string(key) +
                                                       " belongs to model: " + std::string(model) +
                                                       "; leave it out or change the model");
    };
    if (carryover.model == CarryoverModel::decay)
        useless("factor", "cap");
    else
        for (const auto* key : {"half_life_days", "days"})
            useless(key, "decay");
}

void read_billing(MapReader& map, Reading& reading, Billing& billing, PolicyPlaces& places) {
    const Node* node = switchable(map, "tres_billing", billing.enabled);
    if (node == nullptr)
        return;
    MapReader inner(*node, "tres_billing", map.errors());
    inner.read("enabled", billing.enabled);
    if (const Node* weights = inner.take("weights")) {
        places.weights = weights->place();
        read_weights(*weights, reading, billing, map.errors());
    }
    inner.finish();
    if (!billing.enabled && !inner.has("enabled") && inner.has("weights"))
        map.errors().note(node->place(),
                          "tres_billing is off: weights count only with enabled: true");
}

void read_limits(MapReader& map, Limits& limits) {
    const Node* node = switchable(map, "limits", limits.enabled);
    if (node == nullptr)
        return;
    MapReader inner(*node, "limits", map.errors());
    inner.read("enabled", limits.enabled);
    inner.choose("type", limits.type, kLimitTypes);
    inner.read("tolerance", limits.tolerance, kPercent);
    inner.finish();
}

void read_fairshare(MapReader& map, Fairshare& fairshare) {
    const Node* node = switchable(map, "fairshare", fairshare.enabled);
    if (node == nullptr)
        return;
    MapReader inner(*node, "fairshare", map.errors());
    inner.read("enabled", fairshare.enabled);
    inner.read("divisor", fairshare.divisor, kPositive);
    inner.finish();
}

void read_borrow(MapReader& map, Borrow& borrow) {
    const Node* node = map.take("borrow");
    if (node == nullptr)
        return;
    MapReader inner(*node, "borrow", map.errors());
    inner.read("factor", borrow.factor, kPercent);
    inner.finish();
}

void read_qos(MapReader& map, std::string_view key, std::string& out, PolicyPlaces& places) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto name = as_text(*node, key, map.errors());
    if (!name)
        return;
    out = *name;
    if (name->empty())
        return;
    const std::string fault = name_fault(*name);
    if (!fault.empty())
        map.errors().add(node->place(), std::string(key) + ": name " + shown(*name) + " " + fault);
    else
        places.qos.push_back({*name, node->place()});
}

void read_step(const Node& node, Policy& policy, PolicyPlaces& places, Errors& errors) {
    MapReader map(node, "a step", errors);
    Step step;
    map.read("at", step.at, kThreshold);
    read_qos(map, "qos", step.qos, places);
    map.read("pause", step.pause);
    map.finish();
    if (!node.is_map())
        return;
    if (!map.has("at"))
        errors.add(node.place(), "a step has no at; give the percentage where it begins");
    if (step.qos.empty() && map.has("at"))
        errors.add(node.place(), "a step has no qos; name the QOS that applies from there on");
    if (map.has("at") && !policy.steps.empty() && step.at <= policy.steps.back().at)
        errors.add(map.key_place("at"), "steps must rise: " + step.at.text() + " comes after " +
                                            policy.steps.back().at.text() +
                                            "; sort them and keep one of equal ones");
    policy.steps.push_back(std::move(step));
}

void read_steps(MapReader& map, Policy& policy, PolicyPlaces& places) {
    map.choose("qos_strategy", policy.strategy, kStrategies);
    const Node* node = map.take("steps");
    const bool progressive = policy.strategy == QosStrategy::progressive;
    if (node == nullptr) {
        if (progressive && !map.has("steps"))
            map.errors().add(map.key_place("qos_strategy"),
                             "qos_strategy progressive needs steps, for example "
                             "[{at: 90, qos: slow}, {at: 120, qos: blocked, pause: true}]");
        return;
    }
    if (!progressive)
        map.errors().add(map.key_place("steps"),
                         "steps belong to qos_strategy: progressive; set it or leave steps out");
    if (!node->is_list() || node->items().empty()) {
        map.errors().add(node->place(), "steps: expected a list of {at, qos, pause}, found " +
                                            (node->is_list() ? "an empty one" : describe(*node)));
        return;
    }
    for (const auto& item : node->items())
        read_step(item, policy, places, map.errors());
}

// slurmctld counts what runs at one time on its own cluster.
void read_span(MapReader& map, Dialect dialect, Policy& policy, PolicyPlaces& places) {
    map.choose("span", policy.spans, kSpans);
    if (!policy.spans)
        return;
    places.span = map.key_place("span");
    if (dialect == Dialect::scenario)
        map.errors().add(places.span, "span: a scenario has one cluster; leave it out");
    if (policy.limits.enabled && policy.limits.type == LimitType::grp_tres)
        map.errors().add(places.span,
                         "span: clusters cannot go with limits of type GrpTRES, which each cluster "
                         "counts for itself; take GrpTRESMins or limits: false");
}

void read_on_pause(MapReader& map, model::OnPause& rule) {
    map.choose("on_pause", rule.pending, kPendingJobs);
    map.choose("on_pause_running", rule.running, kRunningJobs);
    read_duration(map, "grace_time", rule.grace_time, std::chrono::seconds{0}, kMaxGrace);
    if (rule.grace_time.count() > 0 && rule.running == model::RunningJobs::leave)
        map.errors().note(map.key_place("grace_time"),
                          "grace_time has no effect: on_pause_running is leave");
}

void read_name(MapReader& map, const Reading& reading, Policy& policy) {
    Errors& errors = map.errors();
    const Node* node = map.take("name");
    if (node == nullptr) {
        if (!map.has("name"))
            errors.add(map.place(), "a policy has no name; give it one");
        return;
    }
    policy.name = as_text(*node, "name", errors).value_or("");
    const std::string fault = name_fault(policy.name);
    if (node->is_scalar() && !fault.empty())
        errors.add(node->place(), "policy name " + shown(policy.name) + " " + fault);
    for (std::size_t i = 0; i < reading.set.policies.size(); ++i)
        if (reading.set.policies[i].name == policy.name)
            errors.add(node->place(), "policy " + shown(policy.name) +
                                          " is there already, at line " +
                                          std::to_string(reading.places.policies[i].policy.line) +
                                          "; rename one of them");
}

} // namespace

void read_policy(const Node& node, Reading& reading, Errors& errors) {
    MapReader map(node, "a policy", errors);
    if (!node.is_map())
        return;
    Policy policy;
    PolicyPlaces places;
    places.policy = places.weights = places.span = node.place();
    if (reading.dialect == Dialect::scenario) {
        policy.mode = Mode::enforce;
        policy.qos_default = "normal";
    }
    read_name(map, reading, policy);
    map.choose("mode", policy.mode, kModes);
    read_match(map, reading, policy, places);
    read_clusters(map, policy, places);
    if (const Node* period = map.take("period"))
        read_period(*period, policy.period, errors);
    map.read("grace_ratio", policy.grace_ratio, kGrace);
    map.read("notify_at", policy.notify_at, kThreshold);
    map.read("hysteresis", policy.hysteresis, kPercent);
    read_carryover(map, policy.carryover);
    read_borrow(map, policy.borrow);
    read_billing(map, reading, policy.billing, places);
    if (const Node* actions = map.take("actions"))
        policy.actions = read_actions(*actions, errors);
    read_qos(map, "qos_default", policy.qos_default, places);
    read_qos(map, "qos_downscaled", policy.qos_downscaled, places);
    read_qos(map, "qos_paused", policy.qos_paused, places);
    read_steps(map, policy, places);
    read_limits(map, policy.limits);
    read_span(map, reading.dialect, policy, places);
    read_fairshare(map, policy.fairshare);
    map.read("raw_usage_reset", policy.raw_usage_reset);
    map.choose("drift", policy.drift, kDrifts);
    map.choose("budget_check", policy.budget_check, kChecks);
    read_on_pause(map, policy.on_pause);
    if (const Node* allocation = map.take("allocation"))
        policy.allocation = read_allocation(*allocation, reading, errors);
    map.read("contact", policy.contact);
    read_texts(map, policy.texts);
    read_external_users(map, policy);
    read_waldur_words(map, reading, policy, places);
    map.finish();
    check_actions(map, policy);
    reading.set.policies.push_back(std::move(policy));
    reading.places.policies.push_back(std::move(places));
}

} // namespace sluice::settings
