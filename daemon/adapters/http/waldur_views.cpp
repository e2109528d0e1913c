// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/waldur_views.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/json/exact.hpp"
#include "daemon/adapters/http/waldur_render.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace sluice::http {
namespace {

using json::Value;
using json::View;

constexpr std::size_t kPageSize = 10; // Django REST's of Waldur
constexpr std::size_t kMostPage = 300;
constexpr std::size_t kMostLogs = 100;

// {"resource_uuid": ["Must be a valid UUID."]}
Response field_failure(std::string_view field, std::string_view what) {
    Value texts = Value::array();
    texts.append(what);
    Value body = Value::object();
    body.set(field, std::move(texts));
    return ok(body, 400);
}

Response not_found() {
    return failure(404, "Not found.");
}

// What all of these routes look at.
struct World {
    std::shared_ptr<const model::PolicySet> set;
    ports::DaemonInfo info;
    TurnPtr turn;
    Visible visible;

    explicit World(const Call& call)
        : set(call.service.policies()), info(call.service.info()), turn(call.service.last_turn()),
          visible(turn.get(), call.request.viewer) {}

    // Policies are seen by those who see an account of theirs.
    bool shows(const model::Policy& policy) const {
        if (visible.all())
            return true;
        return turn != nullptr &&
               std::any_of(turn->decision.accounts.begin(), turn->decision.accounts.end(),
                           [&](const auto& account) {
                               return waldur::judges(account, policy) &&
                                      visible.sees(account.account);
                           });
    }
    // nullptr: none of this UUID, or not for this viewer.
    const model::Policy* policy(std::string_view uuid) const {
        const std::string wanted = waldur::bare(uuid);
        for (const auto& each : set->policies)
            if (!wanted.empty() && waldur::uuid("policy", info.cluster, each.name) == wanted &&
                shows(each))
                return &each;
        return nullptr;
    }
    Value render(const model::Policy& policy, const std::string& origin) const {
        return waldur::policy({policy, *set, info, turn.get(), origin});
    }
    // Accounts that the policy judges and the viewer sees; `uuid` of one, or "" for all.
    std::vector<std::string> accounts(const model::Policy& policy, const std::string& uuid) const {
        std::vector<std::string> out;
        if (turn != nullptr)
            for (const auto& account : turn->decision.accounts)
                if (waldur::judges(account, policy) && visible.sees(account.account) &&
                    (uuid.empty() ||
                     waldur::uuid("resource", info.cluster, account.account) == uuid))
                    out.push_back(account.account);
        return out;
    }
};

std::string query(const Call& call, const char* key) {
    const auto found = call.request.query.find(key);
    return found == call.request.query.end() ? "" : found->second;
}

// ?field=a&field=b cuts the objects, as in Waldur.
Value cut(Value value, const Call& call) {
    const auto fields = split(query(call, "field"), ',');
    if (!fields.empty())
        value.keep(fields);
    return value;
}

// A page of rendered objects, as a bare array.
Response paged(const Call& call, std::vector<Value> all, std::size_t size_without) {
    const auto page = page_of(call.request, size_without, kMostPage);
    if (!page)
        return page.error().code == Errc::not_found ? failure(404, "Invalid page.")
                                                    : failure(page.error());
    const std::size_t begin = page->begin(all.size());
    if (page->number > 1 && begin >= all.size())
        return failure(404, "Invalid page.");
    Value list = Value::array();
    for (std::size_t i = begin; i < page->end(all.size()); ++i)
        list.append(cut(std::move(all[i]), call));
    Response out = ok(list);
    put_paging(out, call.request, *page, all.size());
    return out;
}

// The UUID of {"resource_uuid": ...}: "" for none. Other keys are let be, as Django REST does.
Result<std::string> resource_of(const Call& call) {
    if (trim(call.request.body).empty())
        return std::string();
    const auto body = json::parse(call.request.body);
    if (!body)
        return body.error();
    const View given = (*body)["resource_uuid"];
    if (!given.exists() || given.is_null())
        return std::string();
    std::string uuid = waldur::bare(given.text());
    if (uuid.empty())
        return Error{Errc::conflict, "Must be a valid UUID."};
    return uuid;
}

Response refused(const Error& error) {
    return error.code == Errc::conflict ? field_failure("resource_uuid", error.context)
                                        : failure(400, "JSON parse error - " + error.context);
}

using Render = Value (*)(const std::string& cluster, const model::Policy& policy,
                         const model::AccountDecision& account);

// {"policy_uuid", "billing_period", "resources": [...]}
Value outcome(const World& world, const model::Policy& policy, const ports::TurnReport& turn,
              const std::vector<std::string>& accounts, Render render) {
    Value resources = Value::array();
    std::string period;
    for (const auto& account : turn.decision.accounts)
        if (waldur::judges(account, policy)) {
            if (period.empty())
                period = account.period.label;
            if (named(accounts, account.account) && !accounts.empty())
                resources.append(render(world.info.cluster, policy, account));
        }
    Value out = Value::object();
    out.set("policy_uuid", waldur::uuid("policy", world.info.cluster, policy.name));
    out.set("billing_period", period);
    return std::move(out.set("resources", std::move(resources)));
}

Response evaluated(const Call& call, bool dry_run) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const auto resource = resource_of(call);
    if (!resource)
        return refused(resource.error());
    const auto accounts = world.accounts(*policy, *resource);
    const auto turn = call.service.evaluate({dry_run, accounts, call.request.viewer.name});
    if (!turn)
        return failure(turn.error());
    if (!(*turn)->error.empty())
        return failure(503, "the turn failed: " + (*turn)->error);
    Value out =
        outcome(world, *policy, **turn, accounts, dry_run ? &waldur::dry : &waldur::evaluated);
    if (dry_run)
        out.set("grace_limit_percentage",
                Value::decimal((Decimal::kScale + policy->grace_ratio.scaled()) / 10, 6));
    return ok(out);
}

struct Figure {
    const char* key;
    Decimal model::PreviewInput::*member;
};
constexpr Figure kFigures[] = {
    {"allocation", &model::PreviewInput::allocation},
    {"grace_ratio", &model::PreviewInput::grace_ratio},
    {"previous_usage", &model::PreviewInput::previous_usage},
    {"carryover_factor", &model::PreviewInput::carryover_factor},
    {"current_usage", &model::PreviewInput::current_usage},
    {"daily_usage_rate", &model::PreviewInput::daily_usage_rate},
};

std::string lines(View texts) {
    std::vector<std::string> out = texts.texts();
    return join(out, "; ");
}

} // namespace

Response waldur_list(const Call& call) {
    const World world(call);
    const std::string offering = waldur::uuid("offering", world.info.cluster, "");
    std::string scope = query(call, "scope");
    if (scope.ends_with('/'))
        scope.pop_back();
    std::vector<Value> all;
    const bool other =
        (!query(call, "scope_uuid").empty() &&
         waldur::bare(query(call, "scope_uuid")) != offering) ||
        (!scope.empty() && waldur::bare(scope.substr(scope.rfind('/') + 1)) != offering);
    for (const auto& policy : world.set->policies)
        if (!other && world.shows(policy))
            all.push_back(world.render(policy, call.request.origin));
    return paged(call, std::move(all), kPageSize);
}

Response waldur_policy(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    return policy == nullptr ? not_found()
                             : ok(cut(world.render(*policy, call.request.origin), call));
}

Response waldur_actions(const Call&) {
    return ok(waldur::all_actions());
}

Response waldur_no_write(const Call& call) {
    Response out = failure(405, "Method \"" + call.request.method +
                                    "\" not allowed. Policies live in sluiced.yaml on the host of "
                                    "sluiced, or in Waldur where that is the source.");
    out.allow = "GET, HEAD";
    return out;
}

Response waldur_preview(const Call& call) {
    model::PreviewInput input;
    if (!trim(call.request.body).empty()) {
        const auto body = json::parse(call.request.body);
        if (!body)
            return failure(400, "JSON parse error - " + body.error().context);
        for (const auto& figure : kFigures) {
            const View value = (*body)[figure.key];
            if (!value.exists())
                continue;
            const auto number = json::decimal_of(value);
            if (!number)
                return field_failure(figure.key, "A valid number is required.");
            input.*figure.member = *number;
        }
        input.carryover_enabled = (*body)["carryover_enabled"].boolean(true);
    }
    if (input.grace_ratio < Decimal() || input.grace_ratio > Decimal::whole(1))
        return field_failure("grace_ratio", "Ensure this value is between 0 and 1.");
    // Waldur previews a carryover only of usage that was given.
    model::PreviewInput asked_for = input;
    asked_for.carryover_enabled = input.carryover_enabled && !input.previous_usage.is_zero();
    const auto made = call.service.preview(asked_for);
    if (!made)
        return field_failure("non_field_errors", made.error().context);
    input.today =
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(call.service.info().now));
    return ok(waldur::preview(input, *made));
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
    if (!resource)
        return refused(resource.error());
    std::vector<std::string> accounts;
    for (const auto& name : world.accounts(*policy, *resource)) {
        const auto* account = world.turn->decision.find(name);
        if ((account->own.paused || account->own.downscaled) &&
            account->percent.value_or(10'000) < 10'000)
            accounts.push_back(name);
    }
    if (accounts.empty())
        return ok(world.turn == nullptr
                      ? outcome(world, *policy, ports::TurnReport{}, {}, &waldur::evaluated)
                      : outcome(world, *policy, *world.turn, {}, &waldur::evaluated));
    const auto& viewer = call.request.viewer;
    const ports::Person by{viewer.name.empty() ? "uid " + std::to_string(viewer.uid) : viewer.name,
                           "force-period-reset over HTTP", false};
    const auto done = call.service.ledger().reopen(accounts, by);
    if (!done)
        return failure(done.error());
    if (!done->turn)
        return failure(503, "the turn takes long; look again later");
    return ok(outcome(world, *policy, *done->turn, accounts, &waldur::evaluated));
}

Response waldur_evaluations(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const std::string asked_uuid = query(call, "resource_uuid");
    const auto accounts = world.accounts(*policy, waldur::bare(asked_uuid));
    if (!asked_uuid.empty() && waldur::bare(asked_uuid).empty())
        return field_failure("resource_uuid", "Must be a valid UUID.");
    std::vector<Value> all;
    if (accounts.empty())
        return paged(call, std::move(all), kMostLogs);
    const auto records = call.service.evaluations({world.info.cluster, accounts, kMostLimit});
    if (!records)
        return failure(records.error());
    const std::string period = query(call, "billing_period");
    for (const auto& record : *records)
        if (all.size() < kMostLogs && (period.empty() || record.billing_period == period))
            all.push_back(waldur::evaluation(record));
    return paged(call, std::move(all), kMostLogs);
}

Response waldur_commands(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const std::string asked_uuid = query(call, "resource_uuid");
    if (!asked_uuid.empty() && waldur::bare(asked_uuid).empty())
        return field_failure("resource_uuid", "Must be a valid UUID.");
    const auto accounts = world.accounts(*policy, waldur::bare(asked_uuid));
    std::vector<Value> all;
    if (accounts.empty())
        return paged(call, std::move(all), kMostLogs);
    const auto records = call.service.commands({world.info.cluster, accounts, kMostLogs});
    if (!records)
        return failure(records.error());
    for (const auto& record : *records)
        all.push_back(waldur::command(record));
    return paged(call, std::move(all), kMostLogs);
}

// The daemon applies its commands itself and knows their outcome; an agent's word goes to the log.
Response waldur_report(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const auto body = json::parse(call.request.body);
    if (!body)
        return failure(400, "JSON parse error - " + body.error().context);
    const View given = (*body)["resource_uuid"];
    if (!given.exists())
        return field_failure("resource_uuid", "This field is required.");
    const std::string uuid = waldur::bare(given.text());
    if (uuid.empty())
        return field_failure("resource_uuid", "Must be a valid UUID.");
    if (!(*body)["success"].is_bool())
        return field_failure("success", (*body)["success"].exists() ? "Must be a valid boolean."
                                                                    : "This field is required.");
    const std::string mode = (*body)["mode"].text("production");
    if (mode != "production" && mode != "emulator")
        return field_failure("mode", "\"" + mode + "\" is not a valid choice.");
    const auto accounts = world.accounts(*policy, uuid);
    if (accounts.empty())
        return field_failure("resource_uuid", "Resource not found.");
    log::event(log::Level::notice, "SLUICE-0516", "command-result-reported",
               {{"account", accounts.front()},
                {"success", (*body)["success"].boolean() ? "true" : "false"},
                {"mode", mode},
                {"error", (*body)["error_message"].text()},
                {"commands", lines((*body)["commands_executed"])}});
    Value out = Value::object();
    out.set("detail", "Command result recorded.");
    return ok(out);
}

} // namespace sluice::http
