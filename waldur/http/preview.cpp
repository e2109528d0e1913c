// SPDX-License-Identifier: GPL-2.0-or-later
// POST preview_impact/: what if. With a resource, what its account has stands for the figures that
// are not given.
#include "common/json/json.hpp"
#include "common/model/units.hpp"
#include "waldur/http/views.hpp"
#include "waldur/http/world.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

using json::Value;
using json::View;

constexpr std::size_t kShownCommands = 10;

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

// The component that is nearest to its limit.
const model::Figure* nearest(const model::AccountDecision& account) {
    const auto found = std::max_element(account.figures.begin(), account.figures.end(),
                                        [](const auto& a, const auto& b) {
                                            return a.percent.value_or(-1) < b.percent.value_or(-1);
                                        });
    return found == account.figures.end() ? nullptr : &*found;
}

void take_amount(Decimal& out, Amount amount, const model::Component& component) {
    if (const auto millionths = model::unit_millionths(amount, component))
        out = Decimal::raw(*millionths * (Decimal::kScale / 1'000'000));
}

void take_account(model::PreviewInput& input, const World& world,
                  const model::AccountDecision& account) {
    for (const auto& policy : world.set->policies)
        if (waldur::judges(account, policy)) {
            input.grace_ratio = policy.grace_ratio;
            input.carryover_enabled = policy.carryover.enabled;
            input.carryover_factor = policy.carryover.factor;
            break;
        }
    const auto* figure = nearest(account);
    if (figure == nullptr)
        return;
    take_amount(input.allocation, figure->allocation, figure->component);
    take_amount(input.previous_usage, figure->carryover.used_before, figure->component);
    take_amount(input.current_usage, figure->used(), figure->component);
}

// `of_account`: Waldur's generated client sends its defaults with every request, so they count as
// not given.
std::optional<Response> take_figures(model::PreviewInput& input, View body, bool of_account) {
    const model::PreviewInput defaults;
    for (const auto& figure : kFigures) {
        const View value = body[figure.key];
        if (!value.exists())
            continue;
        const auto number = json::decimal_of(value);
        if (!number)
            return field_failure(figure.key, "A valid number is required.");
        if (!of_account || *number != defaults.*figure.member)
            input.*figure.member = *number;
    }
    const bool carryover = body["carryover_enabled"].boolean(defaults.carryover_enabled);
    input.carryover_enabled = of_account ? input.carryover_enabled && carryover : carryover;
    if (input.grace_ratio < Decimal() || input.grace_ratio > Decimal::whole(1))
        return field_failure("grace_ratio", "Ensure this value is between 0 and 1.");
    return std::nullopt;
}

// What waits to be done for the account, and what was done last.
std::optional<Response> put_commands(Value& out, const Call& call, const World& world,
                                     const std::string& account) {
    Value waiting = Value::array();
    for (const auto* list : {&world.cycle->plan.commands, &world.cycle->plan.withheld})
        for (const auto& command : *list)
            if (command.account == account)
                waiting.append(waldur::planned(command));
    const auto records = call.service.commands({world.info.cluster, {account}, kShownCommands});
    if (!records)
        return failure(records.error());
    Value done = Value::array();
    for (const auto& record : *records)
        done.append(waldur::command(record));
    out.set("preview_commands", std::move(waiting)).set("command_history", std::move(done));
    return std::nullopt;
}

struct AskedAccount {
    const model::AccountDecision* account = nullptr; // nullptr: none was named
    std::optional<Response> refusal;
};

AskedAccount account_of(const World& world, View given) {
    if (!given.exists() || given.is_null())
        return {};
    const std::string uuid = waldur::bare(given.text());
    if (uuid.empty())
        return {nullptr, field_failure("resource_uuid", "Must be a valid UUID.")};
    if (world.cycle != nullptr)
        for (const auto& account : world.cycle->decision.accounts)
            if (world.names.is_resource(account.account, uuid))
                return {&account, std::nullopt};
    return {nullptr, field_failure("resource_uuid", "Resource not found.")};
}

} // namespace

Response waldur_preview(const Call& call) {
    const auto body = body_of(call);
    if (body.refusal)
        return *body.refusal;
    const World world(call);
    const auto asked = account_of(world, body.object["resource_uuid"]);
    if (asked.refusal)
        return *asked.refusal;
    model::PreviewInput input;
    if (asked.account != nullptr)
        take_account(input, world, *asked.account);
    if (auto refusal = take_figures(input, body.object.view(), asked.account != nullptr))
        return *refusal;
    // Waldur previews a carryover only of usage that was given.
    model::PreviewInput asked_for = input;
    asked_for.carryover_enabled = input.carryover_enabled && !input.previous_usage.is_zero();
    const auto made = call.service.preview(asked_for);
    if (!made)
        return field_failure("non_field_errors", made.error().context);
    input.today =
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(world.info.now));
    Value out = waldur::preview(input, *made);
    if (asked.account != nullptr)
        if (auto refusal = put_commands(out, call, world, asked.account->account))
            return *refusal;
    return ok(out);
}

} // namespace sluice::http
