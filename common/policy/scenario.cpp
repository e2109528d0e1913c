// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/scenario.hpp"

#include "common/policy/decide.hpp"
#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/life.hpp"
#include "common/policy/evaluate/metric.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/meter.hpp"
#include "common/policy/periods.hpp"
#include "common/policy/plan/plan.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::policy {

using model::Association;
using model::Scenario;
using model::ScenarioClock;
using model::ScenarioStep;
using model::Structure;

namespace {

constexpr const char* kNormal = "normal";

void add_tres(const Scenario& scenario, Structure& structure) {
    std::set<std::string> names{"cpu", "mem", "node", "billing"};
    for (const auto& component : scenario.set.components)
        names.insert(component.tres);
    for (const auto& step : scenario.steps)
        for (const auto& job : step.jobs)
            for (const auto& [tres, count] : job.tres)
                names.insert(tres);
    for (const auto& name : names)
        structure.tres.push_back({static_cast<std::uint32_t>(structure.tres.size() + 1), name});
}

void add_qos(const Scenario& scenario, Structure& structure) {
    std::set<std::string> names{kNormal};
    for (const auto& policy : scenario.set.policies) {
        names.insert({policy.qos_default, policy.qos_downscaled, policy.qos_paused});
        for (const auto& step : policy.steps)
            names.insert(step.qos);
    }
    names.erase("");
    for (const auto& name : names)
        structure.qos.push_back({static_cast<std::uint32_t>(structure.qos.size() + 1), name});
}

Association account_row(const std::string& name, const std::string& parent) {
    Association row;
    row.account = name;
    row.parent = parent;
    return row;
}

void add_accounts(const Scenario& scenario, Structure& structure) {
    std::set<std::string> known{"root"};
    auto& rows = structure.associations;
    rows.push_back(account_row("root", ""));
    rows.back().qos = {kNormal};
    rows.back().default_qos = kNormal;
    for (const auto& [name, parent] : scenario.parents)
        if (known.insert(name).second)
            rows.push_back(account_row(name, parent.empty() ? "root" : parent));
    if (!scenario.parents.empty())
        return;
    for (const auto& [name, settings] : scenario.set.accounts)
        if (known.insert(name).second)
            rows.push_back(account_row(name, settings.parent.empty() ? "root" : settings.parent));
    for (const auto& [name, settings] : scenario.set.accounts)
        if (!settings.parent.empty() && known.insert(settings.parent).second)
            rows.push_back(account_row(settings.parent, "root"));
}

// The list that Slurm has for an account before anything happens.
void give_qos(const Scenario& scenario, Structure& structure) {
    model::PolicySet ever = scenario.set; // with every allocation that the steps will make
    for (const auto& step : scenario.steps)
        for (const auto& [account, allocation] : step.set)
            ever.accounts[account].allocation = allocation;
    std::map<std::string, std::string> defaults;
    const AccountTree tree(structure);
    for (const auto& subject : subjects(ever, tree)) {
        const auto& named = subject.first().qos_default;
        defaults[subject.account] = named.empty() ? kNormal : named;
    }
    for (auto& row : structure.associations)
        if (const auto found = defaults.find(row.account); found != defaults.end()) {
            row.qos = {found->second};
            row.default_qos = found->second;
        }
}

void change(const model::Command& command, Association& row) {
    switch (command.type) {
    case model::CommandType::qos:
        row.qos = command.qos;
        row.default_qos = command.default_qos;
        break;
    case model::CommandType::limits:
        for (const auto& [tres, value] : command.limits)
            if (value)
                row.limits(command.limit_type)[tres] = *value;
            else
                row.limits(command.limit_type).erase(tres);
        break;
    case model::CommandType::submit_limit: {
        const auto value = command.limits.begin()->second;
        row.submit_jobs = value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
        break;
    }
    case model::CommandType::fairshare:
        row.shares = command.shares;
        break;
    default:
        break; // neither raw usage nor jobs are in slurmdbd
    }
}

// Accounts of the scenario under root, each with its parent; QOS and TRES that its policies and
// jobs name. Accounts that are ever granted something have `qos_default` as their own list; the
// others inherit.
Structure simulated_structure(const Scenario& scenario) {
    Structure structure;
    structure.cluster = "simulation";
    add_tres(scenario, structure);
    add_qos(scenario, structure);
    add_accounts(scenario, structure);
    give_qos(scenario, structure);
    std::uint32_t id = 0;
    for (auto& row : structure.associations)
        row.id = ++id;
    return structure;
}

// Does what slurmdbd would.
void apply(const model::Command& command, Structure& structure) {
    for (auto& row : structure.associations)
        if (row.account == command.account && row.user == command.user &&
            row.partition == command.partition)
            change(command, row);
}

} // namespace

// Facts that follow the steps, and the Slurm that takes the commands.
class Simulation {
public:
    Simulation(const model::Scenario& scenario, const Zone& zone, Instant start)
        : zone_(zone), set_(scenario.set), structure_(simulated_structure(scenario)),
          tree_(structure_), accounts_(tree_.size()), meter_(cells(), start),
          reset_(cells(), Wide{0}) {
        facts_.structure = structure_;
        facts_.raw_usage_known = true;
        for (const auto& rule : rules_of(set_))
            mark_periods(rule, start);
        for (const auto& [account, settings] : set_.accounts)
            if (const auto life = life_of(settings.life, zone_, start);
                life && life->from && *life->from <= start)
                meter_.mark(*life->from);
    }

    void step(const ScenarioStep& step, const std::function<void(const Evaluated&)>& sink) {
        set_clock(step);
        grant(step);
        charge(step);
        start_jobs(step);
        pin(step);
        adjust(step);
        if (step.evaluate)
            evaluate(step, sink);
    }

private:
    std::size_t tres_count() const { return structure_.tres.size(); }
    std::size_t cells() const { return accounts_ * tres_count(); }
    Cell cell(std::size_t node, std::size_t tres) const { return node * tres_count() + tres; }
    std::optional<Cell> cell(const std::string& account, const std::string& tres) const {
        const std::size_t node = tree_.find(account);
        if (node == kNone)
            return std::nullopt;
        for (std::size_t i = 0; i < tres_count(); ++i)
            if (structure_.tres[i].name == tres)
                return cell(node, i);
        return std::nullopt;
    }

    void mark_periods(const model::PeriodRule& rule, Instant at) {
        const auto current = period_at(rule, zone_, at);
        if (const auto before = previous(rule, zone_, current))
            meter_.mark(before->begin);
        meter_.mark(current.begin);
    }

    std::optional<Instant> next_boundary() const {
        return next_event(set_, zone_, meter_.now(), {});
    }

    // Stops at every boundary on the way, so that what an account had when a period ended is known
    // although no step evaluates then.
    void reach(Instant at) {
        for (auto boundary = next_boundary(); boundary && *boundary <= at;
             boundary = next_boundary()) {
            meter_.advance(*boundary - std::chrono::seconds{1});
            remember_end_of_period();
            meter_.mark(*boundary);
            drop_old_marks();
        }
        meter_.advance(at);
    }

    // A clock that was wrong may lead back by a period.
    void drop_old_marks() {
        std::optional<Instant> oldest;
        for (const auto& rule : rules_of(set_)) {
            const auto current = period_at(rule, zone_, meter_.now());
            const auto last = previous(rule, zone_, current);
            const auto before = last ? previous(rule, zone_, *last) : std::nullopt;
            const Instant begin = before ? before->begin : current.begin;
            oldest = oldest ? std::min(*oldest, begin) : begin;
        }
        if (oldest)
            meter_.forget_before(*oldest);
    }

    // Only figures are remembered: flags, notifications and what Slurm has belong to evaluations.
    void remember_end_of_period() {
        collect(meter_.now());
        for (auto& account : decide(set_, zone_, facts_).accounts) {
            if (!account.error.empty())
                continue;
            auto& memory = facts_.history.accounts[account.account];
            if (memory.period != account.memory.period) {
                memory.notified.clear();
                memory.steps.clear();
                memory.reached.clear();
                memory.stands.clear();
            }
            memory.period = account.memory.period;
            memory.period_begin = account.memory.period_begin;
            memory.bases = std::move(account.memory.bases);
            memory.grants = std::move(account.memory.grants);
            memory.used = std::move(account.memory.used);
            memory.past = std::move(account.memory.past);
        }
    }

    void grant(const ScenarioStep& step) {
        for (const auto& [account, changes] : step.set) {
            auto& allocation = set_.accounts[account].allocation;
            if (!allocation)
                allocation.emplace();
            for (const auto& [component, units] : changes)
                (*allocation)[component] = units;
        }
    }

    void charge(const ScenarioStep& step) {
        for (const auto& [account, used] : step.usage)
            for (const auto& [name, units] : used) {
                const auto* component = set_.component(name);
                if (component == nullptr)
                    continue;
                const auto where = cell(account, component->tres);
                const auto amount = to_amount(units, *component);
                if (where)
                    meter_.charge(*where, amount.value_or(INT64_MAX));
            }
        for (const auto& [account, used] : step.amounts)
            for (const auto& [tres, amount] : used)
                if (const auto where = cell(account, tres))
                    meter_.charge(*where, amount);
    }

    void start_jobs(const ScenarioStep& step) {
        for (const auto& job : step.jobs)
            for (const auto& [tres, count] : job.tres)
                if (const auto where = cell(job.account, tres))
                    meter_.job(*where, count, zone_.instant(job.start), zone_.instant(job.end));
    }

    void pin(const ScenarioStep& step) {
        for (const auto& entry : step.overrides)
            facts_.history.overrides.push_back({++ledger_, entry.account, entry.standing,
                                                meter_.now(), zone_.instant(entry.until),
                                                entry.reason, "scenario"});
    }

    void adjust(const ScenarioStep& step) {
        // Counts where a policy's period has this label; labels of several rules may be equal.
        std::set<std::string> labels;
        for (const auto& rule : rules_of(set_))
            labels.insert(period_at(rule, zone_, meter_.now()).label);
        for (const auto& entry : step.adjustments)
            for (const auto& label : labels)
                facts_.history.adjustments.push_back({++ledger_, entry.account, label, entry.units,
                                                      entry.reason, "scenario", meter_.now()});
    }

    void set_clock(const ScenarioStep& step) {
        const Instant at = zone_.instant(step.at);
        clock_ = {};
        if (step.clock && step.clock != ScenarioClock::accepted)
            clock_.state = static_cast<model::ClockState>(*step.clock);
        if (clock_.trusted())
            reach(std::max(at, meter_.now()));
        now_ = step.clock && clock_.trusted() ? at : meter_.now();
        if (!clock_.trusted()) {
            clock_.offset_s = (at - now_).count();
            clock_.against = "slurmctld";
        }
        if (step.clock == ScenarioClock::accepted)
            for (auto& [account, memory] : facts_.history.accounts)
                model::forget_after(memory, at);
    }

    void evaluate(const ScenarioStep& step, const std::function<void(const Evaluated&)>& sink) {
        collect(now_);
        facts_.clock = clock_;
        const auto decision = decide(set_, zone_, facts_);
        const auto made = plan(set_, facts_, decision);
        sink({step, decision, made, set_});
        for (const auto& command : made.commands) {
            apply(command, facts_.structure);
            if (command.type == model::CommandType::reset_usage)
                reset(command.account);
        }
        for (const auto& account : decision.accounts)
            facts_.history.accounts[account.account] = account.memory;
        for (const auto& [account, memory] : decision.released)
            facts_.history.accounts[account] = memory;
    }

    void collect(Instant now) {
        facts_.now = now;
        facts_.clock = {};
        facts_.usage.clear();
        for (const auto& rule : rules_of(set_)) {
            const auto current = period_at(rule, zone_, facts_.now);
            if (const auto before = previous(rule, zone_, current))
                facts_.usage.push_back(usage({before->begin, *before->end}, [&](Cell at) {
                    return meter_.between(at, before->begin, *before->end);
                }));
        }
        for (const auto& rule : rules_of(set_)) {
            const Instant begin = period_at(rule, zone_, facts_.now).begin;
            facts_.usage.push_back(
                usage({begin, facts_.now}, [&](Cell at) { return meter_.since(at, begin); }));
        }
        // One that ends now may be a whole period, and the part of another one so far: in this
        // order.
        const auto lives = life_windows(set_, facts_.history, rules_of(set_), zone_, facts_.now);
        for (const auto& window : lives)
            facts_.usage.push_back(usage(
                window, [&](Cell at) { return meter_.between(at, window.begin, window.end); }));
        for (const auto& window : lives)
            if (window.end == facts_.now)
                facts_.usage.push_back(
                    usage(window, [&](Cell at) { return meter_.since(at, window.begin); }));
        facts_.raw_usage.clear();
        const auto sums = with_descendants([&](Cell at) { return meter_.total(at); });
        each_cell([&](const std::string& account, const std::string& tres, Cell at) {
            if (sums[at] != 0)
                facts_.raw_usage[account][tres] = narrow(sums[at] - reset_[at]).value_or(INT64_MAX);
        });
        price_raw_usage();
    }

    // Slurm's own `billing`, as if its partitions had the weights of the account's policy.
    void price_raw_usage() {
        for (const auto& subject : subjects(set_, tree_)) {
            const auto& billing = subject.first().billing;
            auto& raw = facts_.raw_usage[subject.account];
            if (!billing.enabled || billing.weights_slurm || raw.contains("billing"))
                continue;
            std::vector<model::Figure> figures;
            for (const auto& component : set_.components)
                if (subject.allocation->contains(component.name)) {
                    figures.emplace_back().component = component;
                    figures.back().usage.settled = raw[component.tres];
                }
            const auto sum = figures.empty() ? Result<Metric>(Error{}) : metric(billing, figures);
            const auto seconds = sum ? multiply(sum->minutes_numerator, 60) : std::nullopt;
            if (seconds)
                raw["billing"] = scaled_amount(sum->used, *seconds, sum->minutes_denominator)
                                     .value_or(INT64_MAX);
        }
    }

    template <class Read>
    model::WindowUsage usage(const Window& window, Read read) const {
        model::WindowUsage out;
        out.window = window;
        const auto sums = with_descendants(read);
        each_cell([&](const std::string& account, const std::string& tres, Cell at) {
            if (sums[at] == 0)
                return;
            auto& split = out.accounts[account].tres[tres];
            const auto amount = narrow(sums[at]);
            split.settled = amount.value_or(INT64_MAX);
            split.finished = amount ? 0 : INT64_MAX; // does not fit: the core reports it
        });
        return out;
    }

    template <class Read>
    std::vector<Wide> with_descendants(Read read) const {
        std::vector<Wide> sums(cells());
        for (Cell at = 0; at < sums.size(); ++at)
            sums[at] = read(at);
        const auto& order = tree_.order();
        for (auto node = order.rbegin(); node != order.rend(); ++node)
            if (const std::size_t parent = tree_[*node].parent; parent != kNone)
                for (std::size_t tres = 0; tres < tres_count(); ++tres)
                    sums[cell(parent, tres)] += sums[cell(*node, tres)];
        return sums;
    }

    template <class Body>
    void each_cell(Body body) const {
        for (std::size_t node = 0; node < tree_.size(); ++node) {
            const std::string account(tree_[node].name);
            for (std::size_t tres = 0; tres < tres_count(); ++tres)
                body(account, structure_.tres[tres].name, cell(node, tres));
        }
    }

    // Slurm sets the account and what is below it to zero and takes that off the parents.
    void reset(const std::string& account) {
        const std::size_t root = tree_.find(account);
        if (root == kNone)
            return;
        const auto sums = with_descendants([&](Cell at) { return meter_.total(at); });
        for (std::size_t tres = 0; tres < tres_count(); ++tres) {
            const Wide gone = sums[cell(root, tres)] - reset_[cell(root, tres)];
            for (std::size_t up = tree_[root].parent; up != kNone; up = tree_[up].parent)
                reset_[cell(up, tres)] += gone;
        }
        for (const std::size_t node : tree_.subtree(root))
            for (std::size_t tres = 0; tres < tres_count(); ++tres)
                reset_[cell(node, tres)] = sums[cell(node, tres)];
    }

    const Zone& zone_;
    model::PolicySet set_;
    const model::Structure structure_; // as it began; the tree looks into it
    const AccountTree tree_;
    const std::size_t accounts_;
    model::Facts facts_; // its structure is the one that commands change
    Meter meter_;
    Instant now_{}; // of the step
    model::ClockResult clock_;
    std::vector<Wide> reset_; // by cell, descendants included: what resets took off
    std::int64_t ledger_ = 0;
};

Timeline::Timeline(const Scenario& scenario, const Zone& zone, Instant start)
    : simulation_(std::make_unique<Simulation>(scenario, zone, start)) {}
Timeline::~Timeline() = default;

void Timeline::step(const ScenarioStep& step, const std::function<void(const Evaluated&)>& sink) {
    simulation_->step(step, sink);
}

void run(const Scenario& scenario, const Zone& zone,
         const std::function<void(const Evaluated&)>& sink) {
    if (scenario.steps.empty())
        return;
    Timeline timeline(scenario, zone, zone.instant(scenario.steps.front().at));
    for (const auto& step : scenario.steps)
        timeline.step(step, sink);
}

} // namespace sluice::policy
