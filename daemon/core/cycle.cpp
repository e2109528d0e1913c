// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/cycle.hpp"

#include "common/base/text.hpp"
#include "common/policy/crossing.hpp"
#include "common/policy/decide.hpp"
#include "common/policy/periods.hpp"
#include "common/policy/plan.hpp"
#include "common/policy/snapshot.hpp"
#include "daemon/core/notices.hpp"
#include "daemon/core/sharing.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::app {
namespace {

ports::EvaluationRecord evaluation(const std::string& cluster, const std::string& trigger,
                                   const model::AccountDecision& decision, Instant at) {
    ports::EvaluationRecord record;
    record.cluster = cluster;
    record.account = decision.account;
    record.policy = join(decision.policies, ",");
    record.billing_period = decision.period.label;
    record.percent = decision.percent;
    record.grace_limit = decision.grace_limit.text();
    record.previous = decision.previous_flags;
    record.now = decision.flags;
    record.actions_taken = decision.actions_taken;
    record.trigger = trigger;
    record.at = at;
    return record;
}

bool is_recorded(const model::AccountDecision& decision, const Order& order) {
    if (!decision.error.empty())
        return false;
    if (policy::worth_recording(decision))
        return true;
    return order.trigger == "person" &&
           (order.accounts.empty() || order.accounts.contains(decision.account));
}

using Parents = std::map<std::string, std::string>;

std::vector<ports::EvaluationRecord> evaluations(const Rules& rules, const Order& order,
                                                 const model::Decision& decision,
                                                 const Parents& parents) {
    std::vector<ports::EvaluationRecord> records;
    for (const auto& account : decision.accounts)
        if (is_recorded(account, order)) {
            records.push_back(evaluation(rules.cluster, order.trigger, account, decision.now));
            records.back().messages = notice_messages(rules, decision, account, parents);
        }
    return records;
}

Parents parents(const model::Structure& structure) {
    Parents found;
    for (const auto& association : structure.associations)
        if (association.user.empty())
            found.emplace(association.account, association.parent);
    return found;
}

void suppose(const Supposed& supposed, Instant now, model::History& history) {
    for (auto& entry : history.overrides)
        if (std::find(supposed.ended.begin(), supposed.ended.end(), entry.id) !=
            supposed.ended.end())
            entry.until = std::min(entry.until, now);
    for (auto entry : supposed.overrides) {
        entry.id = INT64_MAX; // the newest decides
        history.overrides.push_back(std::move(entry));
    }
    for (const auto& entry : supposed.adjustments)
        history.adjustments.push_back(entry);
}

// Flags of Waldur count as overrides. What the core does not know of it does not give back.
void add_portal(const Rules& rules, model::Facts& facts) {
    auto& history = facts.history;
    history.overrides.insert(history.overrides.begin(), rules.pins.begin(), rules.pins.end());
    if (rules.partial)
        std::erase_if(history.accounts,
                      [&](const auto& entry) { return !rules.set.accounts.contains(entry.first); });
}

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start)
        .count();
}

} // namespace

std::shared_ptr<const ports::CycleReport> Cycle::run(const Rules& rules, const Order& order) {
    began_ = std::chrono::steady_clock::now();
    ports::CycleReport report;
    report.cluster = rules.cluster;
    report.at = ports_.clock.now();
    report.trigger = order.trigger;
    report.dry_run = order.dry_run;
    if (const auto read = read_clock(rules, order, report); !read)
        return failed(std::move(report), read.error());
    close_late();
    if (!order.dry_run)
        crossing_.reset();

    if (!rules.missing.empty())
        return failed(std::move(report), {Errc::unavailable, rules.missing});
    auto facts = collector_.collect(rules, report.at, order.by_user);
    if (!facts)
        return failed(std::move(report), facts.error());
    facts->clock = report.clock;
    if (const auto ready = prepare(rules, order, *facts); !ready)
        return failed(std::move(report), ready.error());
    add_portal(rules, *facts);
    facts->raw_usage_resets = ports_.enforcer.resets_usage();
    progress_.enter("decide");
    history_ = facts->history;
    take_from_others(ports_.board, rules, *facts, history_);
    structure_ = std::make_shared<const model::Structure>(facts->structure);
    report.decision = policy::decide(rules.set, rules.zone, *facts);
    report.plan = policy::plan(rules.set, *facts, report.decision);
    confirmations_.retry(facts->structure, report.plan);
    report.problems = report.plan.problems;
    if (rules.faults)
        for (auto& fault : rules.faults(facts->structure))
            report.problems.push_back(
                {"", std::move(fault), "correct the file, then run: systemctl reload sluiced"});
    report.problems.insert(report.problems.end(), rules.problems.begin(), rules.problems.end());
    for (auto& problem : silent(facts->others, rules, facts->now))
        report.problems.push_back(std::move(problem));
    report.users = facts->structure.users;
    report.parents = parents(facts->structure);
    if (!order.dry_run) {
        progress_.enter("record");
        const auto ids = record(rules, order, report);
        if (!ids)
            return failed(std::move(report), ids.error());
        // The plugin first: what slurmdbd has to be told may take a while.
        progress_.enter("publish");
        publish(rules, *facts, report.decision);
        leave_for_others(ports_.board, rules, *facts, report.decision);
        confirmations_.restore(rules.cluster, rules.confirm_timeout);
        progress_.enter("apply");
        if (!ids->empty())
            apply(rules, *facts, *ids, report);
        progress_.enter("confirm");
        if (facts->raw_usage_known)
            confirm(rules);
        announcer_.announce(report);
    }
    report.usage_age = facts->usage_age;
    report.usage = std::make_shared<const std::vector<model::WindowUsage>>(std::move(facts->usage));
    report.duration_ms = milliseconds_since(began_);
    if (!order.dry_run)
        foresee(rules, report);
    auto finished = std::make_shared<const ports::CycleReport>(std::move(report));
    if (!order.dry_run)
        last_good_ = finished;
    return finished;
}

// Everything in this cycle reckons with one time, which is this host's while that is believed.
Result<void> Cycle::read_clock(const Rules& rules, const Order& order, ports::CycleReport& report) {
    if (order.accept && !order.dry_run)
        if (const auto done = clock_check_.accept(rules.cluster, *order.accept); !done)
            return done.error();
    std::optional<Instant> boundary;
    if (const auto last = clock_check_.last_trusted())
        boundary = policy::next_event(rules.set, rules.zone, *last, {});
    auto seen = clock_check_.look(rules.cluster, boundary);
    if (!seen) {
        sources_.down("journal", seen.error(), report.at);
        return seen.error();
    }
    report.clock_ahead_s = (report.at - seen->now).count();
    report.at = seen->now;
    report.clock = std::move(seen->verdict);
    return {};
}

// What people entered, before the judgement. A pause is never lifted on old figures, so nothing is
// reopened on them either.
Result<void> Cycle::prepare(const Rules& rules, const Order& order, model::Facts& facts) {
    if (order.dry_run)
        suppose(order.supposed, facts.now, facts.history);
    if (!order.reopen.empty() && !facts.clock.trusted())
        return Error{Errc::unavailable, "the clock of this host is not trusted: no period is "
                                        "reopened"};
    if (!order.reopen.empty() && facts.usage_age > 0)
        return Error{Errc::unavailable, "usage is " + std::to_string(facts.usage_age) +
                                            " s old: no period is reopened on it"};
    for (const auto& entry : order.reopen)
        if (const auto* account = last_good_ ? last_good_->decision.find(entry.account) : nullptr)
            if (auto why = lacking(ports_.board, rules, *account, facts.now); !why.empty())
                return Error{Errc::unavailable, why + ": no period is reopened on it"};
    for (const auto& entry : order.reopen) {
        if (!order.dry_run)
            if (const auto done = ports_.journal.reopen_period(rules.cluster, entry); !done)
                return done.error();
        if (const auto known = facts.history.accounts.find(entry.account);
            known != facts.history.accounts.end())
            model::reopen(known->second);
    }
    return {};
}

std::shared_ptr<const ports::CycleReport> Cycle::failed(ports::CycleReport report,
                                                        const Error& error) {
    if (last_good_) {
        report.decision = last_good_->decision;
        report.plan = last_good_->plan;
        report.usage = last_good_->usage;
        report.usage_age = epoch(report.at) - epoch(last_good_->at) + last_good_->usage_age;
        report.users = last_good_->users;
        report.parents = last_good_->parents;
        report.problems = last_good_->problems;
    } else {
        report.decision = {};
        report.plan = {};
        report.problems.clear();
    }
    report.error = error.context;
    // A source that is away has its own line.
    if (error.code != Errc::unavailable && error.code != Errc::timeout)
        announcer_.announce_failure(report);
    return std::make_shared<const ports::CycleReport>(std::move(report));
}

// Foreseen cycles take a tenth of the time at most, however many accounts are about to cross.
void Cycle::foresee(const Rules& rules, const ports::CycleReport& report) {
    if (!last_good_ || report.usage_age > 0 || last_good_->usage_age > 0 || !report.clock.trusted())
        return;
    crossing_ = policy::next_crossing(last_good_->decision, report.decision, rules.interval);
    const auto pause = std::chrono::seconds(1 + report.duration_ms / 100);
    if (crossing_)
        crossing_ = std::max(*crossing_, report.at + pause);
}

// A person who asks wants to see it tried.
void Cycle::hold_back(const Order& order, ports::CycleReport& report) {
    if (order.trigger == "person")
        return;
    auto& commands = report.plan.commands;
    const auto due = std::stable_partition(commands.begin(), commands.end(), [&](const auto& c) {
        return backoff_.waits(c, report.at) == nullptr;
    });
    for (auto waiting = due; waiting != commands.end(); ++waiting) {
        report.problems.push_back({waiting->account, *backoff_.waits(*waiting, report.at), ""});
        if (waiting->type == model::CommandType::reset_usage)
            for (auto& account : report.decision.accounts)
                if (account.account == waiting->account)
                    account.memory.reset_done_for = model::kResetOwed;
        report.plan.withheld.push_back(std::move(*waiting));
    }
    commands.erase(due, commands.end());
}

// What is not in the books is not done: an error of the journal ends the cycle before any effect.
Result<std::vector<std::int64_t>> Cycle::record(const Rules& rules, const Order& order,
                                                ports::CycleReport& report) {
    hold_back(order, report);
    auto ids = ports_.journal.record_cycle(
        rules.cluster, report.decision, evaluations(rules, order, report.decision, report.parents),
        report.plan.commands);
    if (!ids) {
        sources_.down("journal", ids.error(), report.at);
        return Error(ids.error());
    }
    if (ids->size() != report.plan.commands.size())
        return Error{Errc::internal, "journal: not one id for each command"};
    sources_.up("journal", report.at);
    return ids;
}

void Cycle::confirm(const Rules& rules) {
    if (structure_)
        confirmations_.check(*structure_, rules.confirm_timeout, backoff_);
}

void Cycle::apply(const Rules& rules, const model::Facts& facts,
                  const std::vector<std::int64_t>& ids, ports::CycleReport& report) {
    const auto& commands = report.plan.commands;
    const std::chrono::seconds ahead{report.clock_ahead_s};
    const Instant started = ports_.clock.now() - ahead;
    auto outcomes = ports_.enforcer.apply(facts.structure, commands, rules.commit_group);
    // An adapter that answers for fewer did not do the rest, as far as anybody knows.
    outcomes.resize(commands.size(), Error{Errc::internal, "the enforcer gave no answer"});
    const Instant finished = ports_.clock.now() - ahead;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto& record = report.applied.emplace_back();
        record.id = ids[i];
        record.cluster = report.cluster;
        record.command = commands[i];
        record.mode = ports_.enforcer.mode();
        record.requested = report.at;
        record.started = started;
        record.finished = finished;
        record.success = !outcomes[i].has_value();
        if (outcomes[i]) {
            record.error = outcomes[i]->context;
            report.problems.push_back({commands[i].account, outcomes[i]->context,
                                       "it is tried again; by hand: " + commands[i].sacctmgr});
        }
        backoff_.note(commands[i], outcomes[i], report.at);
        close({ids[i], started, finished, std::move(outcomes[i])});
        if (record.success == true)
            confirmations_.expect(record, began_, rules.confirm_timeout);
    }
}

void Cycle::close(Outcome outcome) {
    const auto closed = ports_.journal.close_command(outcome.id, outcome.started, outcome.finished,
                                                     outcome.failure);
    if (closed || closed.error().code == Errc::not_found)
        return;
    sources_.down("journal", closed.error(), outcome.finished);
    unclosed_.push_back(std::move(outcome));
}

void Cycle::close_late() {
    auto waiting = std::move(unclosed_);
    unclosed_.clear();
    for (auto& outcome : waiting)
        close(std::move(outcome));
}

// Sequences go on growing over a restart of the daemon, since they begin with the time.
void Cycle::publish(const Rules& rules, const model::Facts& facts,
                    const model::Decision& decision) {
    auto next = policy::snapshot(rules.set, rules.zone, facts, decision);
    if (snapshot_ && snapshot_->same_content(next))
        return;
    const std::uint64_t by_time =
        static_cast<std::uint64_t>(std::max<std::int64_t>(1, epoch(facts.now)));
    next.sequence = snapshot_ ? std::max(snapshot_->sequence + 1, by_time) : by_time;
    snapshot_ = std::make_shared<const model::Snapshot>(std::move(next));
    ports_.publisher.publish(snapshot_);
}

std::optional<Cycle::Event> Cycle::next_event(const Rules& rules) const {
    const auto boundary = policy::next_event(rules.set, rules.zone, ports_.clock.now(), history_);
    if (crossing_ && (!boundary || *crossing_ < *boundary))
        return Event{*crossing_, "crossing"};
    return boundary ? std::optional(Event{*boundary, "boundary"}) : std::nullopt;
}

} // namespace sluice::app
