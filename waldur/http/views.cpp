// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/views.hpp"

#include "waldur/http/world.hpp"

namespace sluice::http {
namespace {

using json::Value;
using json::View;

constexpr std::size_t kPageSize = 10; // Django REST's of Waldur

// The UUID of {"resource_uuid": ...}: "" for none. Other keys are let be, as Django REST does.
struct AskedResource {
    std::string uuid;
    std::optional<Response> refusal;
};

AskedResource resource_of(const Call& call) {
    auto body = body_of(call);
    if (body.refusal)
        return {"", std::move(body.refusal)};
    const View given = body.object["resource_uuid"];
    if (!given.exists() || given.is_null())
        return {};
    std::string uuid = waldur::bare(given.text());
    if (uuid.empty())
        return {"", field_failure("resource_uuid", "Must be a valid UUID.")};
    return {std::move(uuid), std::nullopt};
}

Value rendered(const World& world, const model::Policy& policy, const std::string& origin) {
    return waldur::policy({policy, *world.set, world.info, world.cycle.get(), world.names, origin});
}

using Render = Value (*)(const waldur::Names& names, const model::Policy& policy,
                         const model::AccountDecision& account);

// {"policy_uuid", "billing_period", "resources": [...]}
Value outcome(const World& world, const model::Policy& policy, const ports::CycleReport& cycle,
              const std::vector<std::string>& accounts, Render render) {
    Value resources = Value::array();
    std::string period;
    for (const auto& account : cycle.decision.accounts)
        if (waldur::judges(account, policy)) {
            if (period.empty())
                period = account.period.label;
            if (named(accounts, account.account) && !accounts.empty())
                resources.append(render(world.names, policy, account));
        }
    Value out = Value::object();
    out.set("policy_uuid", world.names.policy(policy.name));
    out.set("billing_period", period);
    return std::move(out.set("resources", std::move(resources)));
}

Response evaluated(const Call& call, bool dry_run) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const auto resource = resource_of(call);
    if (resource.refusal)
        return *resource.refusal;
    const auto accounts = world.accounts(*policy, resource.uuid);
    const auto cycle = call.service.evaluate({dry_run, accounts, call.request.viewer.name});
    if (!cycle)
        return failure(cycle.error());
    if (!(*cycle)->error.empty())
        return failure(503, "the evaluation failed: " + (*cycle)->error);
    Value out =
        outcome(world, *policy, **cycle, accounts, dry_run ? &waldur::dry : &waldur::evaluated);
    if (dry_run)
        out.set("grace_limit_percentage",
                Value::decimal((Decimal::kScale + policy->grace_ratio.scaled()) / 10, 6));
    return ok(out);
}

} // namespace

Response waldur_list(const Call& call) {
    const World world(call);
    const auto elsewhere = [&](std::string scope) {
        if (scope.ends_with('/'))
            scope.pop_back();
        return !scope.empty() &&
               !world.names.is_offering(waldur::bare(scope.substr(scope.rfind('/') + 1)));
    };
    const bool other = elsewhere(query(call, "scope_uuid")) || elsewhere(query(call, "scope"));
    std::vector<Value> all;
    for (const auto& policy : world.set->policies)
        if (!other && world.shows(policy))
            all.push_back(rendered(world, policy, call.request.origin));
    return paged(call, std::move(all), kPageSize);
}

Response waldur_policy(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    return policy == nullptr ? not_found()
                             : ok(cut(rendered(world, *policy, call.request.origin), call));
}

Response waldur_actions(const Call&) {
    const Value all = waldur::all_actions();
    Response out = ok(all);
    out.headers.emplace_back("X-Result-Count", std::to_string(all.view().size()));
    return out;
}

Response waldur_no_write(const Call& call) {
    Response out = failure(405, "Method \"" + call.request.method +
                                    "\" not allowed. Policies live in sluiced.yaml on the host of "
                                    "sluiced, or in Waldur where that is the source.");
    out.allow = "GET, HEAD";
    return out;
}

Response waldur_dry_run(const Call& call) {
    return evaluated(call, true);
}

Response waldur_evaluate(const Call& call) {
    return evaluated(call, false);
}

// Waldur's rule: only flagged resources with usage below 100 %.
Response waldur_reset(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const auto resource = resource_of(call);
    if (resource.refusal)
        return *resource.refusal;
    std::vector<std::string> accounts;
    for (const auto& name : world.accounts(*policy, resource.uuid)) {
        const auto* account = world.cycle->decision.find(name);
        if ((account->own.paused || account->own.downscaled) &&
            account->percent.value_or(10'000) < 10'000)
            accounts.push_back(name);
    }
    if (accounts.empty())
        return ok(world.cycle == nullptr
                      ? outcome(world, *policy, ports::CycleReport{}, {}, &waldur::evaluated)
                      : outcome(world, *policy, *world.cycle, {}, &waldur::evaluated));
    const auto& viewer = call.request.viewer;
    const ports::Person by{viewer.name.empty() ? "uid " + std::to_string(viewer.uid) : viewer.name,
                           "force-period-reset over HTTP", false};
    const auto done = call.service.ledger().reopen(accounts, by);
    if (!done)
        return failure(done.error());
    if (!done->cycle)
        return failure(503, "evaluation still running; ask again later");
    return ok(outcome(world, *policy, *done->cycle, accounts, &waldur::evaluated));
}

} // namespace sluice::http
