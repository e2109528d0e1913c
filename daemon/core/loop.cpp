// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/loop.hpp"

#include "common/base/log.hpp"

#include <algorithm>
#include <exception>
#include <iterator>

namespace sluice::core {
namespace {

using Steady = std::chrono::steady_clock;

// Even when a cycle takes longer than the interval, others get at the machine.
constexpr std::chrono::seconds kLeastPause{1};
constexpr std::chrono::hours kHousekeeping{24};
constexpr std::size_t kCyclesKept = 100;
constexpr std::chrono::seconds kConfirmSlack{1}; // for the look that finds the time over
// Wall clocks are set and machines sleep: no wait for an instant is trusted for longer.
constexpr std::chrono::seconds kMaxWait{60};

// Orders of one kind become one. A person's decides what is recorded: for all accounts when one
// of several persons' is.
void merge(std::optional<Order>& into, const Order& order) {
    if (!into) {
        into = order;
        return;
    }
    if (order.trigger == Trigger::person && into->trigger != Trigger::person) {
        into->trigger = order.trigger;
        into->accounts = order.accounts;
    } else if (order.trigger == Trigger::person) {
        if (order.accounts.empty() || into->accounts.empty())
            into->accounts.clear();
        else
            into->accounts.insert(order.accounts.begin(), order.accounts.end());
    }
    into->by_user.insert(order.by_user.begin(), order.by_user.end());
    into->reopen.insert(into->reopen.end(), order.reopen.begin(), order.reopen.end());
    if (order.accept)
        into->accept = order.accept;
}

// A dry run that supposes something answers its own request only.
bool alone(const Order& order) {
    return order.dry_run &&
           !(order.supposed.empty() && order.reopen.empty() && !order.rules && !order.past);
}

ports::CycleSummary summary(const ports::CycleReport& report) {
    ports::CycleSummary out;
    out.at = report.at;
    out.trigger = report.trigger;
    out.duration_ms = report.duration_ms;
    out.accounts = report.decision.accounts.size();
    out.commands = report.applied.size();
    out.failed = static_cast<std::size_t>(
        std::count_if(report.applied.begin(), report.applied.end(),
                      [](const auto& record) { return record.success == false; }));
    out.problems = report.problems.size();
    out.error = report.error;
    return out;
}

Loop::Report excuse(const std::string& text) {
    ports::CycleReport report;
    report.error = text;
    return std::make_shared<const ports::CycleReport>(std::move(report));
}

} // namespace

Loop::Loop(const Ports& ports, Sources& sources, std::shared_ptr<const Rules> rules)
    : ports_(ports), cycle_(ports, sources) {
    auto state = state_.lock();
    state->shown.rules = rules;
    state->rules = std::move(rules);
}

Loop::~Loop() {
    if (worker_.joinable())
        stop(std::chrono::hours(1));
}

void Loop::start() {
    worker_ = std::thread([this] { work(); });
}

bool Loop::stop(std::chrono::milliseconds patience) {
    if (!worker_.joinable())
        return true;
    const auto stopping = excuse("sluiced is stopping");
    std::vector<Pending> left;
    bool ended = false;
    {
        auto state = state_.lock();
        state->stopping = true;
        changed_.notify_all();
        changed_.wait_for(state.lock(), patience, [&] { return state->ended; });
        ended = state->ended;
        left = std::move(state->pending);
        left.push_back({std::move(state->waiting), stopping, {}});
        left.push_back({std::move(state->running), stopping, {}});
        state->pending.clear();
        state->waiting.clear();
        state->running.clear();
    }
    answer(std::move(left));
    if (ended)
        worker_.join();
    else
        worker_.detach();
    return ended;
}

void Loop::use(std::shared_ptr<const Rules> rules, Trigger trigger) {
    auto state = state_.lock();
    state->rules = std::move(rules);
    Asked asked{{trigger, false, {}, {}}, {}};
    state->followed = asked.answer.get_future().share();
    if (state->stopping)
        return asked.answer.set_value(excuse("sluiced is stopping"));
    state->waiting.push_back(std::move(asked));
    changed_.notify_all();
}

std::optional<std::shared_future<Loop::Report>>
Loop::followed(const std::shared_ptr<const Rules>& before) const {
    auto state = state_.lock();
    if (state->rules == before)
        return std::nullopt;
    return state->followed;
}

void Loop::wake(Trigger trigger) {
    auto state = state_.lock();
    if (!state->woken)
        state->woken = trigger;
    changed_.notify_all();
}

std::future<Loop::Report> Loop::ask(Order order) {
    Asked asked{std::move(order), {}};
    auto answer = asked.answer.get_future();
    auto state = state_.lock();
    if (state->stopping) {
        asked.answer.set_value(excuse("sluiced is stopping"));
        return answer;
    }
    state->waiting.push_back(std::move(asked));
    changed_.notify_all();
    return answer;
}

Loop::Shown Loop::shown() const {
    return state_.lock()->shown;
}

Instant Loop::now() const {
    const auto report = shown().report;
    return ports_.clock.now() - std::chrono::seconds{report ? report->clock_ahead_s : 0};
}

std::vector<ports::CycleSummary> Loop::cycles() const {
    auto state = state_.lock();
    return {state->cycles.begin(), state->cycles.end()};
}

std::shared_ptr<const Rules> Loop::rules() const {
    return state_.lock()->rules;
}

std::chrono::seconds Loop::busy_for() const {
    auto state = state_.lock();
    if (!state->cycle_began)
        return std::chrono::seconds{0};
    return std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - *state->cycle_began);
}

void Loop::work() {
    const auto first = rules();
    const log::Scope scope("cluster", first->several ? first->cluster : "");
    Schedule schedule;
    schedule.due = Steady::now();
    schedule.housekept = schedule.due - kHousekeeping;
    while (const auto work = next(schedule))
        run(*work, schedule);
    auto state = state_.lock();
    state->ended = true;
    changed_.notify_all();
}

// Waits for a cause. False: the daemon stops, or it was woken for nothing yet.
bool Loop::wait_for_cause(const Schedule& schedule, Guarded<State>::Access& state,
                          std::optional<Trigger>& trigger) {
    const auto& event = schedule.event;
    Time until = std::min(schedule.due, Steady::now() + kMaxWait);
    if (event)
        until = std::min(until, Steady::now() + std::max(std::chrono::seconds{0},
                                                         event->at - ports_.clock.now()));
    if (schedule.confirm)
        until = std::min(until, *schedule.confirm);
    changed_.wait_until(state.lock(), until,
                        [&] { return state->stopping || state->woken || !state->waiting.empty(); });
    if (state->stopping)
        return false;
    if (state->woken)
        trigger = state->woken;
    else if (event && ports_.clock.now() >= event->at)
        trigger = event->trigger;
    else if (Steady::now() >= schedule.due)
        trigger = schedule.first ? Trigger::start : Trigger::timer;
    return trigger || !state->waiting.empty() || schedule.confirms();
}

bool Loop::Schedule::confirms() const {
    return confirm && Steady::now() >= *confirm;
}

void Loop::take_orders(State& state) {
    auto& waiting = state.waiting;
    const auto lone = std::find_if(waiting.begin(), waiting.end(),
                                   [](const auto& asked) { return alone(asked.order); });
    const auto end = lone == waiting.begin() && lone != waiting.end() ? lone + 1 : lone;
    state.running.assign(std::move_iterator(waiting.begin()), std::move_iterator(end));
    waiting.erase(waiting.begin(), end);
}

std::optional<Loop::Work> Loop::next(const Schedule& schedule) {
    auto state = state_.lock();
    std::optional<Trigger> trigger;
    while (!wait_for_cause(schedule, state, trigger))
        if (state->stopping)
            return std::nullopt;
    Work work;
    work.rules = state->rules;
    state->woken.reset();
    take_orders(*state);
    for (const auto& asked : state->running)
        merge(asked.order.dry_run ? work.dry : work.real, asked.order);
    if (!work.real && trigger)
        work.real = Order{*trigger, false, {}, {}};
    state->cycle_began = Steady::now();
    return work;
}

void Loop::run(const Work& work, Schedule& schedule) {
    const Time began = Steady::now();
    Report dry;
    Report real;
    if (work.dry)
        dry = cycle(work.dry->rules ? *work.dry->rules : *work.rules, *work.dry);
    if (work.real) {
        cycle_.progress().begin(ports_.clock.now(), work.real->trigger);
        real = cycle(*work.rules, *work.real);
        schedule.event = cycle_.next_event(*work.rules);
        schedule.due = std::max(began + work.rules->interval, Steady::now() + kLeastPause);
        schedule.first = false;
        housekeep(*work.rules, *real, schedule);
    } else if (schedule.confirms()) {
        confirm(*work.rules);
    }
    schedule.confirm = cycle_.confirmation_due();
    std::vector<Pending> answers;
    const Shown shown{real, work.rules, cycle_.structure()};
    {
        auto state = state_.lock();
        if (real) {
            state->shown = shown;
            cycle_.progress().end();
            state->cycles.push_front(summary(*real));
            if (state->cycles.size() > kCyclesKept)
                state->cycles.pop_back();
        }
        state->cycle_began.reset();
        answers = take_answers(*state, schedule.confirm.has_value(), dry, real);
    }
    answer(std::move(answers));
    if (real && listener_)
        listener_(shown);
}

// A request for a cycle is answered when slurmctld shows what the cycle changed, or when the change
// has become a failed one after confirm_timeout.
std::vector<Loop::Pending> Loop::take_answers(State& state, bool confirming, const Report& dry,
                                              const Report& real) {
    std::vector<Pending> answers(2);
    answers[0].report = dry;
    answers[1].report = real;
    answers[1].until = Steady::now() + state.rules->confirm_timeout + kConfirmSlack;
    for (auto& asked : state.running)
        answers[asked.order.dry_run ? 0 : 1].asked.push_back(std::move(asked));
    state.running.clear();
    auto& pending = state.pending;
    if (confirming && !state.stopping && !answers[1].asked.empty()) {
        pending.push_back(std::move(answers[1]));
        answers.pop_back();
    }
    const auto waits = [&](const Pending& one) { return confirming && Steady::now() < one.until; };
    const auto due = std::stable_partition(pending.begin(), pending.end(), waits);
    std::move(due, pending.end(), std::back_inserter(answers));
    pending.erase(due, pending.end());
    return answers;
}

// An exception in one cycle must not end the daemon.
Loop::Report Loop::cycle(const Rules& rules, const Order& order) {
    try {
        return cycle_.run(rules, order);
    } catch (const std::exception& fault) {
        log::event(log::Level::error, "SLUICE-0401", "evaluation-failed",
                   {{"trigger", std::string(name(order.trigger))}, {"error", fault.what()}});
        return excuse(std::string("internal fault: ") + fault.what());
    }
}

void Loop::confirm(const Rules& rules) {
    try {
        cycle_.confirm(rules);
    } catch (const std::exception& fault) {
        log::event(log::Level::error, "SLUICE-0401", "evaluation-failed",
                   {{"trigger", "confirm"}, {"error", fault.what()}});
    }
}

// What is removed does not come back: nothing is removed by a clock that is not trusted.
void Loop::housekeep(const Rules& rules, const ports::CycleReport& report, Schedule& schedule) {
    if (Steady::now() - schedule.housekept < kHousekeeping || !report.clock.trusted() ||
        !report.error.empty())
        return;
    schedule.housekept = Steady::now();
    const auto forgotten = ports_.records.forget(report.at - rules.retention);
    if (!forgotten)
        log::event(log::Level::warning, "SLUICE-0403", "retention-failed",
                   {{"error", forgotten.error().context}});
}

void Loop::answer(std::vector<Pending> pending) {
    for (auto& one : pending)
        for (auto& asked : one.asked)
            asked.answer.set_value(one.report);
}

} // namespace sluice::core
