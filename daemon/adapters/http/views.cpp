// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/views.hpp"

#include "common/base/text.hpp"
#include "daemon/adapters/http/render.hpp"
#include "daemon/adapters/http/visible.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace sluice::http {
namespace {

using json::Value;
using TurnPtr = std::shared_ptr<const ports::TurnReport>;

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMostLimit = 10000;

// Slurm's own top level: payload beside meta, errors and warnings.
Value envelope(const Call& call, const ports::DaemonInfo& info, Value warnings) {
    Value meta = Value::object();
    meta.set("program", "sluiced").set("version", info.version).set("api", "v1");
    meta.set("cluster", info.cluster);
    Value viewer = Value::object();
    viewer.set("uid", call.request.viewer.uid).set("staff", call.request.viewer.staff);
    meta.set("viewer", std::move(viewer));
    Value out = Value::object();
    out.set("meta", std::move(meta)).set("errors", Value::array());
    out.set("warnings", std::move(warnings));
    return out;
}

Value envelope(const Call& call) {
    return envelope(call, call.service.info(), Value::array());
}

Value warning(std::string_view source, const std::string& description) {
    Value out = Value::object();
    out.set("description", description).set("source", source);
    return out;
}

bool enforces(const ports::TurnReport& turn) {
    return std::any_of(turn.decision.accounts.begin(), turn.decision.accounts.end(),
                       [](const auto& a) { return a.mode == model::Mode::enforce; });
}

// What a person must know before trusting the figures. Users are told that, not why.
Value warnings(const ports::DaemonInfo& info, const ports::TurnReport* turn,
               const ports::GateStatus& gate, bool staff) {
    Value out = Value::array();
    if (turn == nullptr)
        out.append(warning("turn", "no turn has been done yet"));
    else if (!turn->error.empty())
        out.append(warning("turn", staff ? "the last turn failed: " + turn->error +
                                               "; the figures are those of the last good one"
                                         : "the figures may be old"));
    if (!info.config_error.empty() && staff)
        out.append(warning("config", "the new settings were refused and the old ones stay: " +
                                         info.config_error));
    for (const auto& source : info.down)
        out.append(warning("source", source + " does not answer"));
    if (turn != nullptr && staff && gate.plugins.empty() && enforces(*turn))
        out.append(warning("gate", "no plugin is connected: submissions are judged by what the "
                                   "plugin heard last, if it is loaded at all"));
    return out;
}

Value render_info(const ports::DaemonInfo& info, bool staff) {
    Value out = Value::object();
    out.set("version", info.version).set("cluster", info.cluster);
    put_instant(out, "started", info.started);
    out.set("config_file", staff ? info.config_file : "");
    put_instant(out, "config_loaded", info.config_loaded);
    out.set("config_error", staff ? info.config_error : "");
    out.set("down", info.down).set("interval_s", info.interval_s);
    return out;
}

Value render_turn(const ports::TurnReport* turn, bool staff) {
    if (turn == nullptr)
        return Value();
    Value out = Value::object();
    out.set("cluster", turn->cluster);
    put_instant(out, "at", turn->at);
    put_instant(out, "figures_at", turn->decision.now);
    out.set("trigger", turn->trigger).set("dry_run", turn->dry_run);
    out.set("duration_ms", turn->duration_ms).set("accounts", turn->decision.accounts.size());
    out.set("error", staff ? turn->error : "");
    return out;
}

Value render_problems(const ports::TurnReport& turn) {
    Value out = Value::array();
    for (const auto& problem : turn.problems)
        out.append(render(problem));
    for (const auto& text : turn.decision.problems)
        out.append(render(model::Problem{"", text, ""}));
    return out;
}

std::vector<std::string> asked(const Request& request) {
    const auto found = request.query.find("account");
    return found == request.query.end() ? std::vector<std::string>() : split(found->second, ',');
}

// Why an account that Slurm has is not listed, and what bounds it instead.
std::string not_judged(const ports::TurnReport& turn, const std::string& account) {
    std::set<std::string> seen;
    for (auto at = turn.parents.find(account);
         at != turn.parents.end() && seen.insert(at->first).second;
         at = turn.parents.find(at->second))
        if (turn.decision.find(at->second) != nullptr)
            return "account '" + account + "' has no allocation of its own; it is bounded by '" +
                   at->second + "'";
    return "account '" + account + "' has no policy with an allocation, nor has one above it";
}

Response no_account(const Call& call, const ports::TurnReport* turn, const Visible& visible,
                    const std::string& account) {
    if (turn != nullptr && visible.sees(account) && turn->parents.contains(account))
        return failure(404, not_judged(*turn, account));
    std::vector<std::string> known;
    if (turn != nullptr)
        for (const auto& each : turn->decision.accounts)
            if (visible.sees(each.account))
                known.push_back(each.account);
    std::string text = "account '" + account + "' ";
    text += call.request.viewer.staff ? "is not known in Slurm"
                                      : "does not exist, or you do not belong to it";
    const std::string near = nearest(account, known);
    if (!near.empty())
        text += "; did you mean '" + near + "'?";
    return failure(404, text);
}

bool named(const std::vector<std::string>& accounts, const std::string& account) {
    return accounts.empty() ||
           std::find(accounts.begin(), accounts.end(), account) != accounts.end();
}

// The first of these accounts that the viewer cannot see or that no policy judges.
std::optional<Response> unknown(const Call& call, const ports::TurnReport* turn,
                                const Visible& visible, const std::vector<std::string>& accounts) {
    for (const auto& account : accounts)
        if (!visible.sees(account) || turn == nullptr || turn->decision.find(account) == nullptr)
            return no_account(call, turn, visible, account);
    return std::nullopt;
}

Value accounts_array(const ports::TurnReport* turn, const Visible& visible,
                     const std::vector<std::string>& wanted) {
    Value out = Value::array();
    if (turn == nullptr)
        return out;
    for (const auto& account : turn->decision.accounts)
        if (visible.sees(account.account) && named(wanted, account.account))
            out.append(render(account));
    return out;
}

Result<std::size_t> limit(const Request& request) {
    const auto found = request.query.find("limit");
    if (found == request.query.end())
        return kDefaultLimit;
    const std::string& text = found->second;
    std::size_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || out == 0 || out > kMostLimit)
        return Error{Errc::malformed, "limit is a number from 1 to " + std::to_string(kMostLimit)};
    return out;
}

// What a viewer may ask of the journal. Staff may name an account that no policy judges any more.
Result<ports::Query> journal_query(const Call& call, const ports::TurnReport* turn) {
    const auto most = limit(call.request);
    if (!most)
        return most.error();
    const Visible visible(turn, call.request.viewer);
    ports::Query out{call.service.info().cluster, asked(call.request), *most};
    for (const auto& account : out.accounts)
        if (!visible.sees(account))
            return Error{Errc::not_found,
                         "account '" + account + "' is unknown, or you do not " + "belong to it"};
    if (out.accounts.empty() && !visible.all())
        out.accounts.assign(visible.own().begin(), visible.own().end());
    return out;
}

template <class Ask>
Response journal_view(const Call& call, std::string_view key, Ask ask) {
    const TurnPtr turn = call.service.last_turn();
    const auto query = journal_query(call, turn.get());
    if (!query)
        return failure(query.error());
    Value list = Value::array();
    // An empty list would mean all accounts.
    if (call.request.viewer.staff || !query->accounts.empty()) {
        const auto records = ask(*query);
        if (!records)
            return failure(records.error());
        for (const auto& record : *records)
            list.append(render(record));
    }
    Value out = envelope(call);
    out.set(key, std::move(list));
    return ok(out);
}

Result<ports::EvaluateRequest> evaluate_request(const Request& request) {
    ports::EvaluateRequest out;
    out.by = "uid " + std::to_string(request.viewer.uid);
    if (trim(request.body).empty())
        return out;
    const auto body = json::parse(request.body);
    if (!body)
        return body.error();
    const json::View root = body->view();
    if (!root.is_object())
        return Error{Errc::malformed, "the body is an object: {\"dry_run\": true}"};
    for (const auto& key : root.keys())
        if (key != "dry_run" && key != "accounts")
            return Error{Errc::malformed, "unknown key '" + key + "'; known: dry_run, accounts"};
    if (root["dry_run"].exists() && !root["dry_run"].is_bool())
        return Error{Errc::malformed, "dry_run is true or false"};
    out.dry_run = root["dry_run"].boolean();
    out.accounts = root["accounts"].texts();
    if (root["accounts"].exists() &&
        (!root["accounts"].is_array() || out.accounts.size() != root["accounts"].size()))
        return Error{Errc::malformed, "accounts is a list of names"};
    return out;
}

Value planned(const std::vector<model::Command>& commands, const std::vector<std::string>& wanted) {
    Value out = Value::array();
    for (const auto& command : commands)
        if (named(wanted, command.account))
            out.append(render(command));
    return out;
}

Value evaluation(const Call& call, const ports::TurnReport& turn,
                 const std::vector<std::string>& wanted) {
    Value out = envelope(call);
    out.set("turn", render_turn(&turn, true));
    out.set("accounts", accounts_array(&turn, Visible(&turn, call.request.viewer), wanted));
    if (turn.dry_run) {
        out.set("commands", planned(turn.plan.commands, wanted));
    } else {
        Value applied = Value::array();
        for (const auto& record : turn.applied)
            if (named(wanted, record.command.account))
                applied.append(render(record));
        out.set("commands", std::move(applied));
    }
    out.set("withheld", planned(turn.plan.withheld, wanted));
    out.set("problems", render_problems(turn));
    return out;
}

Result<std::set<std::string>> balance_accounts(const Call& call, const ports::TurnReport& turn) {
    const auto user = call.request.query.find("user");
    if (user == call.request.query.end())
        return accounts_of(turn, call.request.viewer.uid);
    const auto found = std::find_if(turn.users.begin(), turn.users.end(),
                                    [&](const auto& u) { return u.name == user->second; });
    const bool self = found != turn.users.end() && found->uid == call.request.viewer.uid;
    if (!call.request.viewer.staff && !self)
        return Error{Errc::refused, "Only root and SlurmUser may see the balance of other users."};
    if (found == turn.users.end())
        return Error{Errc::not_found, "user '" + user->second + "' has no association in Slurm"};
    return accounts_of(turn, user->second);
}

} // namespace

Response view_health(const Call&) {
    Value out = Value::object();
    out.set("status", "ok");
    return ok(out);
}

Response view_info(const Call& call) {
    Value out = envelope(call);
    out.set("info", render_info(call.service.info(), call.request.viewer.staff));
    return ok(out);
}

Response view_status(const Call& call) {
    const bool staff = call.request.viewer.staff;
    const TurnPtr turn = call.service.last_turn();
    const auto info = call.service.info();
    const auto gate = call.service.gate();
    const Visible visible(turn.get(), call.request.viewer);
    const auto wanted = asked(call.request);
    if (turn != nullptr)
        if (auto bad = unknown(call, turn.get(), visible, wanted))
            return std::move(*bad);
    Value out = envelope(call, info, warnings(info, turn.get(), gate, staff));
    out.set("daemon", render_info(info, staff)).set("turn", render_turn(turn.get(), staff));
    Value summary = Value::object();
    summary.set("plugins", gate.plugins.size()).set("sequence", gate.sequence);
    out.set("gate", std::move(summary));
    out.set("accounts", accounts_array(turn.get(), visible, wanted));
    out.set("problems", staff && turn != nullptr ? render_problems(*turn) : Value::array());
    return ok(out);
}

Response view_accounts(const Call& call) {
    const TurnPtr turn = call.service.last_turn();
    const Visible visible(turn.get(), call.request.viewer);
    Value out = envelope(call);
    out.set("accounts", accounts_array(turn.get(), visible, {}));
    return ok(out);
}

Response view_account(const Call& call) {
    const TurnPtr turn = call.service.last_turn();
    if (turn == nullptr)
        return failure(503, "no turn has been done yet; try again in a moment");
    const Visible visible(turn.get(), call.request.viewer);
    if (auto bad = unknown(call, turn.get(), visible, {call.name}))
        return std::move(*bad);
    const auto lines = call.service.explain(call.name);
    if (!lines)
        return failure(lines.error());
    Value out = envelope(call);
    out.set("account", render(*turn->decision.find(call.name))).set("explain", *lines);
    return ok(out);
}

Response view_balances(const Call& call) {
    const TurnPtr turn = call.service.last_turn();
    if (turn == nullptr)
        return failure(503, "no turn has been done yet; try again in a moment");
    const auto own = balance_accounts(call, *turn);
    if (!own)
        return failure(own.error());
    const auto wanted = asked(call.request);
    Visible visible(turn.get(), {call.request.viewer.uid, false});
    for (const auto& account : wanted)
        if (!own->contains(account) || turn->decision.find(account) == nullptr)
            return no_account(call, turn.get(), visible, account);
    Value list = Value::array();
    for (const auto& account : turn->decision.accounts)
        if (own->contains(account.account) && named(wanted, account.account))
            append_balances(list, account);
    Value out = envelope(call);
    put_instant(out, "figures_at", turn->decision.now);
    out.set("balances", std::move(list));
    return ok(out);
}

Response view_evaluate(const Call& call) {
    const auto request = evaluate_request(call.request);
    if (!request)
        return failure(request.error());
    const auto turn = call.service.evaluate(*request);
    if (!turn) {
        // The service knows what is unknown (the settings may be newer than the last turn); the
        // suggestion comes from here.
        const TurnPtr last = call.service.last_turn();
        const Visible visible(last.get(), call.request.viewer);
        if (turn.error().code == Errc::not_found)
            if (auto bad = unknown(call, last.get(), visible, request->accounts))
                return std::move(*bad);
        return failure(turn.error());
    }
    return ok(evaluation(call, **turn, request->accounts));
}

Response view_evaluations(const Call& call) {
    return journal_view(call, "evaluations",
                        [&](const ports::Query& q) { return call.service.evaluations(q); });
}

Response view_commands(const Call& call) {
    return journal_view(call, "commands",
                        [&](const ports::Query& q) { return call.service.commands(q); });
}

Response view_gate(const Call& call) {
    Value out = envelope(call);
    out.set("gate", render(call.service.gate()));
    return ok(out);
}

} // namespace sluice::http
