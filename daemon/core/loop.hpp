// SPDX-License-Identifier: GPL-2.0-or-later
// Runs cycles: every `interval`, at the exact instant at which a decision changes by itself, when
// an account is expected to reach a threshold, after a reload, and on request. One worker thread
// does them all; it is the only one that calls libslurm.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/core/cycle.hpp"
#include "daemon/core/rules.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace sluice::core {

// Thread-safe, except start() and stop().
class Loop {
public:
    using Report = std::shared_ptr<const ports::CycleReport>;
    // What people see: a report and the rules it was decided by.
    struct Shown {
        Report report; // nullptr before the first cycle
        std::shared_ptr<const Rules> rules;
        std::shared_ptr<const model::Structure> structure; // nullptr before a cycle saw it
    };

    Loop(const Ports& ports, Sources& sources, std::shared_ptr<const Rules> rules);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    // The first cycle begins at once.
    void start();
    // True: the worker has ended. False: it hangs inside a port for longer than `patience`; nothing
    // that it uses may be destroyed then, and the process has to end by _exit. Waiting callers of
    // ask() are answered in both cases.
    bool stop(std::chrono::milliseconds patience);

    // From now on these rules; a cycle follows at once.
    void use(std::shared_ptr<const Rules> rules, Trigger trigger = Trigger::reload);
    // The answer of that cycle, as that of ask(). nullopt: `before` are still the rules.
    std::optional<std::shared_future<Report>>
    followed(const std::shared_ptr<const Rules>& before) const;
    // A cycle follows at once, by the present rules.
    void wake(Trigger trigger);
    // Called after each cycle but dry runs, on the worker: it must not block. Before start().
    void after_cycle(std::function<void(const Shown&)> listener) {
        listener_ = std::move(listener);
    }
    // Requests that arrive while a cycle runs share the next one.
    std::future<Report> ask(Order order);

    Shown shown() const;
    // The present time by the clock that the last cycle reckoned with.
    Instant now() const;
    // Newest first.
    std::vector<ports::CycleSummary> cycles() const;
    std::shared_ptr<const Rules> rules() const;
    // nullopt: no cycle runs that may change something. shown() is the one before until it ends.
    std::optional<ports::UnderWay> under_way() const { return cycle_.progress().now(); }
    // For how long the present cycle has been running; 0 when none is.
    std::chrono::seconds busy_for() const;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Asked {
        Order order;
        std::promise<Report> answer;
    };
    // Requests for a cycle whose changes slurmctld does not show yet.
    struct Pending {
        std::vector<Asked> asked;
        Report report;
        Time until{}; // answered by then in any case
    };
    struct State {
        bool stopping = false;
        bool ended = false;
        std::optional<Trigger> woken; // of the cycle that wake() asks for
        std::shared_ptr<const Rules> rules;
        std::shared_future<Report> followed; // of the last use()
        std::vector<Asked> waiting;
        std::vector<Asked> running;
        std::vector<Pending> pending;
        std::optional<Time> cycle_began;
        Shown shown;
        std::deque<ports::CycleSummary> cycles; // newest first
    };
    // What the worker has to do next.
    struct Work {
        std::shared_ptr<const Rules> rules;
        std::optional<Order> dry;
        std::optional<Order> real;
    };
    // When the worker has to do something. Lives in work(): no other thread reaches it.
    struct Schedule {
        Time due{};
        std::optional<Cycle::Event> event;
        std::optional<Time> confirm; // to look for changes that slurmctld does not show yet
        bool first = true;
        Time housekept{};

        bool confirms() const;
    };

    void work();
    std::optional<Work> next(const Schedule& schedule);
    static void take_orders(State& state);
    bool wait_for_cause(const Schedule& schedule, Guarded<State>::Access& state,
                        std::optional<Trigger>& trigger);
    void run(const Work& work, Schedule& schedule);
    Report cycle(const Rules& rules, const Order& order);
    std::vector<Pending> take_answers(State& state, bool confirming, const Report& dry,
                                      const Report& real);
    void confirm(const Rules& rules);
    void housekeep(const Rules& rules, const ports::CycleReport& report, Schedule& schedule);
    static void answer(std::vector<Pending> pending);

    Ports ports_;
    Cycle cycle_;
    mutable Guarded<State> state_;
    mutable std::condition_variable changed_;
    std::function<void(const Shown&)> listener_;
    std::thread worker_;
};

} // namespace sluice::core
