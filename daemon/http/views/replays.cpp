// SPDX-License-Identifier: GPL-2.0-or-later
// Policies over the usage in slurmdbd. A request for a replay is also what keeps it going.
#include "common/base/text.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/render.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kSpansShown = 100;
constexpr std::size_t kMostSpans = 1000;
constexpr std::array kPhases{"usage", "days", "done"};

std::string day(const Zone& zone, Instant at) {
    return date_text(zone.local(at).date());
}

Value render_replay(const ports::ReplayState& state, const ports::DaemonInfo& info) {
    const Instant last = state.time.end - std::chrono::seconds{1};
    return object(
        kv("id", state.id), kv("cluster", info.cluster),
        kv("phase", kPhases.at(static_cast<std::size_t>(state.phase))), kv("done", state.done),
        kv("total", state.total), kv("first_day", day(info.zone, state.time.begin)),
        kv("last_day", day(info.zone, last)), kv("usage_from", day(info.zone, state.usage_from)),
        kv("accounts", state.accounts), kv("normal", state.normal));
}

Value render_span(const model::StandingSpan& span) {
    return object(
        kv("account", span.account), kv("policy", join(span.policies, ",")),
        kv("billing_period", span.period), kv("standing", span.standing),
        kv("begin", date_text(std::chrono::year_month_day{span.begin})),
        kv("end", span.end ? Value(date_text(std::chrono::year_month_day{*span.end})) : Value()),
        kv("days", span.days),
        kv("usage_percentage", span.percent ? Value::decimal(*span.percent, 2) : Value()));
}

// Usage that slurmdbd has deleted or not yet rolled up counts as none.
std::vector<Warning> gaps(const ports::ReplayState& state, const Zone& zone) {
    constexpr std::chrono::hours kDay{24};
    std::vector<Warning> out;
    if (!state.known)
        return out;
    const auto warn = [&](const std::string& text) { out.push_back({"usage", text}); };
    if (state.known->begin > state.usage_from + kDay)
        warn("slurmdbd has rolled-up usage since " + day(zone, state.known->begin) +
             " only; the replay counts none between " + day(zone, state.usage_from) +
             " and that day");
    if (state.known->end < state.time.end - kDay)
        warn("slurmdbd has rolled up usage until " + local_text(zone, state.known->end) +
             " only; the replay counts none after that");
    return out;
}

Response shown(const Call& call, const Result<ports::ReplayState>& state) {
    if (!state)
        return failure(state.error());
    const auto page = page_of(call.request, kSpansShown, kMostSpans);
    if (!page)
        return failure(page.error());
    const auto info = call.status.info();
    Value out = envelope(call, info, gaps(*state, info.zone));
    put(out, kv("replay", render_replay(*state, info)));
    if (!state->standings)
        return ok(out);
    const std::string wanted = call.request.argument("policy");
    std::set<std::string> policies;
    std::vector<const model::StandingSpan*> spans;
    for (const auto& span : *state->standings) {
        policies.insert(span.policies.begin(), span.policies.end());
        if (wanted.empty() ||
            std::find(span.policies.begin(), span.policies.end(), wanted) != span.policies.end())
            spans.push_back(&span);
    }
    Value list = Value::array();
    for (std::size_t i = page->begin(spans.size()); i < page->end(spans.size()); ++i)
        list.append(render_span(*spans[i]));
    put(out, kv("count", spans.size()),
        kv("policies", std::vector(policies.begin(), policies.end())),
        kv("standings", std::move(list)));
    Response response = ok(out);
    put_paging(response, call.request, *page, spans.size());
    return response;
}

} // namespace

Response view_begin_replay(const Call& call) {
    Form form(call.request, {"from", "until", "config"});
    ports::ReplayRequest request;
    request.from = form.text("from");
    request.until = form.text("until");
    if (form["config"].exists())
        request.config = form.text("config");
    request.by = who(call);
    if (form.fault())
        return failure(*form.fault());
    return shown(call, call.replays.begin(request));
}

Response view_replay(const Call& call) {
    const auto id = whole_number(call.name);
    if (!id)
        return failure(404, "replay " + call.name + " does not exist");
    return shown(call, call.replays.proceed(*id));
}

} // namespace sluice::http
