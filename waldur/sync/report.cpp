// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/report.hpp"

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/json/json.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::waldur {
namespace {

using ports::Message;

constexpr std::size_t kMaxShownCommands = 200; // in one report; the rest is counted

std::string resource_path(const Resource& resource, const std::string& what) {
    return "/api/marketplace-provider-resources/" + dashed(resource.uuid) + '/' + what + '/';
}

// POST of `body` to `path`. `ask_first`: only if Waldur has another value.
Message call(const std::string& kind, const std::string& key, const std::string& path,
             json::Value body, bool ask_first = false) {
    auto object = json::Value::object();
    object.set("path", path).set("body", std::move(body));
    if (ask_first)
        object.set("ask_first", true);
    return {kTarget, kind, key, "", object.compact()};
}

// nullptr: nothing of the account is reported, for Waldur has no resource or the evaluation no
// result. A held account has one by its last rules, which only get stricter.
const Resource* resource_of(const ReportInput& input, const model::AccountDecision& decision) {
    const bool evaluated = decision.error.empty() || decision.by_last_rules();
    const auto found = input.resources.by_account.find(decision.account);
    return found == input.resources.by_account.end() || !evaluated ? nullptr : found->second;
}

// What Sluice itself decided. A flag that came from Waldur is not sent back to it.
model::Flags own_flags(const model::AccountDecision& decision) {
    if (decision.mode != model::Mode::enforce)
        return {};
    const bool from_there = decision.in_force && decision.in_force->foreign;
    return from_there ? decision.memory.flags : decision.enforced;
}

// In doubt, Waldur may have this value already: an earlier message did not arrive, or its answer
// was lost.
Message flag_message(const Resource& resource, Flag flag, const AskedFlag& asked, bool in_doubt) {
    const std::string kind = std::string("set_") + name(flag);
    auto body = json::Value::object();
    body.set(name(flag), asked.value);
    Message message =
        call(kind, resource.uuid, resource_path(resource, kind), std::move(body), in_doubt);
    message.correlation = kind + ':' + resource.uuid + ':' + text_of(asked);
    message.replaces = true;
    return message;
}

void add_flag(const ReportInput& input, const Resource& resource, Flag flag, bool wanted,
              bool shown, Outgoing& out) {
    const FlagKey key{resource.uuid, flag};
    const auto found = input.sent.flags.find(key);
    const AskedFlag* before = found == input.sent.flags.end() ? nullptr : &found->second;
    const Instant began = input.offering.began;
    if (const auto value = to_ask(wanted, shown, before, began)) {
        AskedFlag now{*value, input.now, std::nullopt};
        if (before != nullptr) // their correlations differ also within a second
            now.asked = std::max(now.asked, before->asked + std::chrono::seconds(1));
        const bool in_doubt = before != nullptr && !before->confirmed;
        out.messages.push_back(flag_message(resource, flag, now, in_doubt));
        out.sent.flags[key] = now;
    } else if (before != nullptr && !before->confirmed) {
        out.messages.push_back(flag_message(resource, flag, *before, true)); // lost by a crash?
    } else if (before != nullptr && is_over(shown, *before, began)) {
        out.forgotten.push_back(key);
    }
}

json::Value metadata_of(const model::AccountDecision& decision, const std::string& version) {
    auto metadata = json::Value::object();
    metadata
        .set("qos", decision.enforced_qos.empty() ? std::string("normal") : decision.enforced_qos)
        .set("standing", model::standing_text(decision))
        .set("usage_percentage",
             decision.percent ? json::Value(*decision.percent / 100) : json::Value())
        .set("period", decision.period.label)
        .set("next_reset",
             decision.period.end ? json::Value(utc_text(*decision.period.end)) : json::Value())
        .set("block_creation", decision.block_creation)
        .set("mode", decision.mode == model::Mode::enforce ? "enforce" : "observe")
        .set("sluice_version", version);
    return metadata;
}

} // namespace

Outgoing make_flag_messages(const ReportInput& input) {
    Outgoing out;
    for (const auto& decision : input.report.decision.accounts) {
        const Resource* resource = resource_of(input, decision);
        if (resource == nullptr)
            continue;
        const model::Flags wanted = own_flags(decision);
        add_flag(input, *resource, Flag::paused, wanted.paused, resource->paused, out);
        add_flag(input, *resource, Flag::downscaled, wanted.downscaled, resource->downscaled, out);
    }
    return out;
}

// Only whole percents count as a change: each of 10,000 resources would be sent in every cycle.
Outgoing make_metadata_messages(const ReportInput& input, const std::string& version) {
    Outgoing out;
    for (const auto& decision : input.report.decision.accounts) {
        const Resource* resource = resource_of(input, decision);
        if (resource == nullptr)
            continue;
        auto metadata = metadata_of(decision, version);
        const std::string text = metadata.compact();
        const auto before = input.sent.metadata.find(resource->uuid);
        if (before != input.sent.metadata.end() && before->second == text)
            continue;
        auto object = json::Value::object();
        object.set("resource", resource->uuid).set("metadata", std::move(metadata));
        out.messages.push_back(
            {kTarget, "set-backend-metadata", resource->uuid,
             "metadata:" + resource->uuid + ':' + std::to_string(epoch(input.now)),
             object.compact(), true});
        out.sent.metadata[resource->uuid] = text;
    }
    return out;
}

std::vector<Message> make_result_messages(const ReportInput& input,
                                          const std::vector<ports::CommandRecord>& commands) {
    std::map<std::string, std::vector<const ports::CommandRecord*>> by_account;
    for (const auto& command : commands)
        by_account[command.command.account].push_back(&command);
    std::vector<Message> messages;
    for (auto& [account, records] : by_account) {
        const auto resource = input.resources.by_account.find(account);
        if (resource == input.resources.by_account.end() || !input.offering.policy)
            continue;
        std::sort(records.begin(), records.end(),
                  [](const auto* a, const auto* b) { return a->id < b->id; });
        std::vector<std::string> lines;
        std::vector<std::string> errors;
        for (const auto* record : records) {
            if (lines.size() < kMaxShownCommands)
                lines.push_back(record->command.sacctmgr);
            if (!record->success.value_or(false) && errors.size() < 5)
                errors.push_back(record->error.empty() ? "result not known" : record->error);
        }
        messages.push_back(result_message(
            {resource->second->uuid, input.offering.policy->uuid, join(errors, "; "),
             records.back()->mode, std::move(lines),
             "commands:" + input.report.cluster + ':' + std::to_string(records.front()->id) + '-' +
                 std::to_string(records.back()->id) + ':' + account}));
    }
    return messages;
}

Message result_message(const CommandResult& result) {
    auto body = json::Value::object();
    body.set("resource_uuid", dashed(result.resource))
        .set("success", result.error.empty())
        .set("error_message", result.error)
        .set("mode", result.mode)
        .set("commands_executed", result.commands);
    Message message = call("report-command-result", result.resource,
                           "/api/marketplace-slurm-periodic-usage-policies/" +
                               dashed(result.policy) + "/report-command-result/",
                           std::move(body));
    message.correlation = result.correlation;
    return message;
}

Message make_agent_message(const ReportInput& input, const std::string& offering,
                           const std::string& version) {
    auto identity = json::Value::object();
    identity.set("offering", dashed(offering))
        .set("name", "sluice-" + dashed(offering))
        .set("version", version)
        .set("dependencies", json::Value::array());
    auto service = json::Value::object();
    service.set("name", "sluiced").set("mode", "event_process");
    auto processor = json::Value::object();
    processor.set("name", "sluice").set("backend_type", "SLURM").set("backend_version", "");
    std::int64_t paused = 0;
    std::int64_t downscaled = 0;
    for (const auto& decision : input.report.decision.accounts) {
        paused += decision.enforced.paused ? 1 : 0;
        downscaled += decision.enforced.downscaled ? 1 : 0;
    }
    auto statistics = json::Value::object();
    statistics.set("accounts", input.report.decision.accounts.size())
        .set("resources", input.resources.by_account.size())
        .set("paused", paused)
        .set("downscaled", downscaled)
        .set("problems", input.report.problems.size())
        .set("error", input.report.error)
        .set("last_cycle", epoch(input.report.at))
        .set("last_cycle_ms", input.report.duration_ms);
    auto object = json::Value::object();
    object.set("identity", std::move(identity))
        .set("service", std::move(service))
        .set("processor", std::move(processor))
        .set("statistics", std::move(statistics));
    return {kTarget,
            "agent",
            "agent:" + offering,
            "agent:" + offering + ':' + std::to_string(epoch(input.now)),
            object.compact(),
            true};
}

} // namespace sluice::waldur
