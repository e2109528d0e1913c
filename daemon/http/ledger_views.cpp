// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/ledger_views.hpp"

#include "common/base/text.hpp"
#include "daemon/http/view_parts.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace sluice::http {
namespace {

using json::Value;
using json::View;

// The body as an object with no other keys than these; an empty body is an empty object.
Result<Value> body_of(const Request& request, std::initializer_list<std::string_view> known) {
    if (trim(request.body).empty())
        return Value::object();
    auto body = json::parse(request.body);
    if (!body)
        return body;
    if (!body->view().is_object())
        return Error{Errc::malformed, "the body is an object"};
    std::string list;
    for (const auto key : known)
        list += (list.empty() ? "" : ", ") + std::string(key);
    for (const auto& key : body->view().keys())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return Error{Errc::malformed, "unknown key '" + key + "'; known: " + list};
    return body;
}

Result<std::string> text(View body, std::string_view key) {
    if (body[key].exists() && !body[key].is_null() && !body[key].is_string())
        return Error{Errc::malformed, std::string(key) + " is a text"};
    return body[key].text();
}

// A person as the ledger shall have them: the name that Slurm knows for the uid.
std::string who(const Call& call) {
    const auto& viewer = call.request.viewer;
    if (!viewer.name.empty())
        return viewer.name;
    if (viewer.uid == 0)
        return "root";
    if (const auto cycle = call.service.last_cycle())
        for (const auto& user : cycle->users)
            if (user.uid == viewer.uid)
                return user.name;
    return "uid " + std::to_string(viewer.uid);
}

Result<ports::Person> person(const Call& call, View body) {
    ports::Person out;
    out.by = who(call);
    const auto reason = text(body, "reason");
    if (!reason)
        return reason.error();
    out.reason = *reason;
    // Some clients send no body with DELETE.
    if (const auto found = call.request.query.find("reason");
        out.reason.empty() && found != call.request.query.end())
        out.reason = found->second;
    const View dry = body["dry_run"];
    if (dry.exists() && !dry.is_bool())
        return Error{Errc::malformed, "dry_run is true or false"};
    const auto asked_dry = call.request.query.find("dry_run");
    out.dry_run =
        dry.boolean() || (asked_dry != call.request.query.end() && asked_dry->second == "true");
    return out;
}

Result<std::int64_t> number(const std::string& text) {
    std::int64_t out = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault != std::errc{} || end != text.data() + text.size() || out < 1)
        return Error{Errc::not_found, "no entry '" + text + "'"};
    return out;
}

// The entry's number and the cycle that followed it.
Response booked(const Call& call, const Result<ports::Booked>& done, const ports::Person& by,
                const std::vector<std::string>& accounts) {
    if (!done)
        return failure(done.error());
    Value out = done->cycle ? evaluation(call, *done->cycle, accounts) : envelope(call);
    if (!done->cycle)
        out.set("cycle", Value());
    out.set("id", done->id != 0 ? Value(done->id) : Value()).set("dry_run", by.dry_run);
    return ok(out, by.dry_run || call.request.method == "DELETE" ? 200 : 201);
}

// The account of an entry, to cut the answer to.
template <class Records>
std::vector<std::string> account_of(const Result<Records>& records, std::int64_t id) {
    if (records)
        for (const auto& record : *records)
            if (record.entry.id == id)
                return {record.entry.account};
    return {};
}

Result<std::map<std::string, Decimal>> units_of(View units) {
    if (!units.is_object())
        return Error{Errc::malformed, "units is an object: {\"node_hours\": 25}"};
    std::map<std::string, Decimal> out;
    for (const auto& component : units.keys()) {
        const View value = units[component];
        const auto parsed = value.is_integer()  ? Decimal::parse(std::to_string(value.integer()))
                            : value.is_string() ? Decimal::parse(value.text())
                                                : std::nullopt;
        if (!parsed)
            return Error{Errc::malformed,
                         component + ": a whole number, or a decimal in a text: \"2.5\""};
        out[component] = *parsed;
    }
    return out;
}

Result<model::Standing> standing_of(View body) {
    using enum model::Standing;
    for (const auto each : {normal, downscaled, paused})
        if (body["standing"].text() == model::name(each))
            return each;
    return Error{Errc::malformed, "standing is normal, downscaled or paused"};
}

// Ends or takes back the entry that the path names. The entries are read before: afterwards the
// account could not be told.
template <class Find, class Undo>
Response undo(const Call& call, const Find& find, const Undo& undone) {
    const auto body = body_of(call.request, {"reason", "dry_run"});
    if (!body)
        return failure(body.error());
    const auto by = person(call, body->view());
    const auto id = number(call.name);
    if (!by || !id)
        return failure(by ? id.error() : by.error());
    const auto records = find(ports::Query{"", {}, kMaxLimit});
    const auto done = undone(*id, *by);
    return booked(call, done, *by, account_of(records, *id));
}

} // namespace

Response view_overrides(const Call& call) {
    const Instant now = call.service.last_cycle() ? call.service.last_cycle()->at : Instant{};
    const auto found = call.request.query.find("in_force");
    const bool in_force = found != call.request.query.end() && found->second == "true";
    return journal_view(
        call, "overrides",
        [&](const ports::Query& q) -> Result<std::vector<ports::OverrideRecord>> {
            auto records = call.service.ledger().overrides(q);
            if (records && in_force)
                std::erase_if(*records, [now](const auto& record) {
                    return record.ended.has_value() || record.entry.until <= now;
                });
            return records;
        },
        [now](const ports::OverrideRecord& record) { return render(record, now); });
}

Response view_set_override(const Call& call) {
    const auto body =
        body_of(call.request, {"account", "standing", "from", "until", "reason", "dry_run"});
    if (!body)
        return failure(body.error());
    const auto by = person(call, body->view());
    const auto standing = standing_of(body->view());
    const auto account = text(body->view(), "account");
    const auto from = text(body->view(), "from");
    const auto until = text(body->view(), "until");
    for (const auto* each : {&account, &from, &until})
        if (!*each)
            return failure(each->error());
    if (!by || !standing)
        return failure(by ? standing.error() : by.error());
    const auto done = call.service.ledger().set_override({*account, *standing, *from, *until}, *by);
    return booked(call, done, *by, {*account});
}

Response view_end_override(const Call& call) {
    auto& ledger = call.service.ledger();
    return undo(
        call, [&](const ports::Query& q) { return ledger.overrides(q); },
        [&](std::int64_t id, const auto& by) { return ledger.end_override(id, by); });
}

Response view_adjustments(const Call& call) {
    return journal_view(call, "adjustments", [&](const ports::Query& q) {
        return call.service.ledger().adjustments(q);
    });
}

Response view_add_adjustment(const Call& call) {
    const auto body = body_of(call.request, {"account", "period", "units", "reason", "dry_run"});
    if (!body)
        return failure(body.error());
    const auto by = person(call, body->view());
    const auto account = text(body->view(), "account");
    const auto period = text(body->view(), "period");
    const auto units = units_of((*body)["units"]);
    if (!by || !units)
        return failure(by ? units.error() : by.error());
    if (!account || !period)
        return failure(account ? period.error() : account.error());
    const auto done = call.service.ledger().add_adjustment({*account, *period, *units}, *by);
    return booked(call, done, *by, {*account});
}

Response view_take_back(const Call& call) {
    auto& ledger = call.service.ledger();
    return undo(
        call, [&](const ports::Query& q) { return ledger.adjustments(q); },
        [&](std::int64_t id, const auto& by) { return ledger.take_back(id, by); });
}

Response view_resets(const Call& call) {
    return journal_view(call, "resets",
                        [&](const ports::Query& q) { return call.service.ledger().resets(q); });
}

Response view_reopen(const Call& call) {
    const auto body = body_of(call.request, {"accounts", "reason", "dry_run"});
    if (!body)
        return failure(body.error());
    const auto by = person(call, body->view());
    if (!by)
        return failure(by.error());
    const auto accounts = (*body)["accounts"].texts();
    if (accounts.empty() || accounts.size() != (*body)["accounts"].size())
        return failure(400, "accounts is a list of names");
    return booked(call, call.service.ledger().reopen(accounts, *by), *by, accounts);
}

Response view_clock(const Call& call) {
    const CyclePtr cycle = call.service.last_cycle();
    const auto accepts = call.service.clock_accepts({call.service.info().cluster, {}, kMaxLimit});
    if (!accepts)
        return failure(accepts.error());
    Value list = Value::array();
    for (const auto& entry : *accepts)
        list.append(render(entry));
    Value out = envelope(call);
    out.set("clock", cycle ? render(cycle->clock) : Value()).set("accepted", std::move(list));
    return ok(out);
}

Response view_accept_clock(const Call& call) {
    const auto body = body_of(call.request, {"reason", "dry_run"});
    if (!body)
        return failure(body.error());
    const auto by = person(call, body->view());
    if (!by)
        return failure(by.error());
    return booked(call, call.service.ledger().accept_clock(*by), *by, {});
}

Response view_cleanup(const Call& call) {
    const auto body = body_of(call.request, {"before", "dry_run"});
    if (!body)
        return failure(body.error());
    const auto by = person(call, body->view());
    const auto before = text(body->view(), "before");
    if (!by || !before)
        return failure(by ? before.error() : by.error());
    const auto done = call.service.ledger().cleanup(*before, *by);
    if (!done)
        return failure(done.error());
    Value out = envelope(call);
    put_instant(out, "before", done->before);
    out.set("dry_run", by->dry_run).set("evaluations", done->records.evaluations);
    out.set("commands", done->records.commands);
    return ok(out);
}

} // namespace sluice::http
