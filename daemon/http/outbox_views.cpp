// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/outbox_views.hpp"

#include "daemon/http/view_parts.hpp"

#include <charconv>

namespace sluice::http {
namespace {

constexpr std::size_t kShownBody = 2000;

json::Value render_message(const ports::OutboxEntry& entry) {
    auto out = json::Value::object();
    out.set("id", entry.id)
        .set("target", entry.message.target)
        .set("kind", entry.message.kind)
        .set("key", entry.message.key)
        .set("state", name(entry.state))
        .set("created_epoch", epoch(entry.created))
        .set("attempts", entry.attempts)
        .set("next_try_epoch", entry.state == ports::MessageState::waiting
                                   ? json::Value(epoch(entry.not_before))
                                   : json::Value())
        .set("error", entry.error)
        .set("correlation_id", entry.message.correlation)
        .set("body", entry.message.body.substr(0, kShownBody));
    return out;
}

json::Value render_count(const ports::OutboxCount& count) {
    auto out = json::Value::object();
    out.set("target", count.target)
        .set("waiting", count.waiting)
        .set("parked", count.parked)
        .set("oldest_epoch", count.oldest ? json::Value(epoch(*count.oldest)) : json::Value());
    return out;
}

std::optional<std::int64_t> id_of(const Call& call) {
    std::int64_t id = 0;
    const char* end = call.name.data() + call.name.size();
    const auto [at, fault] = std::from_chars(call.name.data(), end, id);
    return fault == std::errc{} && at == end ? std::optional(id) : std::nullopt;
}

std::optional<ports::MessageState> state_of(const std::string& word) {
    using enum ports::MessageState;
    for (const auto state : {waiting, parked, done, dropped})
        if (name(state) == word)
            return state;
    return std::nullopt;
}

template <class Act>
Response act(const Call& call, Act&& act) {
    const auto id = id_of(call);
    if (!id)
        return failure(404, "No message " + call.name);
    const auto done = act(*id);
    if (!done)
        return failure(done.error());
    json::Value out = envelope(call);
    out.set("id", *id);
    return ok(out);
}

} // namespace

Response view_outbox(const Call& call) {
    const auto most = limit(call.request);
    if (!most)
        return failure(most.error());
    ports::OutboxQuery query;
    query.limit = *most;
    if (const auto target = call.request.query.find("target"); target != call.request.query.end())
        query.target = target->second;
    if (const auto word = call.request.query.find("state"); word != call.request.query.end()) {
        query.state = state_of(word->second);
        if (!query.state)
            return failure(400, "state is waiting, parked, done or dropped");
    }
    const auto entries = call.service.outbox().list(query);
    const auto counts = call.service.outbox().counts();
    if (!entries || !counts)
        return failure(entries ? counts.error() : entries.error());
    auto messages = json::Value::array();
    for (const auto& entry : *entries)
        messages.append(render_message(entry));
    auto targets = json::Value::array();
    for (const auto& count : *counts)
        targets.append(render_count(count));
    json::Value out = envelope(call);
    out.set("messages", std::move(messages)).set("targets", std::move(targets));
    return ok(out);
}

Response view_retry_message(const Call& call) {
    return act(call, [&](std::int64_t id) { return call.service.outbox().retry(id); });
}

Response view_drop_message(const Call& call) {
    return act(call, [&](std::int64_t id) {
        return call.service.outbox().drop(id, "by uid " + std::to_string(call.request.viewer.uid));
    });
}

} // namespace sluice::http
