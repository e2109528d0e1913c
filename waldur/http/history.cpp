// SPDX-License-Identifier: GPL-2.0-or-later
// What was decided and done, and what agents say they did: evaluation-logs/, command-history/,
// report-command-result/.
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "waldur/http/views.hpp"
#include "waldur/http/world.hpp"

#include <map>

namespace sluice::http {
namespace {

using json::Value;
using json::View;

constexpr std::size_t kMaxError = 4096;
constexpr std::size_t kMaxCorrelation = 200;

// The accounts that a history is asked of.
struct AskedAccounts {
    std::vector<std::string> accounts;
    std::optional<Response> refusal;
};

AskedAccounts asked_of(const Call& call, const World& world) {
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return {{}, not_found()};
    const std::string text = query(call, "resource_uuid");
    const std::string uuid = waldur::bare(text);
    if (!text.empty() && uuid.empty())
        return {{}, field_failure("resource_uuid", "Must be a valid UUID.")};
    return {world.accounts(*policy, uuid), std::nullopt};
}

// The newest report on each evaluation.
std::map<std::int64_t, const ports::AgentReport*>
by_evaluation(const std::vector<ports::AgentReport>& reports) {
    std::map<std::int64_t, const ports::AgentReport*> out;
    for (const auto& report : reports)
        out.emplace(report.evaluation, &report);
    return out;
}

// As Django REST checks it, all fields at once.
class Reader {
public:
    explicit Reader(View body) : body_(body) {}

    ports::AgentReport read() {
        ports::AgentReport out;
        const View success = body_["success"];
        if (!success.exists())
            wrong("success", "This field is required.");
        else if (!success.is_bool())
            wrong("success", "Must be a valid boolean.");
        out.success = success.boolean();
        out.error = text("error_message", kMaxError);
        out.mode = body_["mode"].exists() ? text("mode", kMaxError) : "production";
        if (out.mode != "production" && out.mode != "emulator")
            wrong("mode", '"' + out.mode + "\" is not a valid choice.");
        out.correlation = text("correlation_id", kMaxCorrelation);
        const View commands = body_["commands_executed"];
        if (commands.exists() && !commands.is_array())
            wrong("commands_executed", "Expected a list of items.");
        for (const auto& line : commands.items()) {
            if (!line.is_string())
                wrong("commands_executed", "Not a valid string.");
            out.commands.push_back(line.text());
        }
        return out;
    }
    // "": it is wrong.
    std::string resource() {
        const View given = body_["resource_uuid"];
        std::string uuid = waldur::bare(given.text());
        if (!given.exists())
            wrong("resource_uuid", "This field is required.");
        else if (uuid.empty())
            wrong("resource_uuid", "Must be a valid UUID.");
        return uuid;
    }
    bool good() const { return faults_.empty(); }
    Response refusal() const {
        Value out = Value::object();
        for (const auto& [field, texts] : faults_)
            out.set(field, texts);
        return ok(out, 400);
    }

private:
    void wrong(const std::string& field, const std::string& what) {
        if (faults_[field].empty())
            faults_[field].push_back(what);
    }
    std::string text(const char* field, std::size_t most) {
        const View given = body_[field];
        if (given.exists() && !given.is_string())
            wrong(field, "Not a valid string.");
        std::string out = given.text();
        if (out.size() > most)
            out.resize(most);
        return out;
    }

    View body_;
    std::map<std::string, std::vector<std::string>> faults_;
};

void log_report(const ports::AgentReport& report) {
    log::event(log::Level::notice, "SLUICE-0516", "command-result-reported",
               {{"account", report.account},
                {"success", report.success ? "true" : "false"},
                {"mode", report.mode},
                {"error", report.error},
                {"commands", join(report.commands, "; ")},
                {"by", report.by}});
}

// A list of what is on record of the asked accounts, by `show`, which is also handed what agents
// reported of them.
template <class Read, class Show>
Response history(const Call& call, const World& world, std::size_t most, const Read& read,
                 const Show& show) {
    const auto asked = asked_of(call, world);
    if (asked.refusal)
        return *asked.refusal;
    std::vector<Value> all;
    if (!asked.accounts.empty()) {
        const ports::Query wanted{world.info.cluster, asked.accounts, most};
        const auto records = read(wanted);
        if (!records)
            return failure(records.error());
        const auto reports = call.service.reports(wanted);
        if (!reports)
            return failure(reports.error());
        all = show(*records, *reports);
    }
    if (all.size() > kMaxLogs)
        all.resize(kMaxLogs);
    return paged(call, std::move(all), kMaxLogs);
}

} // namespace

Response waldur_evaluations(const Call& call) {
    const World world(call);
    const std::string period = query(call, "billing_period");
    const auto read = [&](const ports::Query& wanted) { return call.service.evaluations(wanted); };
    return history(call, world, kMaxLimit, read, [&](const auto& records, const auto& reports) {
        const auto answers = by_evaluation(reports);
        std::vector<Value> all;
        for (const auto& record : records)
            if (all.size() < kMaxLogs && (period.empty() || record.billing_period == period)) {
                const auto answer = answers.find(record.id);
                all.push_back(waldur::evaluation(
                    world.names, record, answer == answers.end() ? nullptr : answer->second));
            }
        return all;
    });
}

// Ours and those of agents, newest first.
Response waldur_commands(const Call& call) {
    const World world(call);
    const auto read = [&](const ports::Query& wanted) { return call.service.commands(wanted); };
    return history(call, world, kMaxLogs, read, [](const auto& records, const auto& reports) {
        std::vector<Value> all;
        auto report = reports.begin();
        const auto put_report = [&] {
            for (auto& line : waldur::commands(*report++))
                all.push_back(std::move(line));
        };
        for (const auto& record : records) {
            while (report != reports.end() &&
                   report->at >= record.finished.value_or(record.requested))
                put_report();
            all.push_back(waldur::command(record));
        }
        while (report != reports.end())
            put_report();
        return all;
    });
}

// The daemon applies its commands itself and knows their outcome; an agent's word stands beside it.
Response waldur_report(const Call& call) {
    const World world(call);
    const auto* policy = world.policy(call.name);
    if (policy == nullptr)
        return not_found();
    const auto body = body_of(call);
    if (body.refusal)
        return *body.refusal;
    Reader reader(body.object.view());
    auto report = reader.read();
    const std::string uuid = reader.resource();
    if (!reader.good())
        return reader.refusal();
    const auto accounts = world.accounts(*policy, uuid);
    if (accounts.empty())
        return field_failure("resource_uuid", "Resource not found.");
    report.account = accounts.front();
    report.policy = policy->name;
    const auto& viewer = call.request.viewer;
    report.by = viewer.name.empty() ? "uid " + std::to_string(viewer.uid) : viewer.name;
    if (const auto kept = call.service.add_report(report); !kept)
        return failure(kept.error());
    log_report(report);
    Value out = Value::object();
    out.set("detail", "Command result recorded.");
    return ok(out);
}

} // namespace sluice::http
