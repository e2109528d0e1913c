// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/common.hpp"

#include "common/base/entered_time.hpp"
#include "common/base/text.hpp"
#include "daemon/http/views/render.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kDefaultLimit = 100;

std::string hundredths(Amount amount, const model::Component& component) {
    const auto millionths = model::unit_millionths(amount, component);
    return millionths ? fixed_point(*millionths / 10'000, 2) : "?";
}

// "; 3 accounts next below it have 420.00 of 1500.00 node_hours used", or "".
std::string sums_below(const ports::CycleReport& cycle, const std::string& account) {
    struct Sum {
        const model::Component* component;
        Amount allocation;
        Amount used;
    };
    std::map<std::string, Sum> sums;
    std::set<std::string> periods;
    std::size_t count = 0;
    std::set<std::string_view> evaluated;
    for (const auto& each : cycle.decision.accounts)
        evaluated.insert(each.account);
    for (const auto& each : cycle.decision.accounts) {
        std::set<std::string> seen;
        auto at = cycle.parents.find(each.account);
        while (at != cycle.parents.end() && at->second != account &&
               !evaluated.contains(at->second) && seen.insert(at->first).second)
            at = cycle.parents.find(at->second);
        if (at == cycle.parents.end() || at->second != account)
            continue;
        ++count;
        periods.insert(each.period.label);
        for (const auto& figure : each.figures) {
            auto& sum =
                sums.try_emplace(figure.component.name, Sum{&figure.component, 0, 0}).first->second;
            sum.allocation = narrow(Wide{sum.allocation} + figure.effective).value_or(INT64_MAX);
            sum.used = narrow(Wide{sum.used} + figure.used()).value_or(INT64_MAX);
        }
    }
    if (count == 0)
        return "";
    std::string out = "; " + std::to_string(count) +
                      (count == 1 ? " account next below it has" : " accounts next below it have");
    if (periods.size() > 1)
        return out + " allocations in different periods";
    const char* before = " ";
    for (const auto& [name, sum] : sums) {
        out += before + hundredths(sum.used, *sum.component) + " of " +
               hundredths(sum.allocation, *sum.component) + ' ' + name + " used";
        before = ", ";
    }
    return out;
}

// Why an account of Slurm is not listed, and which account bounds it.
std::string why_not_listed(const ports::CycleReport& cycle, const std::string& account) {
    std::set<std::string> seen;
    for (auto at = cycle.parents.find(account);
         at != cycle.parents.end() && seen.insert(at->first).second;
         at = cycle.parents.find(at->second))
        if (cycle.decision.find(at->second) != nullptr)
            return "account '" + account + "' has no allocation of its own; it is bounded by '" +
                   at->second + "'";
    return "account '" + account +
           "' has no policy with an allocation, nor has an account above it" +
           sums_below(cycle, account);
}

// Those of the wanted accounts. Commands and their records.
template <class Items, class Account>
Value of_accounts(const Items& items, const std::vector<std::string>& wanted,
                  const Account& account) {
    Value out = Value::array();
    for (const auto& item : items)
        if (named(wanted, account(item)))
            out.append(render(item));
    return out;
}

} // namespace

std::string who(const Call& call) {
    const auto& viewer = call.request.viewer;
    if (!viewer.name.empty())
        return viewer.name;
    if (viewer.uid == 0)
        return "root";
    if (const auto cycle = call.status.last_cycle())
        for (const auto& user : cycle->users)
            if (user.uid == viewer.uid)
                return user.name;
    return viewer.label();
}

bool asks_dry_run(const Request& request) {
    const auto word = request.argument("dry_run");
    return word == "true" || word == "1";
}

ports::Person person(const Call& call, Form& form) {
    ports::Person out{who(call), form.text("reason"), form.flag("dry_run")};
    if (out.reason.empty())
        out.reason = call.request.argument("reason");
    out.dry_run = out.dry_run || asks_dry_run(call.request);
    return out;
}

Response booked(const Call& call, const Result<ports::Booked>& done, const ports::Person& by,
                const std::vector<std::string>& accounts) {
    if (!done)
        return failure(done.error());
    Value out = done->cycle ? evaluation(call, *done->cycle, accounts) : envelope(call);
    if (!done->cycle)
        out.set("cycle", Value());
    out.set("id", done->id != 0 ? Value(done->id) : Value()).set("dry_run", by.dry_run);
    if (done->pair != 0)
        out.set("pair", done->pair);
    return ok(out, by.dry_run || call.request.method == "DELETE" ? 200 : 201);
}

Form::Form(const Request& request, std::initializer_list<std::string_view> known) {
    if (trim(request.body).empty())
        return;
    json::Bounds bounds;
    bounds.bytes = std::max(bounds.bytes, request.body.size()); // the server bounds bodies
    auto body = json::parse(request.body, bounds);
    if (!body)
        fault_ = body.error();
    else if (!body->view().is_object())
        fail("the body must be a JSON object");
    else
        body_ = std::move(*body);
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& key : body_.view().keys())
        if (std::find(names.begin(), names.end(), key) == names.end())
            fail("unknown key '" + key + "'; known: " + join(names, ", "));
}

void Form::fail(std::string what) {
    if (!fault_)
        fault_ = Error{Errc::malformed, std::move(what)};
}

std::string Form::text(const std::string& key) {
    const auto value = body_[key];
    if (value.exists() && !value.is_null() && !value.is_string())
        fail(key + " must be a text");
    return value.text();
}

bool Form::flag(const std::string& key) {
    const auto value = body_[key];
    if (value.exists() && !value.is_bool())
        fail(key + " must be true or false");
    return value.boolean();
}

std::string Form::account() {
    return lower(text("account"));
}

std::vector<std::string> Form::accounts() {
    const auto value = body_["accounts"];
    auto out = value.texts();
    if (value.exists() && (!value.is_array() || out.size() != value.size()))
        fail("accounts must be a list of names");
    for (auto& name : out)
        name = lower(name);
    return out;
}

Value envelope(const Call& call, const ports::DaemonInfo& info,
               const std::vector<Warning>& warnings) {
    const auto& viewer = call.request.viewer;
    return object(
        kv("meta",
           object(kv("program", "sluiced"), kv("version", info.version), kv("api", "v1"),
                  kv("cluster", info.cluster), kv("timezone", info.zone.name()),
                  kv("viewer",
                     object(kv("uid", viewer.uid), kv("name", viewer.name),
                            kv("staff", viewer.staff), kv("sees_all", viewer.sees_all()),
                            kv("login", name(viewer.login)), kv("user", viewer.user),
                            kv("until", viewer.until), kv("coordinates", viewer.coordinates))))),
        kv("errors", Value::array()),
        kv("warnings", array_of(warnings, [](const auto& each) {
               return object(kv("description", each.description), kv("source", each.source));
           })));
}

Value envelope(const Call& call) {
    return envelope(call, call.status.info(), {});
}

Value render_problems(const ports::CycleReport& cycle) {
    Value out = Value::array();
    for (const auto& problem : cycle.problems)
        out.append(render(problem));
    for (const auto& text : cycle.decision.problems)
        out.append(render(model::Problem{"", text, ""}));
    return out;
}

Value render_cycle(const ports::CycleReport* cycle, bool staff) {
    if (cycle == nullptr)
        return Value();
    return object(kv("cluster", cycle->cluster), kv("at", cycle->at),
                  kv("figures_at", cycle->decision.now), kv("trigger", cycle->trigger),
                  kv("dry_run", cycle->dry_run), kv("duration_ms", cycle->duration_ms),
                  kv("accounts", cycle->decision.accounts.size()),
                  kv("error", staff ? cycle->error : ""));
}

Response no_cycle_yet() {
    return failure(503, "no evaluation has completed yet; try again in a moment");
}

bool lacks_a_plugin(const ports::CycleReport* cycle, const ports::PluginServerStatus& server) {
    return cycle != nullptr && server.plugins.empty() &&
           std::any_of(cycle->decision.accounts.begin(), cycle->decision.accounts.end(),
                       [](const auto& account) { return account.mode == model::Mode::enforce; });
}

std::vector<Warning> warnings(const ports::DaemonInfo& info, const ports::CycleReport* cycle,
                              const ports::PluginServerStatus& server, bool staff) {
    std::vector<Warning> out;
    if (cycle == nullptr)
        out.push_back({"cycle", "no evaluation has completed yet"});
    else if (!cycle->error.empty())
        out.push_back({"cycle", staff ? "the last evaluation failed: " + cycle->error +
                                            "; the figures are those of the last good one"
                                      : "the figures may be old"});
    if (cycle != nullptr && !cycle->clock.trusted())
        out.push_back({"clock", model::clock_text(cycle->clock) +
                                    ": no period begins and no pause is lifted"});
    if (!info.config_error.empty() && staff)
        out.push_back({"config", "the new settings were refused and the old ones stay: " +
                                     info.config_error});
    for (const auto& source : info.down)
        out.push_back({"source", source + " does not answer"});
    if (!staff)
        return out;
    if (lacks_a_plugin(cycle, server))
        out.push_back({"plugin_server",
                       "no plugin is connected: slurmctld uses the last snapshot, or admits all "
                       "jobs if the plugin is not loaded"});
    for (const auto& plugin : server.plugins)
        if (plugin.fails_to_store(info.now))
            out.push_back({"plugin_server",
                           "plugin on " + plugin.host +
                               ": the snapshot in use is not stored; after a restart slurmctld "
                               "uses an older one; see slurmctld's log on that host"});
    return out;
}

std::vector<std::string> asked(const Request& request) {
    return split(lower(request.argument("account")), ',');
}

Response no_account(const Call& call, const ports::CycleReport* cycle, const Visible& visible,
                    const std::string& account) {
    if (cycle != nullptr && visible.sees(account) && cycle->parents.contains(account))
        return failure(404, why_not_listed(*cycle, account));
    std::vector<std::string> known;
    if (cycle != nullptr)
        for (const auto& each : cycle->decision.accounts)
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

std::optional<Response> unknown(const Call& call, const ports::CycleReport* cycle,
                                const Visible& visible, const std::vector<std::string>& accounts) {
    for (const auto& account : accounts)
        if (!visible.sees(account) || cycle == nullptr || cycle->decision.find(account) == nullptr)
            return no_account(call, cycle, visible, account);
    return std::nullopt;
}

Result<std::size_t> limit(const Request& request) {
    const auto found = request.query.find("limit");
    if (found == request.query.end())
        return kDefaultLimit;
    const auto number = whole_number<std::size_t>(found->second);
    if (!number || *number == 0 || *number > kMaxLimit)
        return Error{Errc::malformed,
                     "limit must be a number from 1 to " + std::to_string(kMaxLimit)};
    return *number;
}

Result<void> narrow_query(const Call& call, const std::vector<std::string>& words,
                          ports::Query& query) {
    const auto& request = call.request;
    const auto before = request.argument("before");
    const auto number = whole_number<std::int64_t>(before);
    if (!before.empty() && (!number || *number < 1))
        return Error{Errc::malformed, "before must be the number of a record, from 1"};
    query.before = number.value_or(0);
    const auto evaluation = request.argument("evaluation");
    const auto decided = whole_number<std::int64_t>(evaluation);
    if (!evaluation.empty() && (!decided || *decided < 1))
        return Error{Errc::malformed, "evaluation must be the number of an evaluation, from 1"};
    query.evaluation = decided.value_or(0);
    query.period = request.argument("period");
    const auto info = call.status.info();
    const auto take = [&](const char* key, std::optional<Instant>& into) -> Result<void> {
        const auto text = request.argument(key);
        if (text.empty())
            return {};
        const auto at = parse_instant(text, info.zone, info.now, Entered::past);
        if (!at)
            return Error(at.error()).in(key);
        into = *at;
        return {};
    };
    if (const auto start = take("start", query.from); !start)
        return start;
    if (const auto end = take("end", query.until); !end)
        return end;
    if (query.from && query.until && *query.until < *query.from)
        return Error{Errc::malformed, "end must not be before start"};
    const auto only = request.argument("only");
    if (only.empty())
        return {};
    if (std::find(words.begin(), words.end(), only) == words.end())
        return Error{Errc::malformed, words.empty() ? "only= is not known here"
                                                    : "only must be " + join(words, " or ") +
                                                          ", not '" + only + "'"};
    using enum ports::Only;
    query.only = only == "changed" ? changed : only == "failed" ? failed : open;
    return {};
}

Result<ports::Query> journal_query(const Call& call, const ports::CycleReport* cycle) {
    const auto most = limit(call.request);
    if (!most)
        return most.error();
    const Visible visible(cycle, call.request.viewer);
    ports::Query out{call.status.info().cluster, asked(call.request), *most};
    for (const auto& account : out.accounts)
        if (!visible.sees(account))
            return Error{Errc::not_found,
                         "account '" + account + "' does not exist, or you do not belong to it"};
    if (out.accounts.empty() && !visible.all())
        out.accounts.assign(visible.own().begin(), visible.own().end());
    return out;
}

namespace {

bool is_news(const model::AccountDecision& account) {
    return !account.error.empty() || !account.actions_taken.empty() ||
           !(account.previous_flags == account.flags);
}

} // namespace

Value evaluation(const Call& call, const ports::CycleReport& cycle,
                 const std::vector<std::string>& wanted, bool all) {
    all = all || !wanted.empty();
    std::int64_t unchanged = 0;
    const auto account = [](const auto& item) { return item.account; };
    const Visible visible(&cycle, call.request.viewer);
    const Zone zone = call.status.info().zone;
    Value accounts = Value::array();
    for (const auto& each : cycle.decision.accounts)
        if (visible.sees(each.account) && named(wanted, each.account)) {
            if (all || is_news(each))
                accounts.append(render(each, {cycle.decision, zone}));
            else
                ++unchanged;
        }
    Value commands = cycle.dry_run ? of_accounts(cycle.plan.commands, wanted, account)
                                   : of_accounts(cycle.applied, wanted, [](const auto& record) {
                                         return record.command.account;
                                     });
    Value out = envelope(call);
    const bool all_seen = call.request.viewer.sees_all(); // else a coordinator, after a transfer
    put(out, kv("cycle", render_cycle(&cycle, all_seen)), kv("accounts", std::move(accounts)),
        kv("unchanged", unchanged), kv("commands", std::move(commands)),
        kv("withheld", of_accounts(cycle.plan.withheld, wanted, account)),
        kv("notices", all_seen ? of_accounts(cycle.notices, wanted, account) : Value::array()),
        kv("problems", all_seen ? render_problems(cycle) : Value::array()));
    return out;
}

std::size_t Page::begin(std::size_t count) const {
    return number - 1 > count / std::max<std::size_t>(size, 1)
               ? count
               : std::min(count, (number - 1) * size);
}

std::size_t Page::end(std::size_t count) const {
    const std::size_t from = begin(count);
    return size > count - from ? count : from + size;
}

Result<Page> page_of(const Request& request, std::size_t size_without, std::size_t most) {
    Page out{1, size_without};
    const auto take = [&](const char* key, std::size_t& into, std::size_t largest) {
        const auto found = request.query.find(key);
        if (found == request.query.end())
            return true;
        into = whole_number<std::size_t>(found->second).value_or(0);
        return into >= 1 && into <= largest;
    };
    if (!take("page", out.number, 1'000'000))
        return Error{Errc::not_found, "Invalid page."};
    if (!take("page_size", out.size, most))
        return Error{Errc::malformed,
                     "page_size must be a number from 1 to " + std::to_string(most)};
    return out;
}

void put_paging(Response& response, const Request& request, const Page& page, std::size_t count) {
    response.headers.emplace_back("X-Result-Count", std::to_string(count));
    if (page.size >= SIZE_MAX)
        return;
    std::string rest;
    for (const auto& [key, value] : request.query)
        if (key != "page")
            rest += '&' + percent_encoded(key) + '=' + percent_encoded(value);
    std::string link;
    const auto add = [&](std::size_t number, const char* rel) {
        link += (link.empty() ? "<" : ", <") + request.origin + percent_encoded(request.path, "/") +
                "?page=" + std::to_string(number) + rest + ">; rel=\"" + rel + '"';
    };
    const std::size_t last = std::max<std::size_t>(1, (count + page.size - 1) / page.size);
    add(1, "first");
    if (page.number > 1)
        add(page.number - 1, "prev");
    if (page.number < last)
        add(page.number + 1, "next");
    add(last, "last");
    response.headers.emplace_back("Link", std::move(link));
}

} // namespace sluice::http
