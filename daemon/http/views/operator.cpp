// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

namespace sluice::http {
namespace {

using json::Value;
using json::View;

std::map<std::string, Decimal> units_of(Form& form) {
    const View units = form["units"];
    if (!units.is_object())
        form.fail("units must be an object: {\"node_hours\": 25}");
    std::map<std::string, Decimal> out;
    for (const auto& component : units.keys()) {
        const View value = units[component];
        const auto parsed = value.is_integer()  ? Decimal::parse(std::to_string(value.integer()))
                            : value.is_string() ? Decimal::parse(value.text())
                                                : std::nullopt;
        if (!parsed)
            form.fail(component + " must be a whole number, or a decimal in a text: \"2.5\"");
        out[component] = parsed.value_or(Decimal());
    }
    return out;
}

model::Standing standing_of(Form& form) {
    using enum model::Standing;
    for (const auto each : {normal, downscaled, paused})
        if (form["standing"].text() == model::name(each))
            return each;
    const std::string given = form["standing"].text();
    form.fail("standing must be normal, downscaled or paused" +
              (given.empty() ? "" : ", not '" + given + "'"));
    return normal;
}

std::int64_t pair_of(const model::Override&) {
    return 0;
}

std::int64_t pair_of(const model::Adjustment& entry) {
    return entry.pair;
}

// Ends or takes back the entry that the path names. `records` were read before; they have the
// accounts of the entry, to which the answer is cut.
template <class Records, class Undo>
Response undo(const Call& call, const Result<Records>& records, const Undo& undone) {
    Form form(call.request, {"reason", "dry_run"});
    const auto by = person(call, form);
    const auto id = whole_number(call.name);
    if (form.fault())
        return failure(*form.fault());
    if (!id || *id < 1)
        return failure(404, "entry '" + call.name + "' does not exist");
    std::vector<std::string> accounts;
    if (records)
        for (const auto& record : *records)
            if (record.entry.id == *id || pair_of(record.entry) == *id)
                accounts.push_back(record.entry.account);
    return booked(call, undone(*id, by), by, accounts);
}

template <class Act>
Response act(const Call& call, const Act& act) {
    const auto id = whole_number(call.name);
    if (!id)
        return failure(404, "message " + call.name + " does not exist");
    const auto done = act(*id);
    if (!done)
        return failure(done.error());
    return answer(call, kv("id", *id));
}

// As the outbox has mails. Not kept there: who sends it learns the result at once, also while
// others wait.
ports::OutboxEntry test_mail(const std::string& to, const std::string& by,
                             const std::vector<std::string>& clusters, Instant now) {
    Value body = Value::object();
    body.set("to", to)
        .set("subject", "Test mail of Sluice on " + join(clusters, ", "))
        .set("text", "This mail shows that notices of Sluice on " + join(clusters, ", ") +
                         " can reach " + to + ".\nSent on request of " + by +
                         " (sluice notify --send-test). No account has changed.\n")
        .set("date_epoch", epoch(now));
    ports::OutboxEntry entry;
    entry.message = {
        "mail",         "test", to, "mail/test/" + std::to_string(epoch(now)) + '/' + to,
        body.compact(), false};
    return entry;
}

} // namespace

Response view_evaluate(const Call& call) {
    Form form(call.request, {"dry_run", "accounts", "all", "config"});
    ports::EvaluateRequest request{form.flag("dry_run"), form.accounts(), false, std::nullopt};
    const bool all = form.flag("all");
    if (form["config"].exists())
        request.config = form.text("config");
    if (form.fault())
        return failure(*form.fault());
    const auto cycle = call.actions.evaluate(request);
    if (!cycle) {
        // Operator knows which account is unknown (the settings may be newer than the last cycle);
        // the suggestion comes from here.
        const CyclePtr last = call.status.last_cycle();
        const Visible visible(last.get(), call.request.viewer);
        if (cycle.error().code == Errc::not_found)
            if (auto bad = unknown(call, last.get(), visible, request.accounts))
                return std::move(*bad);
        return failure(cycle.error());
    }
    return ok(evaluation(call, **cycle, request.accounts, all));
}

Response view_overrides(const Call& call) {
    const auto cycle = call.status.last_cycle();
    const Instant now = cycle ? cycle->at : Instant{};
    const bool in_force = call.request.argument("in_force") == "true";
    const bool staff = call.request.viewer.sees_all();
    return journal_view(
        call, "overrides",
        [&](const ports::Query& q) -> Result<std::vector<ports::OverrideRecord>> {
            auto records = call.services.journal.overrides(q);
            if (records && in_force)
                std::erase_if(*records, [now](const auto& record) {
                    return record.ended.has_value() || record.entry.until <= now;
                });
            return records;
        },
        [=](const ports::OverrideRecord& record) { return render(record, now, staff); });
}

Response view_set_override(const Call& call) {
    Form form(call.request,
              {"account", "standing", "from", "until", "reason", "show_reason", "dry_run"});
    const auto by = person(call, form);
    const ports::NewOverride entry{form.account(), standing_of(form), form.text("from"),
                                   form.text("until"), form.flag("show_reason")};
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.set_override(entry, by), by, {entry.account});
}

Response view_end_override(const Call& call) {
    return undo(call, call.services.journal.overrides({"", {}, kMaxLimit}),
                [&](std::int64_t id, const auto& by) { return call.actions.end_override(id, by); });
}

Response view_adjustments(const Call& call) {
    return journal_view(call, "adjustments", [&](const ports::Query& q) {
        return call.services.journal.adjustments(q);
    });
}

Response view_add_adjustment(const Call& call) {
    Form form(call.request, {"account", "period", "units", "reason", "dry_run"});
    const auto by = person(call, form);
    const ports::NewAdjustment entry{form.account(), form.text("period"), units_of(form)};
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.add_adjustment(entry, by), by, {entry.account});
}

// Coordinators may, too: the route is open, and what they may is checked here and by Operator.
Response view_transfer(const Call& call) {
    const auto& viewer = call.request.viewer;
    if (!viewer.staff && (viewer.reads_all || viewer.coordinates.empty()))
        return failure(403, "Only coordinators and staff may do this (ROLES in sluice(1)).");
    Form form(call.request, {"from", "to", "units", "reason", "dry_run"});
    const auto by = person(call, form);
    ports::NewTransfer entry{lower(form.text("from")), lower(form.text("to")), units_of(form), {}};
    if (!viewer.staff)
        entry.coordinated = viewer.coordinates;
    if (entry.from.empty() || entry.to.empty())
        form.fail("from and to must be names of accounts");
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.transfer(entry, by), by, {entry.from, entry.to});
}

Response view_take_back(const Call& call) {
    return undo(call, call.services.journal.adjustments({"", {}, kMaxLimit}),
                [&](std::int64_t id, const auto& by) { return call.actions.take_back(id, by); });
}

Response view_resets(const Call& call) {
    return journal_view(call, "resets",
                        [&](const ports::Query& q) { return call.services.journal.resets(q); });
}

Response view_reopen(const Call& call) {
    Form form(call.request, {"accounts", "reason", "dry_run"});
    const auto by = person(call, form);
    const auto accounts = form.accounts();
    if (accounts.empty())
        form.fail("accounts must be a list of names");
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.reopen(accounts, by), by, accounts);
}

Response view_release(const Call& call) {
    Form form(call.request, {"accounts", "all", "reason", "dry_run"});
    const auto by = person(call, form);
    const bool all = form.flag("all");
    const auto accounts = all ? std::vector<std::string>{} : form.accounts();
    if (accounts.empty() && !all)
        form.fail("accounts must be a list of names");
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.release(accounts, by), by, accounts);
}

Response view_reload(const Call& call) {
    Form form(call.request, {"confirm", "reason", "dry_run"});
    const auto by = person(call, form);
    const bool confirm = form.flag("confirm");
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.reload(confirm, by), by, {});
}

Response view_clock(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    const auto accepts =
        call.services.journal.clock_accepts({call.status.info().cluster, {}, kMaxLimit});
    if (!accepts)
        return failure(accepts.error());
    return answer(call, kv("clock", cycle ? render(cycle->clock) : Value()),
                  kv("accepted", rendered(*accepts)));
}

Response view_accept_clock(const Call& call) {
    Form form(call.request, {"reason", "dry_run"});
    const auto by = person(call, form);
    if (form.fault())
        return failure(*form.fault());
    return booked(call, call.actions.accept_clock(by), by, {});
}

Response view_cleanup(const Call& call) {
    Form form(call.request, {"before", "dry_run"});
    const auto by = person(call, form);
    const std::string before = form.text("before");
    if (form.fault())
        return failure(*form.fault());
    const auto done = call.actions.cleanup(before, by);
    if (!done)
        return failure(done.error());
    return answer(call, kv("before", done->before), kv("dry_run", by.dry_run),
                  kv("evaluations", done->records.evaluations),
                  kv("commands", done->records.commands));
}

Response view_outbox(const Call& call) {
    const auto most = limit(call.request);
    if (!most)
        return failure(most.error());
    ports::OutboxQuery query;
    query.limit = *most;
    query.target = call.request.argument("target");
    if (const auto word = call.request.query.find("state"); word != call.request.query.end()) {
        using enum ports::MessageState;
        for (const auto state : {waiting, parked, done, dropped})
            if (name(state) == word->second)
                query.state = state;
        if (!query.state)
            return failure(400, "state must be waiting, parked, done or dropped");
    }
    const auto entries = call.services.outbox.list(query);
    const auto counts = call.services.outbox.counts();
    if (!entries || !counts)
        return failure(entries ? counts.error() : entries.error());
    return answer(call, kv("messages", rendered(*entries)), kv("targets", rendered(*counts)));
}

Response view_test_mail(const Call& call) {
    Form form(call.request, {"to"});
    const std::string to = form.text("to");
    if (!is_mail_address(to))
        form.fail("to: '" + to + "' is no mail address; give name@host");
    if (form.fault())
        return failure(*form.fault());
    if (call.services.mail == nullptr)
        return failure(409, "sluiced sends no mail; set notifications.mail in sluiced.yaml, then "
                            "run: systemctl restart sluiced");
    // A mail server that says nothing must not hold more than one of the threads that answer.
    static std::mutex delivering;
    const std::unique_lock<std::mutex> alone(delivering, std::try_to_lock);
    if (!alone)
        return failure(409, "another test mail is being delivered; try again in a moment");
    const auto delivery = call.services.mail->deliver(
        test_mail(to, call.request.viewer.label(), call.services.names(), call.status.info().now));
    const bool done = delivery.result == ports::Delivered::done;
    log::event(done ? log::Level::notice : log::Level::warning, "SLUICE-0850", "test-mail",
               {{"to", to},
                {"by", call.request.viewer.label()},
                {"accepted", done ? "true" : "false"},
                {"error", delivery.text}});
    if (!done)
        return failure(502,
                       "no mail server accepted the test mail to " + to + ": " + delivery.text);
    return answer(call, kv("to", to), kv("accepted", true));
}

Response view_retry_message(const Call& call) {
    return act(call, [&](std::int64_t id) { return call.services.outbox.retry(id); });
}

Response view_drop_message(const Call& call) {
    return act(call, [&](std::int64_t id) {
        return call.services.outbox.drop(id, "by uid " + std::to_string(call.request.viewer.uid));
    });
}

} // namespace sluice::http
