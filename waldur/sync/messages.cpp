// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/messages.hpp"

#include "common/base/text.hpp"
#include "common/json/json.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::app {
namespace {

using ports::Message;
using ports::PortalResource;

constexpr const char* kTarget = "waldur";
constexpr std::size_t kMaxShownCommands = 200; // in one report; the rest is counted

std::string resource_path(const PortalResource& resource, const std::string& what) {
    return "/api/marketplace-provider-resources/" + dashed(resource.uuid) + '/' + what + '/';
}

Message call(const std::string& kind, const std::string& key, const std::string& path,
             json::Value body) {
    auto object = json::Value::object();
    object.set("path", path).set("body", std::move(body));
    Message message;
    message.target = kTarget;
    message.kind = kind;
    message.key = key;
    message.body = object.compact();
    return message;
}

class Decisions {
public:
    explicit Decisions(const ports::CycleReport& report) {
        for (const auto& decision : report.decision.accounts)
            by_account_.emplace(decision.account, &decision);
    }
    const model::AccountDecision* find(const std::string& account) const {
        const auto found = by_account_.find(account);
        return found == by_account_.end() ? nullptr : found->second;
    }

private:
    std::map<std::string, const model::AccountDecision*> by_account_;
};

// What Sluice itself holds the account to. A flag that came from Waldur is not sent back to it.
model::Flags own_flags(const model::AccountDecision& decision) {
    if (decision.mode != model::Mode::enforce)
        return {};
    const bool from_there = decision.in_force && decision.in_force->foreign;
    return from_there ? decision.memory.flags : decision.enforced;
}

// In doubt, Waldur may have it already: what was asked for before never got there, or its answer
// was lost.
Message flag_message(const PortalResource& resource, const char* flag, const AskedFlag& asked,
                     bool in_doubt) {
    const std::string kind = std::string("set_") + flag;
    auto body = json::Value::object();
    body.set(flag, asked.value);
    auto object = json::Value::object();
    object.set("path", resource_path(resource, kind)).set("body", std::move(body));
    if (in_doubt)
        object.set("ask_first", true);
    Message message;
    message.target = kTarget;
    message.kind = kind;
    message.key = resource.uuid;
    message.body = object.compact();
    message.correlation = kind + ':' + resource.uuid + ':' + text_of(asked);
    message.replaces = true;
    return message;
}

void tell_flag(const ReportInput& telling, const AskedFlags& asked, const PortalResource& resource,
               const char* flag, bool wanted, bool shown, Outgoing& out) {
    const std::string key = flag_key(resource.uuid, flag);
    const auto found = asked.find(key);
    const AskedFlag* before = found == asked.end() ? nullptr : &found->second;
    const Instant began = telling.view.began;
    if (const auto value = to_ask(wanted, shown, before, began)) {
        AskedFlag now{*value, telling.now, std::nullopt};
        if (before != nullptr) // their correlations differ also within a second
            now.asked = std::max(now.asked, before->asked + std::chrono::seconds(1));
        const bool in_doubt = before != nullptr && !before->confirmed;
        out.messages.push_back(flag_message(resource, flag, now, in_doubt));
        out.notes.push_back({kFlagNote, key, text_of(now)});
    } else if (before != nullptr && !before->confirmed) {
        out.messages.push_back(flag_message(resource, flag, *before, true)); // lost by a crash?
    } else if (before != nullptr && is_over(shown, *before, began)) {
        out.notes.push_back({kFlagNote, key, ""});
    }
}

json::Value metadata_of(const model::AccountDecision& decision, const Zone& zone,
                        const std::string& version) {
    auto metadata = json::Value::object();
    metadata
        .set("qos", decision.enforced_qos.empty() ? std::string("normal") : decision.enforced_qos)
        .set("standing", model::name(model::standing(decision.flags)))
        .set("usage_percentage",
             decision.percent ? json::Value(*decision.percent / 100) : json::Value())
        .set("period", decision.period.label)
        .set("next_reset", decision.period.end ? json::Value(local_text(zone, *decision.period.end))
                                               : json::Value())
        .set("block_creation", decision.block_creation)
        .set("mode", decision.mode == model::Mode::enforce ? "enforce" : "observe")
        .set("sluice_version", version);
    return metadata;
}

} // namespace

std::string dashed(const std::string& uuid) {
    if (uuid.size() != 32)
        return uuid;
    return uuid.substr(0, 8) + '-' + uuid.substr(8, 4) + '-' + uuid.substr(12, 4) + '-' +
           uuid.substr(16, 4) + '-' + uuid.substr(20);
}

Outgoing tell_flags(const ReportInput& telling, const AskedFlags& asked) {
    Outgoing out;
    const Decisions decisions(telling.report);
    for (const auto& [account, resource] : telling.roster.accounts) {
        const auto* decision = decisions.find(account);
        if (decision == nullptr || !decision->error.empty())
            continue;
        const model::Flags wanted = own_flags(*decision);
        tell_flag(telling, asked, *resource, "paused", wanted.paused, resource->paused, out);
        tell_flag(telling, asked, *resource, "downscaled", wanted.downscaled, resource->downscaled,
                  out);
    }
    return out;
}

// Only whole percents count as a change: each of 10,000 resources would be sent in every cycle.
Outgoing tell_metadata(const ReportInput& telling, const std::string& version) {
    Outgoing out;
    const Decisions decisions(telling.report);
    for (const auto& [account, resource] : telling.roster.accounts) {
        const auto* decision = decisions.find(account);
        if (decision == nullptr || !decision->error.empty())
            continue;
        auto metadata = metadata_of(*decision, telling.rules.zone, version);
        const std::string text = metadata.compact();
        const auto before = telling.noted.find(resource->uuid);
        if (before != telling.noted.end() && before->second == text)
            continue;
        auto object = json::Value::object();
        object.set("resource", resource->uuid).set("metadata", std::move(metadata));
        Message message;
        message.target = kTarget;
        message.kind = "set-backend-metadata";
        message.key = resource->uuid;
        message.correlation =
            "metadata:" + resource->uuid + ':' + std::to_string(epoch(telling.now));
        message.body = object.compact();
        message.replaces = true;
        out.messages.push_back(std::move(message));
        out.notes.push_back({kMetadataNote, resource->uuid, text});
    }
    return out;
}

std::vector<Message> tell_results(const ReportInput& telling,
                                  const std::vector<ports::CommandRecord>& commands) {
    std::map<std::string, std::vector<const ports::CommandRecord*>> by_account;
    for (const auto& command : commands)
        by_account[command.command.account].push_back(&command);
    std::vector<Message> messages;
    for (auto& [account, records] : by_account) {
        const auto resource = telling.roster.accounts.find(account);
        if (resource == telling.roster.accounts.end() || !telling.view.policy)
            continue;
        std::sort(records.begin(), records.end(),
                  [](const auto* a, const auto* b) { return a->id < b->id; });
        std::vector<std::string> lines;
        std::vector<std::string> errors;
        for (const auto* record : records) {
            if (lines.size() < kMaxShownCommands)
                lines.push_back(record->command.sacctmgr);
            if (!record->success.value_or(false) && errors.size() < 5)
                errors.push_back(record->error.empty() ? "not known" : record->error);
        }
        messages.push_back(result_message(
            {resource->second->uuid, telling.view.policy->uuid, join(errors, "; "),
             records.back()->mode, std::move(lines),
             "commands:" + telling.report.cluster + ':' + std::to_string(records.front()->id) +
                 '-' + std::to_string(records.back()->id) + ':' + account}));
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

Message tell_agent(const ReportInput& telling, const std::string& offering,
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
    for (const auto& decision : telling.report.decision.accounts) {
        paused += decision.flags.paused ? 1 : 0;
        downscaled += decision.flags.downscaled ? 1 : 0;
    }
    auto statistics = json::Value::object();
    statistics.set("accounts", telling.report.decision.accounts.size())
        .set("resources", telling.roster.accounts.size())
        .set("paused", paused)
        .set("downscaled", downscaled)
        .set("problems", telling.report.problems.size())
        .set("error", telling.report.error)
        .set("last_cycle", epoch(telling.report.at))
        .set("last_cycle_ms", telling.report.duration_ms);
    auto object = json::Value::object();
    object.set("identity", std::move(identity))
        .set("service", std::move(service))
        .set("processor", std::move(processor))
        .set("statistics", std::move(statistics));
    Message message;
    message.target = kTarget;
    message.kind = "agent";
    message.key = "agent";
    message.correlation = "agent:" + std::to_string(epoch(telling.now));
    message.body = object.compact();
    message.replaces = true;
    return message;
}

} // namespace sluice::app
