// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/replays.hpp"

#include "common/base/entered_time.hpp"
#include "common/base/log.hpp"

#include <algorithm>
#include <utility>

namespace sluice::core {

using Phase = ports::ReplayState::Phase;
using std::chrono::steady_clock;

namespace {

Result<Window> time_of(const ports::ReplayRequest& request, const Zone& zone, Instant now) {
    if (request.from.empty())
        return Error{Errc::malformed, "from is missing; name the first day, such as 2026-01-01"};
    const auto from = parse_instant(request.from, zone, now, Entered::past);
    if (!from)
        return Error(from.error()).in("from");
    const auto until =
        parse_instant(request.until.empty() ? "now" : request.until, zone, now, Entered::past);
    if (!until)
        return Error(until.error()).in("until");
    const Window out{zone.start_of_day(zone.local(*from).date()), std::min(*until, now)};
    if (out.begin >= now)
        return Error{Errc::malformed, "from " + request.from + " is not before now"};
    if (out.begin >= out.end)
        return Error{Errc::malformed, "until " + request.until + " is not after from"};
    if (out.end - out.begin > policy::Replay::kMostDays)
        return Error{Errc::malformed, "from " + request.from + " is more than " +
                                          std::to_string(policy::Replay::kMostDays.count()) +
                                          " days before the end; name a later day"};
    return out;
}

void widen(std::optional<Window>& known, const std::optional<Window>& also) {
    if (!known || !also) {
        known = also ? also : known;
        return;
    }
    known->begin = std::min(known->begin, also->begin);
    known->end = std::max(known->end, also->end);
}

} // namespace

Result<std::shared_ptr<const Rules>>
DaemonReplays::rules_of(const ports::ReplayRequest& request) const {
    auto rules = loop_.rules();
    if (request.config) {
        if (file_ == nullptr)
            return Error{Errc::unavailable, "the daemon has no configuration file"};
        auto other = file_->would_be(*request.config, rules->cluster, loop_.now());
        if (!other)
            return other;
        rules = std::move(*other);
    }
    if (!rules->missing.empty())
        return Error{Errc::unavailable, rules->missing};
    return rules;
}

Result<ports::ReplayState> DaemonReplays::begin(const ports::ReplayRequest& request) {
    const auto structure = loop_.shown().structure;
    if (structure == nullptr)
        return Error{Errc::unavailable, "no evaluation has completed yet"};
    auto rules = rules_of(request);
    if (!rules)
        return std::move(rules).error();
    const auto time = time_of(request, (*rules)->zone, loop_.now());
    if (!time)
        return time.error();
    auto replay =
        std::make_unique<policy::Replay>((*rules)->set, (*rules)->zone, *structure, *time);
    if (replay->accounts().empty())
        return Error{Errc::not_found,
                     "no account of cluster " + (*rules)->cluster +
                         " has a policy and an allocation by these rules; compare the names below "
                         "accounts and match with sacctmgr list account"};
    auto state = state_.lock();
    const auto now = steady_clock::now();
    if (state->run && state->run->replay && state->run->by != request.by &&
        now - asked_.load() < kAbandoned)
        return Error{Errc::conflict, "a replay by " + state->run->by +
                                         " is under way; try again when it has ended, or " +
                                         std::to_string(kAbandoned.count()) +
                                         " s after it was left"};
    ReplayRun& run = state->run.emplace();
    // Greater than that of any replay before a restart.
    state->last_id = std::max(state->last_id + 1, epoch(loop_.now()));
    run.state.id = state->last_id;
    run.state.total = run.state.accounts = replay->accounts().size();
    run.state.time = *time;
    run.state.usage_from = replay->usage().begin;
    run.by = request.by;
    asked_ = now;
    run.rules = std::move(*rules);
    run.structure = structure;
    run.replay = std::move(replay);
    log::event(log::Level::info, "SLUICE-0870", "replay-begun",
               {{"accounts", std::to_string(run.state.accounts)},
                {"from", local_text(run.rules->zone, time->begin)},
                {"by", run.by}});
    return run.state;
}

// The next accounts, at least one.
Result<void> DaemonReplays::read(ReplayRun& run, Time until) {
    const auto away = sources_.away();
    if (std::find(away.begin(), away.end(), kSlurmdbd) != away.end())
        return Error{Errc::unavailable, "slurmdbd does not answer"};
    auto& state = run.state;
    const Window window = run.replay->usage();
    do {
        const auto rows =
            rolled_.read(*run.structure, run.replay->accounts()[state.done], window, window.end);
        if (!rows)
            return rows.error();
        if (!rows->known)
            return Error{Errc::unavailable,
                         "slurmdbd has no rolled-up usage since " +
                             local_text(run.rules->zone, window.begin) +
                             "; a replay needs its rollups (sacctmgr roll, DisableRollups)"};
        widen(state.known, rows->known);
        run.replay->add(state.done, rows->rows);
        ++state.done;
    } while (state.done < state.total && steady_clock::now() < until);
    if (state.done == state.total) {
        state.phase = Phase::days;
        state.done = 0;
        state.total = run.replay->days();
    }
    return {};
}

void ReplayRun::finish() {
    auto standings = replay->standings();
    std::erase_if(standings, [this](const model::StandingSpan& span) {
        const bool normal = span.standing == "normal";
        state.normal += normal ? 1 : 0;
        return normal;
    });
    state.standings =
        std::make_shared<const std::vector<model::StandingSpan>>(std::move(standings));
    state.phase = Phase::done;
    replay.reset();
    structure.reset();
}

Result<ports::ReplayState> DaemonReplays::proceed(std::int64_t id) {
    const auto began = steady_clock::now();
    const auto until = began + slice_;
    auto state = state_.lock();
    if (!state->run || state->run->state.id != id)
        return Error{Errc::not_found,
                     "replay " + std::to_string(id) +
                         " does not exist; the daemon keeps the last one only, and one that is not "
                         "done for " +
                         std::to_string(kForgotten.count()) + " min after it was left"};
    asked_ = began; // forget_abandoned() does not wait
    ReplayRun& run = *state->run;
    if (run.state.phase == Phase::usage) {
        if (const auto done = read(run, until); !done)
            return done.error();
    } else if (run.state.phase == Phase::days) {
        do
            run.replay->step();
        while (++run.state.done < run.state.total && steady_clock::now() < until);
        if (run.state.done == run.state.total)
            run.finish();
    }
    asked_ = steady_clock::now();
    return run.state;
}

void DaemonReplays::forget_abandoned(Time now) {
    if (now - asked_.load() < kForgotten)
        return;
    auto state = state_.lock();
    if (now - asked_.load() >= kForgotten && state->run && state->run->replay)
        state->run.reset();
}

} // namespace sluice::core
