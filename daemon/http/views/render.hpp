// SPDX-License-Identifier: GPL-2.0-or-later
// Values of the core as JSON, in the words of policy.md, and Waldur's where it has one. Decides
// nothing. docs/http-api.md describes every key.
#pragma once

#include "common/base/zone.hpp"
#include "common/json/json.hpp"
#include "daemon/ports/services.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice::http {

// In the unit of the component, to the sixth digit; null where that does not fit.
json::Value units(Amount amount, const model::Component& component);

// key: "2026-11-23T00:47:42Z", key_epoch: 1795394862; both null without an instant.
void put_instant(json::Value& object, std::string_view key, std::optional<Instant> at);

// A key and its value, for put() and object(), within one expression. An Instant sets two keys, as
// put_instant() does.
template <class T>
struct Field {
    std::string_view key;
    T&& value;
};
template <class T>
Field<T> kv(std::string_view key, T&& value) {
    return {key, std::forward<T>(value)};
}
template <class... T>
void put(json::Value& out, Field<T>&&... fields) {
    const auto put_one = [&out]<class V>(Field<V>& field) {
        if constexpr (std::is_convertible_v<V, std::optional<Instant>>)
            put_instant(out, field.key, field.value);
        else
            out.set(field.key, std::forward<V>(field.value));
    };
    (put_one(fields), ...);
}
// A new object with these keys: at least one.
template <class... T>
json::Value object(Field<T>&&... fields) {
    json::Value out = json::Value::object();
    put(out, std::move(fields)...);
    return out;
}
// What `make` makes of each item.
template <class Items, class Make>
json::Value array_of(const Items& items, const Make& make) {
    json::Value out = json::Value::array();
    for (const auto& item : items)
        out.append(make(item));
    return out;
}

// What an account's texts need: its whole decision, and the zone that people read.
struct Shown {
    const model::Decision& decision;
    const Zone& zone;
};

json::Value render(const model::AccountDecision& account, const Shown& shown);
json::Value render(const model::Problem& problem);
// As planned: id, times and success are null.
json::Value render(const model::Command& command);
json::Value render(const ports::NoticeReport& notice);
json::Value render(const ports::CommandRecord& record);
json::Value render(const ports::EvaluationRecord& record);
json::Value render(const ports::PluginServerStatus& plugin_server);
// Users read a reason only where the entry says so.
json::Value render(const ports::OverrideRecord& record, Instant now, bool staff);
json::Value render(const ports::AdjustmentRecord& record);
json::Value render(const model::PeriodReset& entry);
json::Value render(const model::ClockResult& clock);
json::Value render(const model::ClockAccept& entry);
// For `sluice doctor`.
json::Value render(const ports::ControllerSettings& controller);
json::Value render(const ports::OutboxEntry& entry);
json::Value render(const ports::OutboxCount& count);
// What `sluice usage` shows of a component, with the parts of the usage.
json::Value render_usage(const model::AccountDecision& account, const model::Figure& figure);
// What `sluice balance` shows: one element per component.
// `is_default`: of the user whose balance it is.
void append_balances(json::Value& array, const model::AccountDecision& account, const Shown& shown,
                     bool is_default);

template <class Items>
json::Value rendered(const Items& items) {
    return array_of(items, [](const auto& item) { return render(item); });
}

} // namespace sluice::http
