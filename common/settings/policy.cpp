// SPDX-License-Identifier: GPL-2.0-or-later
// One entry of `policies`: whom it matches, how its period runs, what it counts and what it does.
#include "common/settings/policy.hpp"

#include "common/base/text.hpp"
#include "common/settings/components.hpp"
#include "common/settings/period.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/times.hpp"
#include "common/settings/tolerance.hpp"

#include <algorithm>
#include <array>

namespace sluice::settings {

using namespace model;

namespace {

// "": none.
std::string fault_of(const std::string& text, const TemplateRule& rule) {
    if (text.size() > rule.most)
        return "has " + std::to_string(text.size()) + " bytes; shorten it to " +
               std::to_string(rule.most);
    if (text.find_first_of(rule.refused) != std::string::npos)
        return std::string(rule.refused.size() > 1
                               ? "holds a line break or a tab; write it in one line"
                               : "holds a tab; write blanks");
    const auto pieces = fill_pieces(text);
    if (!pieces)
        return pieces.error().context;
    const auto& names = rule.placeholders;
    for (const auto& piece : *pieces)
        if (piece.placeholder && std::find(names.begin(), names.end(), piece.text) == names.end())
            return "unknown placeholder " + shown(piece.text) + suggestion(piece.text, names);
    return {};
}

} // namespace

void read_template(MapReader& map, std::string_view block, std::string_view key, std::string& out,
                   const TemplateRule& rule) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const std::string what = std::string(block) + '.' + std::string(key);
    const auto text = as_text(*node, what, map.errors());
    if (!text)
        return;
    if (const std::string fault = fault_of(*text, rule); !fault.empty())
        map.errors().add(node->place(), what + ": " + fault);
    out = *text;
}

void read_texts(MapReader& map, model::Texts& texts) {
    const Node* node = map.take("texts");
    if (node == nullptr)
        return;
    MapReader inner(*node, "texts", map.errors());
    const TemplateRule rule{
        model::kMaxTextBytes, "\t", {model::kPlaceholders.begin(), model::kPlaceholders.end()}};
    read_template(inner, "texts", "refusal", texts.refusal, rule);
    read_template(inner, "texts", "warning", texts.warning, rule);
    inner.finish();
}

namespace {

// `actions` of a policy, and whether each has what it needs.

// Waldur's names, and the words in which evaluations name what they did.
constexpr std::array<Choice<Action>, 10> kActions{{
    {"notify", Action::notify_organization_owners},
    {"downscale", Action::request_slurm_resource_downscaling},
    {"slow", Action::request_slurm_resource_downscaling},
    {"pause", Action::request_slurm_resource_pausing},
    {"block", Action::block_creation_of_new_resources},
    {"notify_organization_owners", Action::notify_organization_owners},
    {"notify_external_user", Action::notify_external_user},
    {"block_creation_of_new_resources", Action::block_creation_of_new_resources},
    {"request_slurm_resource_downscaling", Action::request_slurm_resource_downscaling},
    {"request_slurm_resource_pausing", Action::request_slurm_resource_pausing},
}};

std::vector<Action> read_actions(const Node& node, Errors& errors) {
    std::vector<std::string> known;
    known.reserve(kActions.size());
    for (const auto& choice : kActions)
        known.emplace_back(choice.word);
    std::vector<Action> actions;
    for (const auto& word : as_words(node, "actions", errors)) {
        const auto* const found =
            std::find_if(kActions.begin(), kActions.end(),
                         [&](const auto& choice) { return choice.word == word.text; });
        if (found == kActions.end())
            errors.add(word.place, "actions: unknown action " + shown(word.text) +
                                       suggestion(word.text, known));
        else if (std::find(actions.begin(), actions.end(), found->value) != actions.end())
            errors.add(word.place,
                       "actions: " + shown(word.text) + " is listed already, under its other name");
        else
            actions.push_back(found->value);
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
        if (!is_mail_address(word.text))
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
    const bool by_qos = policy.pause_by == model::PauseBy::qos;
    if (by_qos)
        needs(Action::request_slurm_resource_pausing, "request_slurm_resource_pausing",
              policy.qos_paused, "qos_paused");
    if (!by_qos && policy.strategy == QosStrategy::progressive)
        map.errors().add(map.key_place("pause_by"),
                         "pause_by: submit_limit belongs to qos_strategy: threshold, as each step "
                         "has a QOS; leave it out, or the steps");
    else if (!by_qos && !policy.has(Action::request_slurm_resource_pausing))
        map.errors().add(map.key_place("pause_by"),
                         "pause_by has no effect without pausing; list pause in actions, or leave "
                         "pause_by out");
    if (policy.has(Action::notify_external_user) && policy.external_users.empty())
        map.errors().note(map.key_place("actions"),
                          "action notify_external_user sends no mail: "
                          "options.notify_external_user names no address");
    if (policy.actions.empty() && policy.strategy == QosStrategy::threshold)
        map.errors().note(map.key_place("actions"),
                          "policy " + shown(policy.name) + " lists no actions: it only reports");
}

constexpr std::array<Choice<Mode>, 2> kModes{
    {{"observe", Mode::observe}, {"enforce", Mode::enforce}}};
constexpr std::array<Choice<CarryoverModel>, 2> kModels{
    {{"cap", CarryoverModel::cap}, {"decay", CarryoverModel::decay}}};
constexpr std::array<Choice<bool>, 2> kDays{{{"exact", true}, {"90", false}}};
constexpr std::array<Choice<bool>, 2> kSpans{{{"cluster", false}, {"clusters", true}}};
constexpr std::array<Choice<bool>, 2> kNewAccounts{{{"none", false}, {"full", true}}};
constexpr std::array<Choice<QosStrategy>, 2> kStrategies{
    {{"threshold", QosStrategy::threshold}, {"progressive", QosStrategy::progressive}}};
constexpr std::array<Choice<model::PauseBy>, 2> kPauseBy{
    {{"qos", model::PauseBy::qos}, {"submit_limit", model::PauseBy::submit_limit}}};
constexpr std::array<Choice<model::PendingJobs>, 3> kPendingJobs{
    {{"leave", model::PendingJobs::leave},
     {"hold", model::PendingJobs::hold},
     {"cancel", model::PendingJobs::cancel}}};
constexpr std::array<Choice<model::OnDownscale>, 2> kOnDownscale{
    {{"move", model::OnDownscale::move}, {"leave", model::OnDownscale::leave}}};
constexpr std::array<Choice<model::Coordinators>, 2> kCoordinators{
    {{"view", model::Coordinators::view}, {"move", model::Coordinators::move}}};
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
const Range kRateFactor{Decimal::whole(1), Decimal::whole(1000), false};
const Range kRateLeast{Decimal{}, Decimal::whole(100), true};
const Range kPositive{Decimal{}, Decimal::raw(INT64_MAX), true};

// `grace_ratio` is a ratio and these are percentages: a mistake in either is off by a hundred.
void note_ratio(MapReader& map, std::string_view key, std::string_view what, Decimal percent) {
    if (map.has(key) && !percent.is_zero() && percent < Decimal::whole(1))
        map.errors().note(map.key_place(key),
                          std::string(what) + ": " + percent.text() +
                              " is a percentage, so less than a hundredth; for a share of " +
                              percent.text() + " write " +
                              Decimal::raw(percent.scaled() * 100).text());
}

constexpr std::size_t kMaxNotifyLevels = 10;

// One level or a list of them.
void read_notify_at(MapReader& map, Policy& policy) {
    const Node* node = map.take("notify_at");
    if (node == nullptr)
        return;
    const auto levels = node->is_list() ? node->items() : std::vector<Node>{*node};
    if (levels.empty() || levels.size() > kMaxNotifyLevels)
        map.errors().add(node->place(),
                         "notify_at: give one percentage, or a list of 1 to 10 of them");
    std::vector<Decimal> read;
    for (const auto& level : levels)
        if (const auto percent = as_number(level, "notify_at", kThreshold, map.errors())) {
            if (std::find(read.begin(), read.end(), *percent) != read.end())
                map.errors().add(level.place(), "notify_at: " + percent->text() +
                                                    " is listed twice; keep one of them");
            read.push_back(*percent);
        }
    if (read.empty())
        return;
    std::sort(read.begin(), read.end());
    policy.notify_at = read.front();
    policy.notify_more.assign(read.begin() + 1, read.end());
    note_ratio(map, "notify_at", "notify_at", policy.notify_at);
}

// A map; an empty one has the defaults.
void read_notify_rate(MapReader& map, Policy& policy) {
    const Node* node = map.take("notify_rate");
    if (node == nullptr)
        return;
    MapReader inner(*node, "notify_rate", map.errors());
    if (!node->is_map())
        return;
    auto& rate = policy.notify_rate.emplace();
    inner.read("factor", rate.factor, kRateFactor);
    inner.read("least", rate.least, kRateLeast);
    note_ratio(inner, "least", "notify_rate.least", rate.least);
    inner.finish();
}

void note_percentage(MapReader& map, Decimal ratio) {
    if (ratio > Decimal::whole(1))
        map.errors().note(map.key_place("grace_ratio"),
                          "grace_ratio: " + ratio.text() + " is a ratio, so accounts may use " +
                              Decimal::raw((ratio.scaled() + Decimal::kScale) * 100).text() +
                              " % of their allocation; 5 % is 0.05");
}

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
    note_ratio(inner, "factor", "carryover.factor", carryover.factor);
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
    note_ratio(inner, "factor", "borrow.factor", borrow.factor);
    inner.finish();
}

void read_qos(MapReader& map, std::string_view key, std::string& out, PolicyPlaces& places) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto name = as_text(*node, key, map.errors());
    if (!name)
        return;
    out = lower(*name);
    if (name->empty())
        return;
    const std::string fault = name_fault(*name);
    if (!fault.empty())
        map.errors().add(node->place(), std::string(key) + ": name " + shown(*name) + " " + fault);
    else
        places.qos.push_back({out, node->place()});
}

void read_step(const Node& node, Policy& policy, PolicyPlaces& places, Errors& errors) {
    MapReader map(node, "a step", errors);
    Step step;
    map.read("at", step.at, kThreshold);
    note_ratio(map, "at", "at", step.at);
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

// Of the journal: `name` is that of the entry.
void read_entry_name(MapReader& map, const Reading& reading, const std::string& name) {
    Errors& errors = map.errors();
    const Node* node = map.take("name");
    if (node != nullptr && (!node->is_scalar() || node->text() != name))
        errors.add(node->place(), "name: expected " + shown(name) + ", found " + describe(*node) +
                                      "; a policy keeps its name, set another one and remove this");
    for (std::size_t i = 0; i < reading.set.policies.size(); ++i)
        if (reading.set.policies[i].name == name)
            errors.add(
                reading.places.policies[i].policy,
                "policy " + shown(name) +
                    " is in the journal, too; remove it here, or run: sluice policy remove " +
                    name + " --reason=TEXT");
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
            errors.add(node->place(), "policy " + shown(policy.name) + " is there already, at " +
                                          errors.line(reading.places.policies[i].policy) +
                                          "; rename one of them");
}

} // namespace

void read_policy(const Node& node, Reading& reading, Errors& errors, const std::string& entry) {
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
    policy.name = entry;
    if (entry.empty())
        read_name(map, reading, policy);
    else
        read_entry_name(map, reading, entry);
    map.choose("mode", policy.mode, kModes);
    const auto is_missing = [&](std::string_view key) {
        return reading.dialect != Dialect::scenario && !map.has(key);
    };
    policy.mode_missing = is_missing("mode");
    policy.actions_missing = is_missing("actions");
    policy.period_missing = is_missing("period");
    read_match(map, reading, policy, places);
    read_clusters(map, policy, places);
    read_period(map, policy.period);
    map.read("grace_ratio", policy.grace_ratio, kGrace);
    note_percentage(map, policy.grace_ratio);
    read_notify_at(map, policy);
    read_notify_rate(map, policy);
    map.read("hysteresis", policy.hysteresis, kPercent);
    read_tolerance(map, policy);
    read_carryover(map, policy.carryover);
    read_borrow(map, policy.borrow);
    read_billing(map, reading, policy.billing, places);
    if (const Node* actions = map.take("actions"))
        policy.actions = read_actions(*actions, errors);
    read_qos(map, "qos_default", policy.qos_default, places);
    read_qos(map, "qos_downscaled", policy.qos_downscaled, places);
    read_qos(map, "qos_paused", policy.qos_paused, places);
    map.choose("pause_by", policy.pause_by, kPauseBy);
    read_steps(map, policy, places);
    read_limits(map, policy.limits);
    read_span(map, reading.dialect, policy, places);
    read_fairshare(map, policy.fairshare);
    map.read("raw_usage_reset", policy.raw_usage_reset);
    map.choose("drift", policy.drift, kDrifts);
    map.choose("budget_check", policy.budget_check, kChecks);
    read_on_pause(map, policy.on_pause);
    map.choose("on_downscale", policy.on_downscale, kOnDownscale);
    if (const Node* allocation = map.take("allocation"))
        policy.allocation = read_allocation(*allocation, reading, errors);
    map.read("contact", policy.contact);
    read_texts(map, policy.texts);
    read_external_users(map, policy);
    map.read("notify_while_observing", policy.notify_while_observing);
    map.choose("coordinators", policy.coordinators, kCoordinators);
    read_waldur_words(map, reading, policy, places);
    note_ratio(map, "carryover_factor", "carryover_factor", policy.carryover.factor);
    map.finish();
    check_actions(map, policy);
    check_tolerance(map, policy);
    reading.set.policies.push_back(std::move(policy));
    reading.places.policies.push_back(std::move(places));
}

} // namespace sluice::settings
