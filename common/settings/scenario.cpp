// SPDX-License-Identifier: GPL-2.0-or-later
// `steps` of a scenario file. Its other keys are those of sluiced.yaml.
#include "common/settings/scenario.hpp"
#include "common/settings/components.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"
#include "common/settings/times.hpp"

#include <array>

namespace sluice::settings {
namespace {

using namespace model;

constexpr yaml::Bounds kBounds{
    .bytes = std::size_t{64} << 20, .nodes = 8'000'000, .depth = yaml::Bounds{}.depth};
constexpr std::int64_t kMaxTres = 9'000'000'000; // whole numbers that Decimal holds
const Range kSigned{Decimal::raw(INT64_MIN), Decimal::raw(INT64_MAX)};
constexpr std::array<Choice<Standing>, 3> kStandings{{{"normal", Standing::normal},
                                                      {"downscaled", Standing::downscaled},
                                                      {"paused", Standing::paused}}};

constexpr std::array<Choice<ScenarioClock>, 5> kClocks{{{"trusted", ScenarioClock::trusted},
                                                        {"back", ScenarioClock::back},
                                                        {"forward", ScenarioClock::forward},
                                                        {"differs", ScenarioClock::differs},
                                                        {"accepted", ScenarioClock::accepted}}};

class StepReader {
public:
    StepReader(const Reading& reading, Errors& errors) : reading_(reading), errors_(errors) {
        for (const auto& [name, account] : reading.set.accounts)
            accounts_.push_back(name);
        for (const auto& component : reading.set.components)
            components_.push_back(component.name);
    }
    void read(const Node& node, Scenario& scenario);

private:
    void local_time(MapReader& map, std::string_view key, LocalTime& out);
    void known_account(const std::string& name, Place place);
    void known_component(const std::string& name, Place place);
    std::string account_of(MapReader& map);
    void usage(const Node& node, ScenarioStep& step);
    void set(const Node& node, ScenarioStep& step);
    void job(const Node& node, ScenarioStep& step);
    void override_(const Node& node, ScenarioStep& step);
    void adjust(const Node& node, ScenarioStep& step);
    // One map, or a list of them.
    template <class Read>
    void each(const Node* node, Read read) {
        if (node == nullptr)
            return;
        if (!node->is_list())
            return read(*node);
        for (const auto& item : node->items())
            read(item);
    }

    const Reading& reading_;
    Errors& errors_;
    LocalTime latest_ = LocalTime::min(); // of the steps whose clock was right
    std::vector<std::string> accounts_;
    std::vector<std::string> components_;
};

void StepReader::local_time(MapReader& map, std::string_view key, LocalTime& out) {
    const Node* node = map.take(key);
    if (node == nullptr) {
        if (!map.has(key))
            errors_.add(map.place(), "key \"" + std::string(key) +
                                         "\" is missing; give a local time, for example "
                                         "\"2026-01-01T00:00:00\"");
        return;
    }
    const auto at = node->is_scalar() ? parse_local(node->text()) : std::nullopt;
    if (at)
        out = *at;
    else
        errors_.add(node->place(), std::string(key) +
                                       ": expected a local time (YYYY-MM-DDTHH:MM:SS, no zone), "
                                       "found " +
                                       describe(*node));
}

void StepReader::known_account(const std::string& name, Place place) {
    if (!reading_.set.accounts.contains(name))
        errors_.add(place, "account " + shown(name) + " is not among the accounts" +
                               suggestion(name, accounts_));
}

void StepReader::known_component(const std::string& name, Place place) {
    if (reading_.set.component(name) == nullptr)
        errors_.add(place,
                    "component " + shown(name) + " is not defined" + suggestion(name, components_));
}

std::string StepReader::account_of(MapReader& map) {
    const Node* node = map.take("account");
    if (node == nullptr) {
        if (!map.has("account"))
            errors_.add(map.place(), "key \"account\" is missing; name the account");
        return {};
    }
    const std::string name = lower(as_text(*node, "account", errors_).value_or(""));
    if (node->is_scalar())
        known_account(name, node->place());
    return name;
}

void StepReader::usage(const Node& node, ScenarioStep& step) {
    if (!expect_map(node, "usage", errors_))
        return;
    for (const auto& entry : node.entries()) {
        const std::string account = lower(entry.key);
        known_account(account, entry.key_place);
        if (!expect_map(entry.value, "usage of " + shown(entry.key), errors_))
            continue;
        for (const auto& used : entry.value.entries()) {
            known_component(used.key, used.key_place);
            if (const auto units = read_units(used.value, used.key, reading_, errors_))
                step.usage[account].emplace(defined_name(used.key, reading_), *units);
        }
    }
}

void StepReader::set(const Node& node, ScenarioStep& step) {
    if (!expect_map(node, "set", errors_))
        return;
    for (const auto& entry : node.entries()) {
        const std::string account = lower(entry.key);
        known_account(account, entry.key_place);
        step.set.emplace(account, read_allocation(entry.value, reading_, errors_));
    }
}

void StepReader::job(const Node& node, ScenarioStep& step) {
    MapReader map(node, "a job", errors_);
    if (!node.is_map())
        return;
    ScenarioJob job;
    job.account = account_of(map);
    const Node* tres = map.take("tres");
    if (tres == nullptr && !map.has("tres"))
        errors_.add(node.place(), "key \"tres\" is missing; give counts, for example {node: 2}");
    if (tres != nullptr && expect_map(*tres, "tres", errors_))
        for (const auto& entry : tres->entries())
            if (const auto count =
                    as_integer(entry.value, "count of " + shown(entry.key), 0, kMaxTres, errors_))
                job.tres.emplace(entry.key, *count);
    local_time(map, "start", job.start);
    local_time(map, "end", job.end);
    map.finish();
    if (job.end < job.start && map.has("end"))
        errors_.add(map.key_place("end"), "a job ends before it starts; swap start and end");
    step.jobs.push_back(std::move(job));
}

void StepReader::override_(const Node& node, ScenarioStep& step) {
    MapReader map(node, "an override", errors_);
    if (!node.is_map())
        return;
    ScenarioOverride pin;
    pin.account = account_of(map);
    map.choose("standing", pin.standing, kStandings);
    if (!map.has("standing"))
        errors_.add(node.place(), "key \"standing\" is missing; give normal, downscaled or paused");
    local_time(map, "until", pin.until);
    map.read("reason", pin.reason);
    map.finish();
    if (map.has("until") && pin.until <= step.at)
        errors_.add(map.key_place("until"), "an override ends before it begins; give an until "
                                            "after " +
                                                local_text(step.at));
    step.overrides.push_back(std::move(pin));
}

void StepReader::adjust(const Node& node, ScenarioStep& step) {
    MapReader map(node, "an adjustment", errors_);
    if (!node.is_map())
        return;
    ScenarioAdjustment adjustment;
    adjustment.account = account_of(map);
    map.read("reason", adjustment.reason);
    for (const auto& component : components_) {
        if (component == "account" || component == "reason")
            continue;
        if (const Node* units = map.take(component))
            if (const auto value = as_number(*units, component, kSigned, errors_))
                adjustment.units.emplace(component, *value);
    }
    map.finish();
    if (adjustment.units.empty())
        errors_.add(node.place(),
                    "an adjustment changes nothing; name a component and the units to add");
    step.adjustments.push_back(std::move(adjustment));
}

void StepReader::read(const Node& node, Scenario& scenario) {
    MapReader map(node, "a step", errors_);
    if (!node.is_map())
        return;
    ScenarioStep step;
    local_time(map, "at", step.at);
    if (map.has("clock"))
        map.choose("clock", step.clock.emplace(), kClocks);
    if (const Node* changes = map.take("set"))
        set(*changes, step);
    if (const Node* charges = map.take("usage"))
        usage(*charges, step);
    each(map.take("job"), [&](const Node& item) { job(item, step); });
    each(map.take("jobs"), [&](const Node& item) { job(item, step); });
    each(map.take("override"), [&](const Node& item) { override_(item, step); });
    each(map.take("adjust"), [&](const Node& item) { adjust(item, step); });
    map.read("evaluate", step.evaluate);
    map.finish();
    const bool placed = step.at != LocalTime{};
    if (placed && !step.clock && step.at < latest_)
        errors_.add(map.key_place("at"),
                    "steps go back in time: " + local_text(step.at) + " comes after " +
                        local_text(latest_) +
                        "; put them in order, or name the wrong clock (clock: back)");
    const bool wrong = step.clock && *step.clock != ScenarioClock::trusted &&
                       *step.clock != ScenarioClock::accepted;
    if (placed && !wrong)
        latest_ = step.at;
    if (!placed && !scenario.steps.empty())
        step.at = scenario.steps.back().at; // reported already; keep the next comparison true
    scenario.steps.push_back(std::move(step));
}

void read_steps(MapReader& top, const Reading& reading, Scenario& scenario) {
    Errors& errors = top.errors();
    const Node* steps = top.take("steps");
    if (steps == nullptr)
        return;
    if (!steps->is_list() || steps->items().empty()) {
        errors.add(steps->place(), "steps: expected a list of {at, ...}, found " +
                                       (steps->is_list() ? "an empty one" : describe(*steps)));
        return;
    }
    StepReader reader(reading, errors);
    scenario.steps.reserve(steps->items().size());
    for (const auto& item : steps->items())
        reader.read(item, scenario);
}

} // namespace

Result<ScenarioFile> parse_scenario(std::string_view text, const std::string& filename) {
    const yaml::Tree tree = yaml::parse(text, kBounds);
    Errors errors(filename);
    if (!take_faults(tree, errors))
        return errors.error();
    ScenarioFile file;
    Reading reading;
    reading.dialect = Dialect::scenario;
    MapReader top(*tree.root, "the file", errors);
    if (tree.root->is_map()) {
        read_policy_set(top, reading);
        read_steps(top, reading, file.scenario);
        top.finish();
    }
    file.scenario.set = std::move(reading.set);
    file.notes = errors.notes();
    if (errors.any())
        return errors.error();
    return file;
}

Result<ScenarioFile> load_scenario(const std::string& path) {
    auto text = read_file(path, kBounds.bytes);
    if (!text)
        return std::move(text).error();
    return parse_scenario(*text, path);
}

} // namespace sluice::settings
