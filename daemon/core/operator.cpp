// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/operator.hpp"

#include "common/base/entered_time.hpp"
#include "common/base/log.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/policy/periods.hpp"
#include "common/settings/entries.hpp"
#include "daemon/core/configuration.hpp"
#include "daemon/core/report_filter.hpp"
#include "daemon/core/transfer.hpp"

#include <algorithm>
#include <set>

namespace sluice::core {
namespace {

constexpr std::size_t kMaxReason = 500; // bytes
constexpr std::size_t kAll = 1'000'000; // entries that are searched by number

Result<const model::AccountDecision*> evaluated(const Loop::Shown& shown,
                                                const std::string& account) {
    if (!shown.report)
        return Error{Errc::unavailable, "no evaluation has completed yet; try again in a moment"};
    const auto* found = shown.report->decision.find(account);
    if (found == nullptr)
        return Error{Errc::not_found, unknown_account(account, shown.report->decision)};
    return found;
}

void log_entry(const char* kind, std::int64_t id, const std::string& account,
               const ports::Person& person) {
    log::event(log::Level::notice, "SLUICE-0441", "ledger-entry",
               {{"kind", kind},
                {"id", std::to_string(id)},
                {"account", account},
                {"by", person.by},
                {"reason", person.reason}});
}

// The period that an adjustment may name: the running one, or the next.
Result<std::string> period_of(const model::AccountDecision& account, const Rules& rules,
                              const std::string& label) {
    if (label.empty() || label == account.period.label)
        return account.period.label;
    std::string next;
    for (const auto& policy : rules.set.policies)
        if (!account.policies.empty() && policy.name == account.policies.front() &&
            account.period.end)
            next = policy::period_at(policy.period, rules.zone, *account.period.end).label;
    if (label == next)
        return next;
    return Error{Errc::malformed, "period " + label + " is not possible: account " +
                                      account.account + " is in " + account.period.label +
                                      (next.empty() ? "" : "; also possible: " + next)};
}

// The units by the names of the account's components, whose case is ignored.
Result<std::map<std::string, Decimal>> checked_units(const model::AccountDecision& account,
                                                     const std::map<std::string, Decimal>& units) {
    std::vector<std::string> known;
    for (const auto& figure : account.figures)
        known.push_back(figure.component.name);
    if (units.empty())
        return Error{Errc::malformed, "the units are missing; give COMPONENT=UNITS; components: " +
                                          join(known, ", ")};
    std::map<std::string, Decimal> out;
    for (const auto& [component, value] : units) {
        const auto found =
            std::find_if(known.begin(), known.end(), [&, &named = component](const auto& name) {
                return equals_ignoring_case(name, named);
            });
        if (found == known.end())
            return Error{Errc::malformed, "account " + account.account + " has no component " +
                                              component + "; components: " + join(known, ", ")};
        if (value == Decimal())
            return Error{Errc::malformed, component + ": 0 changes nothing"};
        if (!out.emplace(*found, value).second)
            return Error{Errc::malformed, component + " is given twice"};
    }
    return out;
}

// Those that an evaluation changes, holds or does not evaluate.
std::vector<std::string> changed_accounts(const ports::CycleReport& report) {
    std::set<std::string> names;
    for (const auto& account : report.decision.accounts)
        if (account.flags != account.previous_flags || account.grant_changed || account.held() ||
            !account.error.empty())
            names.insert(account.account);
    for (const auto& command : report.plan.commands)
        names.insert(command.account);
    for (const auto& command : report.plan.withheld)
        names.insert(command.account);
    return {names.begin(), names.end()};
}

template <class Records>
auto numbered(const Records& records, std::int64_t id) {
    return std::find_if(records.begin(), records.end(),
                        [id](const auto& record) { return record.entry.id == id; });
}

} // namespace

Result<void> check_reason(const std::string& reason) {
    if (trim(reason).empty())
        return Error{Errc::malformed, "the reason is missing; it is kept with the entry"};
    if (reason.size() > kMaxReason)
        return Error{Errc::malformed,
                     "the reason is longer than " + std::to_string(kMaxReason) + " bytes"};
    if (const auto bad = first_unprintable(reason); !bad.empty())
        return Error{Errc::malformed, "the reason contains " + bad +
                                          "; write the reason in one line of "
                                          "visible characters"};
    return {};
}

// nullptr: it takes longer than a caller waits.
std::shared_ptr<const ports::CycleReport> DaemonOperator::run(Order order) {
    auto answer = loop_.ask(std::move(order));
    if (answer.wait_for(longest_cycle_) != std::future_status::ready)
        return nullptr;
    return answer.get();
}

Result<std::shared_ptr<const ports::CycleReport>>
DaemonOperator::evaluate(const ports::EvaluateRequest& request) {
    Order order{
        Trigger::person, request.dry_run, {request.accounts.begin(), request.accounts.end()}, {}};
    if (request.by_user)
        order.by_user = order.accounts;
    if (request.dry_run)
        order.past = request.past;
    if (request.config) {
        if (!request.dry_run)
            return Error{Errc::malformed, "config needs dry_run; a reload puts a file into force"};
        if (file_ == nullptr)
            return Error{Errc::unavailable, "the daemon has no configuration file"};
        auto rules = file_->would_be(*request.config, loop_.rules()->cluster, loop_.now());
        if (!rules)
            return std::move(rules).error();
        order.rules = std::move(*rules);
    }
    auto report = run(std::move(order));
    if (!report)
        return Error{Errc::timeout, "evaluation still running after " +
                                        std::to_string(longest_cycle_.count() / 1000) +
                                        " s; run sluice status to see its result"};
    if (report->error.empty())
        for (const auto& account : request.accounts)
            if (report->decision.find(account) == nullptr)
                return Error{Errc::not_found, unknown_account(account, report->decision)};
    if (request.accounts.empty())
        return report;
    return std::make_shared<const ports::CycleReport>(cut_to(*report, request.accounts));
}

Result<ports::ControllerSettings> DaemonOperator::controller() {
    if (inspector_ == nullptr)
        return Error{Errc::unavailable, "slurmctld cannot be asked"};
    return inspector_->controller(loop_.rules()->set);
}

std::shared_ptr<const ports::CycleReport>
DaemonOperator::cycle(Order order, const ports::Person& person,
                      const std::vector<std::string>& accounts) {
    order.trigger = order.accept ? Trigger::clock : Trigger::person;
    order.dry_run = person.dry_run;
    order.accounts = {accounts.begin(), accounts.end()};
    auto report = run(std::move(order));
    if (!report || accounts.empty())
        return report;
    return std::make_shared<const ports::CycleReport>(cut_to(*report, accounts));
}

Result<ports::Booked> DaemonOperator::set_override(const ports::NewOverride& wanted,
                                                   const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    const auto shown = loop_.shown();
    if (const auto account = evaluated(shown, wanted.account); !account)
        return account.error();
    const Instant now = loop_.now();
    const auto from =
        parse_instant(wanted.from.empty() ? "now" : wanted.from, shown.rules->zone, now);
    if (!from)
        return Error(from.error()).in("from");
    if (wanted.until.empty())
        return Error{Errc::malformed, "until is missing; every override must end"};
    const auto until = parse_instant(wanted.until, shown.rules->zone, now);
    if (!until)
        return Error(until.error()).in("until");
    if (*until <= now || *until <= *from)
        return Error{Errc::malformed, "until " + wanted.until + " is not after " +
                                          (*until <= now ? "now" : "the beginning")};
    model::Override entry{0,      wanted.account, wanted.standing, *from,
                          *until, person.reason,  person.by};
    entry.show_reason = wanted.show_reason;
    Order order;
    std::int64_t id = 0;
    if (person.dry_run) {
        order.supposed.overrides = {entry};
    } else {
        const auto added = ports_.records.add_override(shown.rules->cluster, entry);
        if (!added)
            return added.error();
        id = *added;
        log_entry("override", id, wanted.account, person);
    }
    return ports::Booked{id, cycle(std::move(order), person, {wanted.account})};
}

Result<ports::Booked> DaemonOperator::end_override(std::int64_t id, const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    const std::string cluster = loop_.rules()->cluster;
    const auto known = ports_.records.overrides({cluster, {}, kAll});
    if (!known)
        return known.error();
    const auto found = numbered(*known, id);
    const std::string number = "override " + std::to_string(id);
    if (found == known->end())
        return Error{Errc::not_found, number + " does not exist"};
    const Instant now = loop_.now();
    if (found->ended || found->entry.until <= now)
        return Error{Errc::conflict, number + " has ended already"};
    const std::string account = found->entry.account;
    Order order;
    if (person.dry_run) {
        order.supposed.ended = {id};
    } else {
        if (const auto ended =
                ports_.records.end_override(cluster, id, now, person.by, person.reason);
            !ended)
            return ended.error();
        log_entry("override-end", id, account, person);
    }
    return ports::Booked{person.dry_run ? 0 : id, cycle(std::move(order), person, {account})};
}

Result<ports::Booked> DaemonOperator::book(std::vector<model::Adjustment> entries,
                                           const ports::Person& person) {
    std::vector<std::string> accounts;
    for (auto& entry : entries) {
        entry.reason = person.reason;
        entry.by = person.by;
        entry.at = loop_.now();
        accounts.push_back(entry.account);
    }
    Order order;
    ports::Booked out;
    if (person.dry_run) {
        order.supposed.adjustments = std::move(entries);
    } else {
        const auto added = ports_.records.add_adjustments(loop_.rules()->cluster, entries);
        if (!added)
            return added.error();
        for (std::size_t i = 0; i < added->size(); ++i)
            log_entry("adjustment", added->at(i), accounts.at(i), person);
        out.id = added->front();
        out.pair = added->size() > 1 ? added->back() : 0;
    }
    out.cycle = cycle(std::move(order), person, accounts);
    return out;
}

Result<ports::Booked> DaemonOperator::add_adjustment(const ports::NewAdjustment& wanted,
                                                     const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    const auto shown = loop_.shown();
    const auto account = evaluated(shown, wanted.account);
    if (!account)
        return account.error();
    auto units = checked_units(**account, wanted.units);
    if (!units)
        return units.error();
    const auto period = period_of(**account, *shown.rules, wanted.period);
    if (!period)
        return period.error();
    model::Adjustment entry;
    entry.account = wanted.account;
    entry.period = *period;
    entry.units = std::move(*units);
    return book({std::move(entry)}, person);
}

// A dry run comes first: usage has grown since the last evaluation.
Result<ports::Booked> DaemonOperator::transfer(const ports::NewTransfer& wanted,
                                               const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    const auto shown = loop_.shown();
    if (!shown.report)
        return Error{Errc::unavailable, "no evaluation has completed yet; try again in a moment"};
    auto entries = transfer_entries(wanted, *shown.report, shown.rules->set);
    if (!entries)
        return entries.error();
    Order order{Trigger::person, true, {wanted.from, wanted.to}, {}};
    order.supposed.adjustments = *entries;
    for (auto& entry : order.supposed.adjustments)
        entry.at = loop_.now();
    const auto tried = run(std::move(order)); // with the accounts above
    if (!tried)
        return Error{Errc::timeout, "evaluation still running after " +
                                        std::to_string(longest_cycle_.count() / 1000) +
                                        " s; nothing is entered: try again later"};
    if (auto fits = check_after_transfer(wanted, entries->front().period, *tried); !fits)
        return fits.error();
    if (!person.dry_run)
        return book(std::move(*entries), person);
    return ports::Booked{
        0, std::make_shared<const ports::CycleReport>(cut_to(*tried, {wanted.from, wanted.to}))};
}

Result<ports::Booked> DaemonOperator::take_back(std::int64_t id, const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    const auto known = ports_.records.adjustments({loop_.rules()->cluster, {}, kAll});
    if (!known)
        return known.error();
    const auto found = numbered(*known, id);
    if (found == known->end())
        return Error{Errc::not_found, "adjustment " + std::to_string(id) + " does not exist"};
    if (found->taken_back_by != 0)
        return Error{Errc::conflict, "adjustment " + std::to_string(id) +
                                         " was undone already by adjustment " +
                                         std::to_string(found->taken_back_by)};
    std::vector<model::Adjustment> entries{found->entry};
    if (const auto pair = numbered(*known, found->entry.pair); pair != known->end())
        entries.push_back(pair->entry);
    for (auto& entry : entries) {
        entry.takes_back = entry.id;
        for (auto& [component, units] : entry.units)
            units = Decimal::raw(-units.scaled());
    }
    return book(std::move(entries), person);
}

Result<ports::Booked> DaemonOperator::reset(const std::vector<std::string>& named,
                                            const ports::Person& person, bool release) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    const auto shown = loop_.shown();
    auto accounts = named;
    if (release && named.empty() && shown.report)
        for (const auto& account : shown.report->decision.accounts)
            if (account.held())
                accounts.push_back(account.account);
    if (accounts.empty())
        return release ? Error{Errc::conflict, "no account waits for a release"}
                       : Error{Errc::malformed, "no account is named"};
    std::vector<model::PeriodReset> entries;
    for (const auto& account : accounts) {
        const auto found = evaluated(shown, account);
        if (!found && release && is_left(account)) {
            entries.push_back({0, account, "", person.reason, person.by, loop_.now(), true});
            continue;
        }
        if (!found)
            return found.error();
        if (release && !(*found)->held())
            return Error{Errc::conflict,
                         "account " + account +
                             " has all its rules; remove it where its allocation is set, then "
                             "release it"};
        entries.push_back(
            {0, account, (*found)->period.label, person.reason, person.by, loop_.now(), release});
    }
    return enter(std::move(entries), shown.report->decision, person);
}

// Slurm does not have the account any more, but the journal has it under enforcement.
bool DaemonOperator::is_left(const std::string& account) {
    const auto history = ports_.journal.history(loop_.rules()->cluster, loop_.now());
    if (!history)
        return false;
    const auto found = history->accounts.find(account);
    return found != history->accounts.end() && !found->second.enforced_by.empty();
}

// `decision` has their accounts, but for those that Slurm does not have any more.
Result<ports::Booked> DaemonOperator::enter(std::vector<model::PeriodReset> entries,
                                            const model::Decision& decision,
                                            const ports::Person& person) {
    Order order;
    order.reopen = entries;
    std::vector<std::string> accounts;
    for (const auto& entry : entries)
        accounts.push_back(entry.account);
    auto report = cycle(std::move(order), person, accounts);
    if (report && !report->error.empty())
        return Error{Errc::unavailable, "the evaluation failed: " + report->error};
    if (!person.dry_run)
        for (const auto& entry : entries) {
            log_entry(entry.release ? "release" : "period-reset", 0, entry.account, person);
            if (const auto* account = decision.find(entry.account))
                reopen_elsewhere(*account, entry);
        }
    return ports::Booked{0, std::move(report)};
}

Result<ports::Booked> DaemonOperator::change_rule(const ports::RuleChange& change,
                                                  const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    if (file_ == nullptr)
        return Error{Errc::unavailable, "the daemon has no configuration file"};
    ports::Booked out;
    if (person.dry_run) {
        Order order{Trigger::person, true, {}, {}};
        auto rules = file_->would_be(change, loop_.rules()->cluster, loop_.now());
        if (!rules)
            return std::move(rules).error();
        order.rules = std::move(*rules);
        out.cycle = run(std::move(order));
    } else {
        const auto before = loop_.rules();
        const auto version = file_->change(change, person);
        if (!version)
            return version.error();
        auto done = after_reload(change.confirm, *version, before, person);
        if (!done)
            return done;
        out = std::move(*done);
    }
    if (!out.cycle)
        return out;
    auto shown = changed_accounts(*out.cycle);
    if (change.kind == model::RuleKind::allocation)
        shown.push_back(change.name);
    out.cycle = std::make_shared<const ports::CycleReport>(cut_to(*out.cycle, shown));
    return out;
}

Result<std::string> DaemonOperator::export_rules(const std::string& name) {
    if (file_ == nullptr)
        return Error{Errc::unavailable, "the daemon has no configuration file"};
    const auto rules = file_->entries();
    if (!rules)
        return rules.error();
    auto entries = entries_of(*rules);
    if (!name.empty())
        std::erase_if(entries, [&](const auto& entry) { return entry.name != name; });
    if (entries.empty() && !name.empty())
        return Error{Errc::not_found, "the journal has no policy or allocation " + name};
    return settings::exported(entries);
}

Result<ports::Booked> DaemonOperator::reload(bool confirm, const ports::Person& person) {
    if (auto reason = check_reason(person.reason); confirm && !reason)
        return reason.error();
    if (person.dry_run)
        return Error{Errc::malformed,
                     "a reload has no dry run; run: sluice evaluate --dry-run --config=FILE"};
    if (file_ == nullptr)
        return Error{Errc::unavailable, "the daemon has no configuration file"};
    const auto before = loop_.rules();
    if (auto done = file_->reload(); !done)
        return std::move(done).error();
    return after_reload(confirm, 0, before, person);
}

// An evaluation that followed the change by itself is the answer: one after it would show nothing
// of what the change did.
std::shared_ptr<const ports::CycleReport>
DaemonOperator::follow(const std::shared_ptr<const Rules>& before) {
    const auto followed = loop_.followed(before);
    if (!followed)
        return run({Trigger::reload, false, {}, {}});
    if (followed->wait_for(longest_cycle_) != std::future_status::ready)
        return nullptr;
    return followed->get();
}

Result<ports::Booked> DaemonOperator::after_reload(bool confirm, std::int64_t id,
                                                   const std::shared_ptr<const Rules>& before,
                                                   const ports::Person& person) {
    auto report = follow(before);
    if (!confirm)
        return ports::Booked{id, std::move(report)};
    if (!report || !report->error.empty())
        return Error{Errc::unavailable,
                     "the file is in force, but nothing is confirmed: " +
                         (report ? report->error : std::string("the evaluation still runs"))};
    std::vector<model::PeriodReset> entries;
    for (const auto& account : report->decision.accounts)
        if (account.held())
            entries.push_back({0, account.account, account.period.label, person.reason, person.by,
                               loop_.now(), true});
    if (entries.empty())
        return ports::Booked{id, std::move(report)};
    auto done = enter(std::move(entries), report->decision, person);
    if (done)
        done->id = id;
    return done;
}

// One allocation has one period, on however many clusters.
void DaemonOperator::reopen_elsewhere(const model::AccountDecision& account,
                                      const model::PeriodReset& entry) {
    if (ports_.exchange == nullptr)
        return;
    const std::string here = loop_.rules()->cluster;
    for (const auto& part : account.span)
        if (part.cluster != here)
            ports_.exchange->reopen(part.cluster, entry);
}

Result<ports::Booked> DaemonOperator::accept_clock(const ports::Person& person) {
    if (auto reason = check_reason(person.reason); !reason)
        return reason.error();
    if (person.dry_run)
        return Error{Errc::malformed, "a confirmation of the clock has no dry run; GET "
                                      "/api/v1/clock shows what it was compared with"};
    Order order;
    order.accept = model::ClockAccept{0, {}, 0, person.reason, person.by};
    auto report = cycle(std::move(order), person, {});
    if (report && !report->error.empty())
        return Error{Errc::unavailable, "the evaluation failed: " + report->error};
    const auto entered = ports_.records.clock_accepts({loop_.rules()->cluster, {}, 1});
    if (!entered)
        return entered.error();
    return ports::Booked{entered->empty() ? 0 : entered->front().id, std::move(report)};
}

Result<ports::Cleanup> DaemonOperator::cleanup(const std::string& before,
                                               const ports::Person& person) {
    const auto rules = loop_.rules();
    const auto report = loop_.shown().report;
    if (report && !report->clock.trusted() && !person.dry_run)
        return Error{Errc::conflict, model::clock_text(report->clock) +
                                         ": no records are removed; correct the clock, or run: "
                                         "sluice clock accept --reason=TEXT"};
    const Instant now = loop_.now();
    const auto limit = before.empty() ? Result<Instant>(now - rules->retention)
                                      : parse_instant(before, rules->zone, now, Entered::past);
    if (!limit)
        return Error(limit.error()).in("before");
    if (*limit > now)
        return Error{Errc::malformed, "before " + before + " lies in the future"};
    const auto records =
        person.dry_run ? ports_.records.forgettable(*limit) : ports_.records.forget(*limit);
    if (!records)
        return records.error();
    if (!person.dry_run)
        log::event(log::Level::notice, "SLUICE-0442", "records-removed",
                   {{"evaluations", std::to_string(records->evaluations)},
                    {"commands", std::to_string(records->commands)},
                    {"by", person.by}});
    return ports::Cleanup{*limit, *records};
}

} // namespace sluice::core
