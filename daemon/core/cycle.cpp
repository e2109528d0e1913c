// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/cycle.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/format/notice.hpp"
#include "common/format/weekly.hpp"
#include "common/policy/decide.hpp"
#include "common/policy/evaluate/crossing.hpp"
#include "common/policy/periods.hpp"
#include "common/policy/plan/plan.hpp"
#include "common/policy/snapshot.hpp"
#include "daemon/core/cluster_exchange.hpp"
#include "daemon/notify/notices.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace sluice::core {
namespace {

ports::EvaluationRecord evaluation(const std::string& cluster, Trigger trigger,
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
    record.trigger = name(trigger);
    record.at = at;
    record.applied = decision.mode == model::Mode::enforce ||
                     model::standing(decision.enforced) != model::Standing::normal;
    return record;
}

bool is_recorded(const model::AccountDecision& decision, const Order& order) {
    if (!decision.error.empty() && !decision.by_last_rules())
        return false;
    if (decision.noteworthy)
        return true;
    return order.trigger == Trigger::person &&
           (order.accounts.empty() || order.accounts.contains(decision.account));
}

using Parents = std::map<std::string, std::string>;

// Of those that the outbox does not have yet: an account that reaches a level twice in a period has
// one notice of it. If the outbox does not answer, all count as new; adding one again does nothing.
ports::NoticeReport notice_report(ports::Outbox& outbox, const std::string& account,
                                  const std::string& level,
                                  const std::vector<ports::Message>& messages) {
    ports::NoticeReport report{account, level, {}, false};
    for (const auto& message : messages) {
        const auto known = outbox.is_known(message.correlation);
        if (known && *known)
            continue;
        if (message.target == "mail")
            report.recipients.push_back(message.key);
        else
            report.webhook = true;
    }
    return report;
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

// Pins of a source count as overrides.
void add_source(const Rules& rules, model::Facts& facts) {
    auto& overrides = facts.history.overrides;
    overrides.insert(overrides.begin(), rules.pins.begin(), rules.pins.end());
}

// One problem for the jobs of an account: a queue may have thousands.
void add_failures(const std::vector<ports::CommandRecord>& applied,
                  std::vector<model::Problem>& problems) {
    struct Jobs {
        std::size_t problem;
        const std::string* first;
        std::size_t count;
    };
    std::map<std::pair<std::string_view, model::CommandType>, Jobs> groups;
    for (const auto& record : applied) {
        const auto& command = record.command;
        if (record.success != false)
            continue;
        if (is_for_job(command.type)) {
            auto& jobs = groups
                             .try_emplace({command.account, command.type},
                                          Jobs{problems.size(), &record.error, 0})
                             .first->second;
            if (++jobs.count > 1) {
                problems[jobs.problem].what = std::string(model::name(command.type)) +
                                              " failed for " + std::to_string(jobs.count) +
                                              " jobs, the first: " + *jobs.first;
                continue;
            }
        }
        problems.push_back(
            {command.account, record.error, "sluiced tries again; by hand: " + command.sacctmgr});
    }
}

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start)
        .count();
}

} // namespace

std::string_view name(Trigger trigger) {
    constexpr std::array<std::string_view, 9> kNames{
        "timer", "start", "boundary", "crossing", "person", "clock", "reload", "span", "waldur"};
    return kNames.at(static_cast<std::size_t>(trigger));
}

std::shared_ptr<const ports::CycleReport> Cycle::run(const Rules& rules, const Order& order) {
    began_ = std::chrono::steady_clock::now();
    ports::CycleReport report;
    report.cluster = rules.cluster;
    report.at = ports_.clock.now();
    report.trigger = name(order.trigger);
    report.dry_run = order.dry_run;
    auto time = read_clock(rules, order);
    if (!time)
        return failed(std::move(report), time.error());
    report.clock_ahead_s = (report.at - time->now).count();
    report.at = time->now;
    report.clock = std::move(time->result);
    close(std::exchange(unclosed_, {}), report.at);
    if (!order.dry_run)
        crossing_.reset();

    auto gathered = gather(rules, order, report);
    if (!gathered)
        return failed(std::move(report), gathered.error());
    history_ = std::move(gathered->events);
    structure_ = std::make_shared<const model::Structure>(gathered->facts.structure);
    Result<Committed> done = Committed{evaluate(rules, *gathered), {}};
    auto records = make_records(rules, order, *gathered, done->evaluated.decision);
    if (!order.dry_run)
        done = commit(rules, order, *gathered, std::move(done->evaluated), records.evaluations);
    if (!done)
        return failed(std::move(report), done.error());

    report.decision = std::move(done->evaluated.decision);
    report.plan = std::move(done->evaluated.plan);
    report.problems = std::move(done->evaluated.problems);
    report.notices = std::move(records.notices);
    report.applied = std::move(done->applied);
    report.parents = std::move(gathered->parents);
    auto& facts = gathered->facts;
    if (const auto* past = collector_.past())
        facts.usage.push_back(*past);
    report.users = std::move(facts.structure.users);
    report.roles = collector_.roles();
    report.usage_age = facts.usage_age;
    report.usage = std::make_shared<const std::vector<model::WindowUsage>>(std::move(facts.usage));
    report.duration_ms = milliseconds_since(began_);
    if (!order.dry_run) {
        log_.done(report);
        foresee(rules, report);
        write_weekly(rules, report);
    }
    auto finished = std::make_shared<const ports::CycleReport>(std::move(report));
    if (!order.dry_run)
        last_good_ = finished;
    return finished;
}

// This host's time while it is trusted, else the time that should be.
Result<ClockCheck::Seen> Cycle::read_clock(const Rules& rules, const Order& order) {
    if (order.accept && !order.dry_run)
        if (const auto done = clock_check_.accept(rules.cluster, *order.accept); !done)
            return done.error();
    std::optional<Instant> boundary;
    if (const auto last = clock_check_.last_trusted())
        boundary = policy::next_event(rules.set, rules.zone, *last, {});
    auto seen = clock_check_.look(rules.cluster, boundary);
    if (!seen)
        sources_.down(kJournal, seen.error(), ports_.clock.now());
    return seen;
}

Result<Cycle::Gathered> Cycle::gather(const Rules& rules, const Order& order,
                                      const ports::CycleReport& report) {
    if (!rules.missing.empty())
        return Error{Errc::unavailable, rules.missing};
    auto facts = collector_.collect(rules, report.at, order.by_user, order.past);
    if (!facts)
        return std::move(facts).error();
    facts->clock = report.clock;
    facts->rules_version = rules.version;
    facts->guard = rules.guard;
    facts->raw_usage_resets = ports_.enforcer.resets_usage();
    if (order.dry_run)
        suppose(order.supposed, facts->now, facts->history);
    if (const auto done = reopen(rules, order, *facts); !done)
        return done.error();
    add_source(rules, *facts);
    Gathered out{std::move(*facts), {}, {}, std::chrono::seconds{report.clock_ahead_s}};
    out.parents = parents(out.facts.structure);
    out.events = out.facts.history;
    take_from_others(ports_.exchange, rules, out.facts, out.events);
    return out;
}

// A pause is never lifted on old figures, so no period is reopened on them either.
Result<void> Cycle::reopen(const Rules& rules, const Order& order, model::Facts& facts) {
    const bool release = !order.reopen.empty() && order.reopen.front().release;
    const std::string nothing = release ? "no account is released" : "no period is reopened";
    if (!order.reopen.empty() && !facts.clock.trusted())
        return Error{Errc::unavailable, "the clock of this host is not trusted: " + nothing};
    if (!order.reopen.empty() && facts.usage_age > 0)
        return Error{Errc::unavailable, "usage is " + std::to_string(facts.usage_age) +
                                            " s old: " + nothing + " on it"};
    for (const auto& entry : order.reopen)
        if (const auto* account = last_good_ ? last_good_->decision.find(entry.account) : nullptr)
            if (auto why = missing_figures(ports_.exchange, rules, *account, facts.now);
                !why.empty())
                return Error{Errc::unavailable, why + ": " + nothing + " on it"};
    for (const auto& entry : order.reopen) {
        if (!order.dry_run)
            if (const auto done = ports_.journal.reopen_period(rules.cluster, entry); !done)
                return done.error();
        if (const auto known = facts.history.accounts.find(entry.account);
            known != facts.history.accounts.end())
            model::enter(entry, known->second);
    }
    return {};
}

Cycle::Records Cycle::make_records(const Rules& rules, const Order& order, const Gathered& gathered,
                                   const model::Decision& decision) {
    Records out;
    for (const auto& account : decision.accounts) {
        if (!is_recorded(account, order))
            continue;
        auto& record = out.evaluations.emplace_back(
            evaluation(rules.cluster, order.trigger, account, decision.now));
        if (!rules.notices.by_mail && !rules.notices.by_webhook)
            continue;
        const auto notice = format::notice(rules.set, rules.notices, rules.zone, decision, account,
                                           gathered.parents);
        if (!notice)
            continue;
        record.messages = notify::notice_messages(rules.notices, *notice, decision, account);
        auto report = notice_report(ports_.outbox, account.account, notice->level, record.messages);
        if (report.webhook || !report.recipients.empty())
            out.notices.push_back(std::move(report));
    }
    return out;
}

Cycle::Evaluated Cycle::evaluate(const Rules& rules, const Gathered& gathered) {
    progress_.enter("decide");
    const auto& facts = gathered.facts;
    Evaluated out;
    out.decision = policy::decide(rules.set, rules.zone, facts);
    out.plan = policy::plan(rules.set, facts, out.decision);
    confirmations_.retry(facts.structure, out.plan);
    out.problems = out.plan.problems;
    if (rules.faults)
        for (auto& fault : rules.faults(facts.structure))
            out.problems.push_back(
                {"", std::move(fault), "correct the file, then run: systemctl reload sluiced"});
    out.problems.insert(out.problems.end(), rules.problems.begin(), rules.problems.end());
    for (auto& problem : silence_problems(facts.others, rules, facts.now))
        out.problems.push_back(std::move(problem));
    return out;
}

// A change that is not in the journal is not made: an error of the journal ends the cycle before
// any effect.
Result<Cycle::Committed> Cycle::commit(const Rules& rules, const Order& order,
                                       const Gathered& gathered, Evaluated evaluated,
                                       const std::vector<ports::EvaluationRecord>& evaluations) {
    const auto& facts = gathered.facts;
    // A person who asks wants to see it tried.
    if (order.trigger != Trigger::person)
        evaluated = hold_back(std::move(evaluated), facts.now);
    progress_.enter("record");
    const auto ids = record(rules, evaluated, evaluations);
    if (!ids)
        return ids.error();
    // The plugin first: changes through slurmdbd may take a while.
    progress_.enter("publish");
    publish(rules, facts, evaluated.decision);
    leave_for_others(ports_.exchange, rules, facts, evaluated.decision);
    confirmations_.restore(rules.cluster, rules.confirm_timeout);
    progress_.enter("apply");
    progress_.step(0, evaluated.plan.commands.size());
    auto applied = apply(rules, gathered, evaluated.plan.commands, *ids);
    add_failures(applied, evaluated.problems);
    progress_.enter("confirm");
    if (facts.raw_usage_known)
        confirm(rules);
    return Committed{std::move(evaluated), std::move(applied)};
}

std::shared_ptr<const ports::CycleReport> Cycle::failed(ports::CycleReport report,
                                                        const Error& error) {
    report.roles = collector_.roles();
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
    // A source that is away has its own log line.
    if (error.code != Errc::unavailable && error.code != Errc::timeout)
        log_.failed(report);
    return std::make_shared<const ports::CycleReport>(std::move(report));
}

// Cycles by a crossing take a tenth of the time at most, however many accounts are about to cross.
void Cycle::foresee(const Rules& rules, const ports::CycleReport& report) {
    if (!last_good_ || report.usage_age > 0 || last_good_->usage_age > 0 || !report.clock.trusted())
        return;
    crossing_ = policy::next_crossing(last_good_->decision, report.decision, rules.interval);
    const auto pause = std::chrono::seconds(1 + report.duration_ms / 100);
    if (crossing_)
        crossing_ = std::max(*crossing_, report.at + pause);
}

// Of fresh figures only. Messages that the outbox has already are not added again, so a restart
// sends none twice.
void Cycle::write_weekly(const Rules& rules, const ports::CycleReport& report) {
    if (!rules.notices.weekly || !rules.notices.by_mail || report.usage_age > 0 ||
        !report.clock.trusted())
        return;
    const auto week = format::week_due(rules.zone, report.at);
    if (!week || *week == week_)
        return;
    const auto messages =
        notify::weekly_messages(format::weekly_summaries(rules.set, rules.notices, rules.zone,
                                                         report.decision, report.parents, *week),
                                rules.cluster, *week, report.at);
    const auto added = ports_.outbox.add(messages);
    if (!added)
        return sources_.down(kJournal, added.error(), report.at);
    week_ = *week;
    if (!added->empty())
        log::event(log::Level::info, "SLUICE-0852", "weekly-mails",
                   {{"cluster", rules.cluster},
                    {"week", *week},
                    {"mails", std::to_string(added->size())}});
}

Cycle::Evaluated Cycle::hold_back(Evaluated evaluated, Instant now) const {
    auto& commands = evaluated.plan.commands;
    const auto due = std::stable_partition(commands.begin(), commands.end(), [&](const auto& c) {
        return backoff_.waits(c, now) == nullptr;
    });
    for (auto waiting = due; waiting != commands.end(); ++waiting) {
        evaluated.problems.push_back({waiting->account, *backoff_.waits(*waiting, now), ""});
        if (waiting->type == model::CommandType::reset_usage)
            for (auto& account : evaluated.decision.accounts)
                if (account.account == waiting->account)
                    account.memory.reset_owed = true;
        evaluated.plan.withheld.push_back(std::move(*waiting));
    }
    commands.erase(due, commands.end());
    return evaluated;
}

Result<std::vector<std::int64_t>>
Cycle::record(const Rules& rules, const Evaluated& evaluated,
              const std::vector<ports::EvaluationRecord>& evaluations) {
    const auto& decision = evaluated.decision;
    auto ids =
        ports_.journal.record_cycle(rules.cluster, decision, evaluations, evaluated.plan.commands);
    if (!ids) {
        sources_.down(kJournal, ids.error(), decision.now);
        return ids;
    }
    if (ids->size() != evaluated.plan.commands.size())
        return Error{Errc::internal,
                     "journal: the number of ids differs from the number of commands"};
    sources_.up(kJournal, decision.now);
    return ids;
}

void Cycle::confirm(const Rules& rules) {
    if (structure_)
        confirmations_.check(*structure_, rules.confirm_timeout, backoff_);
}

std::vector<ports::CommandRecord> Cycle::apply(const Rules& rules, const Gathered& gathered,
                                               const std::vector<model::Command>& commands,
                                               const std::vector<std::int64_t>& ids) {
    std::vector<ports::CommandRecord> applied;
    if (commands.empty())
        return applied;
    const auto& facts = gathered.facts;
    const Instant started = ports_.clock.now() - gathered.clock_ahead;
    auto outcomes = ports_.enforcer.apply(facts.structure, commands, rules.commit_group);
    // An adapter that answers for fewer may not have done the rest.
    outcomes.resize(commands.size(),
                    Error{Errc::internal, "Slurm reported no result for this change"});
    const Instant finished = ports_.clock.now() - gathered.clock_ahead;
    std::vector<ports::CommandOutcome> closed;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto& record = applied.emplace_back();
        record.id = ids[i];
        record.cluster = rules.cluster;
        record.command = commands[i];
        record.mode = ports_.enforcer.mode();
        record.requested = facts.now;
        record.started = started;
        record.finished = finished;
        record.success = !outcomes[i].has_value();
        if (outcomes[i])
            record.error = outcomes[i]->context;
        backoff_.note(commands[i], outcomes[i], facts.now);
        closed.push_back({ids[i], started, finished, std::move(outcomes[i])});
    }
    close(std::move(closed), finished);
    confirmations_.expect(applied, began_, rules.confirm_timeout);
    return applied;
}

void Cycle::close(std::vector<ports::CommandOutcome> outcomes, Instant now) {
    if (outcomes.empty())
        return;
    const auto closed = ports_.journal.close_commands(outcomes);
    if (closed)
        return;
    sources_.down(kJournal, closed.error(), now);
    unclosed_.insert(unclosed_.end(), std::make_move_iterator(outcomes.begin()),
                     std::make_move_iterator(outcomes.end()));
}

// Sequences go on growing over a restart of the daemon, since they begin with the time.
void Cycle::publish(const Rules& rules, const model::Facts& facts,
                    const model::Decision& decision) {
    auto next = policy::snapshot(rules.set, rules.zone, facts.structure, decision);
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
        return Event{*crossing_, Trigger::crossing};
    return boundary ? std::optional(Event{*boundary, Trigger::boundary}) : std::nullopt;
}

} // namespace sluice::core
