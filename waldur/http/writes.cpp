// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/writes.hpp"

#include "daemon/http/views/rules.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http::waldur {
namespace {

using json::Value;
using json::View;

// Fields of Waldur that sluiced.yaml reads under the same name, and keys of Sluice's own. Django
// REST ignores what else is sent: a client sends back what it has read.
constexpr const char* kTaken[] = {"actions",
                                  "carryover_enabled",
                                  "carryover_factor",
                                  "grace_ratio",
                                  "limit_type",
                                  "period",
                                  "qos_strategy",
                                  "raw_usage_reset",
                                  "tres_billing_enabled",
                                  "tres_billing_weights",
                                  "accounts",
                                  "mode",
                                  "notify_at",
                                  "qos_downscaled",
                                  "qos_paused"};

// Of a limit only what a client means: the answers have more keys.
Value limits(View given) {
    Value out = Value::array();
    for (const auto& item : given.items()) {
        Value one = Value::object();
        for (const char* key : {"type", "limit"})
            if (item[key].exists())
                one.set(key, item[key].copy());
        out.append(std::move(one));
    }
    return out;
}

// The map of the file, from the fields of the body.
Value policy_keys(View body) {
    Value out = Value::object();
    for (const char* key : kTaken)
        if (body[key].exists())
            out.set(key, body[key].copy());
    const View given = body["component_limits_set"];
    if (given.is_array())
        out.set("component_limits_set", limits(given));
    else if (given.exists())
        out.set("component_limits_set", given.copy());
    return out;
}

std::optional<Response> refusal_of(View body) {
    const View groups = body["organization_groups"];
    if (groups.exists() && !(groups.is_array() && groups.items().empty()))
        return field_failure("organization_groups",
                             "Organization groups are known to Waldur only. Leave them out, and "
                             "name accounts by the key accounts.");
    return std::nullopt;
}

// For a policy without a name: Waldur's have none.
std::string free_name(const Context& context) {
    for (int i = 1;; ++i)
        if (auto name = "waldur-" + std::to_string(i); policy_named(context, name) == nullptr)
            return name;
}

} // namespace

const model::Policy* policy_named(const Context& context, const std::string& name) {
    const auto& all = context.set->policies;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

Response Writer::create(const Call& call) const {
    const Context context(call, known());
    const auto body = body_of(call);
    if (body.refusal)
        return *body.refusal;
    if (auto refusal = refusal_of(body.object.view()))
        return std::move(*refusal);
    std::string name = body.object.view()["name"].text();
    if (name.empty())
        name = free_name(context);
    ports::RuleChange change;
    change.text = policy_keys(body.object.view()).compact();
    return write(call, name, std::move(change));
}

Response Writer::replace(const Call& call) const {
    return write_existing(call, false);
}

Response Writer::merge(const Call& call) const {
    return write_existing(call, true);
}

Response Writer::write_existing(const Call& call, bool merge) const {
    const Context context(call, known());
    const auto* policy = context.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const auto body = body_of(call);
    if (body.refusal)
        return *body.refusal;
    if (auto refusal = refusal_of(body.object.view()))
        return std::move(*refusal);
    ports::RuleChange change;
    change.text = policy_keys(body.object.view()).compact();
    change.merge = merge;
    return write(call, policy->name, std::move(change));
}

Response Writer::remove(const Call& call) const {
    const Context context(call, known());
    const auto* policy = context.policy(call.name);
    return policy == nullptr ? not_found() : write(call, policy->name, {});
}

Response Writer::write(const Call& call, const std::string& name, ports::RuleChange change) const {
    const bool removes = !change.text;
    const auto present = rule_of(call, model::RuleKind::policy, name);
    change.name = name;
    change.version = present ? present->entry.version : 0;
    change.confirm = call.request.argument("confirm") == "1";
    std::string reason = call.request.argument("reason");
    if (reason.empty())
        reason = removes ? "removed by Waldur's API" : "set by Waldur's API";
    const ports::Person by{who(call), reason, asks_dry_run(call.request)};
    const auto done = call.actions.change_rule(change, by);
    if (!done)
        return failure(done.error());
    if (by.dry_run)
        return booked(call, done, by, {});
    if (removes)
        return {204, "", {}};
    const Context after(call, known());
    Response out = show(after, name);
    if (call.request.method == "POST" && out.status == 200)
        out.status = 201;
    return out;
}

} // namespace sluice::http::waldur
