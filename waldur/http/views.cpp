// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/views.hpp"

#include "common/base/amount.hpp"
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/json/json.hpp"
#include "common/model/tres.hpp"
#include "common/policy/preview.hpp"
#include "daemon/http/views/preview.hpp"
#include "waldur/http/render.hpp"
#include "waldur/http/writes.hpp"

#include <algorithm>
#include <map>

namespace sluice::http::waldur {
namespace {

using json::Value;
using json::View;

constexpr std::size_t kPageSize = 10; // default of Waldur's Django REST
constexpr std::size_t kShownCommands = 10;
constexpr std::size_t kMaxError = 4096;
constexpr std::size_t kMaxCorrelation = 200;

// --- policies

Value rendered(const Context& context, const model::Policy& policy) {
    return render_policy({policy, *context.set, context.info, context.cycle.get(), context.ids,
                          context.call.request.origin});
}

Response list_policies(const Context& context) {
    const std::string scopes[] = {context.query("scope_uuid"), context.query("scope")};
    const auto elsewhere = [&](const model::Policy& policy) {
        return std::any_of(std::begin(scopes), std::end(scopes), [&](const auto& scope) {
            return !scope.empty() && !context.ids.is_offering(policy.name, uuid_of(scope));
        });
    };
    std::vector<Value> all;
    for (const auto& policy : context.set->policies)
        if (!elsewhere(policy) && context.shows(policy))
            all.push_back(rendered(context, policy));
    return context.paged(std::move(all), kPageSize);
}

Response show_policy(const Context& context) {
    const auto* policy = context.policy(context.call.name);
    return policy == nullptr ? not_found() : ok(context.cut(rendered(context, *policy)));
}

Response list_actions(const Context&) {
    Value all = Value::array();
    for (const auto action : sluice::waldur::kActions)
        all.append(model::name(action));
    Response out = ok(all);
    out.headers.emplace_back("X-Result-Count", std::to_string(all.view().size()));
    return out;
}

Response show_named(const Context& context, const std::string& name) {
    const auto* policy = policy_named(context, name);
    return policy == nullptr ? not_found() : ok(context.cut(rendered(context, *policy)));
}

// --- evaluations on request

using Render = Value (*)(const Ids& ids, const model::Policy& policy,
                         const model::AccountDecision& account);

// {"policy_uuid", "billing_period", "resources": [...]}
Value outcome(const Context& context, const model::Policy& policy, const ports::CycleReport& cycle,
              const std::vector<std::string>& accounts, Render render) {
    Value resources = Value::array();
    std::string period;
    for (const auto& account : cycle.decision.accounts)
        if (is_evaluated(account, policy)) {
            if (period.empty())
                period = account.period.label;
            if (named(accounts, account.account) && !accounts.empty())
                resources.append(render(context.ids, policy, account));
        }
    Value out = Value::object();
    out.set("policy_uuid", context.ids.policy(policy.name));
    out.set("billing_period", period);
    return std::move(out.set("resources", std::move(resources)));
}

Response evaluate(const Context& context, bool dry_run) {
    const auto* policy = context.policy(context.call.name);
    if (policy == nullptr)
        return not_found();
    const auto body = body_of(context.call);
    if (body.refusal)
        return *body.refusal;
    const auto resource = uuid_in(body.object.view(), "resource_uuid");
    if (resource.refusal)
        return *resource.refusal;
    const auto accounts = context.accounts(*policy, resource.uuid);
    const auto cycle = context.call.actions.evaluate({dry_run, accounts, false});
    if (!cycle)
        return failure(cycle.error());
    if (!(*cycle)->error.empty())
        return failure(503, "the evaluation failed: " + (*cycle)->error);
    Value out =
        outcome(context, *policy, **cycle, accounts, dry_run ? &render_dry : &render_evaluated);
    if (dry_run)
        out.set("grace_limit_percentage",
                Value::decimal((Decimal::kScale + policy->grace_ratio.scaled()) / 10, 6));
    return ok(out);
}

Response dry_run(const Context& context) {
    return evaluate(context, true);
}

Response evaluate_now(const Context& context) {
    return evaluate(context, false);
}

// Waldur's rule: only flagged resources with usage below 100 %.
Response force_period_reset(const Context& context) {
    const auto* policy = context.policy(context.call.name);
    if (policy == nullptr)
        return not_found();
    const auto body = body_of(context.call);
    if (body.refusal)
        return *body.refusal;
    const auto resource = uuid_in(body.object.view(), "resource_uuid");
    if (resource.refusal)
        return *resource.refusal;
    std::vector<std::string> accounts;
    for (const auto& name : context.accounts(*policy, resource.uuid)) {
        const auto* account = context.cycle->decision.find(name);
        if ((account->own.paused || account->own.downscaled) &&
            account->percent.value_or(10'000) < 10'000)
            accounts.push_back(name);
    }
    if (accounts.empty())
        return ok(outcome(context, *policy,
                          context.cycle == nullptr ? ports::CycleReport{} : *context.cycle, {},
                          &render_evaluated));
    const auto done = context.call.actions.reopen(
        accounts, {context.call.request.viewer.label(), "force-period-reset over HTTP", false});
    if (!done)
        return failure(done.error());
    if (!done->cycle)
        return failure(503, "evaluation still running; ask again later");
    return ok(outcome(context, *policy, *done->cycle, accounts, &render_evaluated));
}

// --- preview_impact: what if. With a resource, the figures of its account stand for those that are
// not given.

// What Waldur takes from the resource, whatever the request has.
bool is_of_resource(const PreviewFigure& figure) {
    return figure.member == &model::PreviewInput::allocation ||
           figure.member == &model::PreviewInput::previous_usage ||
           figure.member == &model::PreviewInput::current_usage ||
           figure.member == &model::PreviewInput::daily_usage_rate;
}

// `of_account`: Waldur's generated client sends its defaults with every request, so they count as
// not given.
std::optional<Response> take_figures(model::PreviewInput& input, View body, bool of_account) {
    const model::PreviewInput defaults;
    for (const auto& figure : kPreviewFigures) {
        const View value = body[figure.key];
        if (!value.exists())
            continue;
        const auto number = json::decimal_of(value);
        if (!number)
            return field_failure(figure.key, "A valid number is required.");
        if (!of_account || (!is_of_resource(figure) && *number != defaults.*figure.member))
            input.*figure.member = *number;
    }
    const bool carryover = body["carryover_enabled"].boolean(defaults.carryover_enabled);
    input.carryover_enabled = of_account ? input.carryover_enabled && carryover : carryover;
    if (input.grace_ratio < Decimal() || input.grace_ratio > Decimal::whole(1))
        return field_failure("grace_ratio", "Ensure this value is between 0 and 1.");
    return std::nullopt;
}

// Commands that are planned for the account, and those that ran last.
std::optional<Response> put_commands(Value& out, const Context& context,
                                     const std::string& account) {
    Value waiting = Value::array();
    for (const auto* list : {&context.cycle->plan.commands, &context.cycle->plan.withheld})
        for (const auto& command : *list)
            if (command.account == account)
                waiting.append(render_planned(command));
    const auto records =
        context.call.services.journal.commands({context.info.cluster, {account}, kShownCommands});
    if (!records)
        return failure(records.error());
    Value done = Value::array();
    for (const auto& record : *records)
        if (record.success)
            done.append(render_command(record));
    out.set("preview_commands", std::move(waiting)).set("command_history", std::move(done));
    return std::nullopt;
}

Response preview_impact(const Context& context) {
    const auto body = body_of(context.call);
    if (body.refusal)
        return *body.refusal;
    const auto resource = uuid_in(body.object.view(), "resource_uuid");
    if (resource.refusal)
        return *resource.refusal;
    const model::AccountDecision* account = nullptr;
    if (!resource.uuid.empty() && context.cycle != nullptr)
        for (const auto& each : context.cycle->decision.accounts)
            if (context.ids.is_resource(each.account, resource.uuid))
                account = &each;
    if (!resource.uuid.empty() && account == nullptr)
        return field_failure("resource_uuid", "Resource not found.");
    model::PreviewInput input;
    if (account != nullptr)
        take_account(input, *context.set, *context.cycle, *account);
    if (auto refusal = take_figures(input, body.object.view(), account != nullptr))
        return *refusal;
    // Waldur previews a carryover only of usage that was given.
    model::PreviewInput asked_for = input;
    asked_for.carryover_enabled = input.carryover_enabled && !input.previous_usage.is_zero();
    asked_for.today = context.info.zone.local(context.info.now).date();
    const auto made = policy::preview(asked_for);
    if (!made)
        return field_failure("non_field_errors", made.error().context);
    input.today =
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(context.info.now));
    Value out = render_preview(input, *made);
    if (account != nullptr)
        if (auto refusal = put_commands(out, context, account->account))
            return *refusal;
    return ok(out);
}

// --- evaluation-logs, command-history, report-command-result

// A list of what is on record of the accounts that the call names, by `show`, which also gets what
// agents reported of them.
template <class Read, class Show>
Response history(const Context& context, std::size_t most, const Read& read, const Show& show) {
    const auto* policy = context.policy(context.call.name);
    if (policy == nullptr)
        return not_found();
    const std::string text = context.query("resource_uuid");
    const std::string uuid = uuid_of(text);
    if (!text.empty() && uuid.empty())
        return field_failure("resource_uuid", "Must be a valid UUID.");
    const auto accounts = context.accounts(*policy, uuid);
    std::vector<Value> all;
    if (!accounts.empty()) {
        const ports::Query wanted{context.info.cluster, accounts, most};
        const auto records = read(wanted);
        if (!records)
            return failure(records.error());
        const auto reports = context.call.services.journal.reports(wanted);
        if (!reports)
            return failure(reports.error());
        all = show(*records, *reports);
    }
    if (all.size() > kMaxLogs)
        all.resize(kMaxLogs);
    return context.paged(std::move(all), kMaxLogs);
}

Response evaluation_logs(const Context& context) {
    const std::string period = context.query("billing_period");
    const auto read = [&](const ports::Query& wanted) {
        return context.call.services.journal.evaluations(wanted);
    };
    return history(context, kMaxLimit, read, [&](const auto& records, const auto& reports) {
        std::map<std::int64_t, const ports::AgentReport*> newest; // by evaluation
        for (const auto& report : reports)
            newest.emplace(report.evaluation, &report);
        // Commands have the time of the evaluation that decided them.
        std::map<std::pair<std::string, Instant>, std::vector<const ports::CommandRecord*>> own;
        std::vector<std::string> accounts;
        for (const auto& record : records)
            accounts.push_back(record.account);
        std::sort(accounts.begin(), accounts.end());
        accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
        const auto commands = context.call.services.journal.commands(
            {context.info.cluster, accounts, records.empty() ? 1 : kMaxLimit});
        if (commands)
            for (auto at = commands->rbegin(); at != commands->rend(); ++at)
                own[{at->command.account, at->requested}].push_back(&*at);
        std::vector<Value> all;
        for (const auto& record : records)
            if (all.size() < kMaxLogs && (period.empty() || record.billing_period == period)) {
                const auto answer = newest.find(record.id);
                all.push_back(render_evaluation(context.ids, record,
                                                own[{record.account, record.at}],
                                                answer == newest.end() ? nullptr : answer->second));
            }
        return all;
    });
}

// Of the daemon and of agents, newest first.
Response command_history(const Context& context) {
    const auto read = [&](const ports::Query& wanted) {
        return context.call.services.journal.commands(wanted);
    };
    return history(context, kMaxLogs, read, [](const auto& records, const auto& reports) {
        std::vector<Value> all;
        auto report = reports.begin();
        const auto put_report = [&] {
            for (auto& line : render_commands(*report++))
                all.push_back(std::move(line));
        };
        for (const auto& record : records) {
            if (!record.success)
                continue;
            while (report != reports.end() &&
                   report->at >= record.finished.value_or(record.requested))
                put_report();
            all.push_back(render_command(record));
        }
        while (report != reports.end())
            put_report();
        return all;
    });
}

// As Django REST checks it, all fields at once.
class ReportReader {
public:
    explicit ReportReader(View body) : body_(body) {}

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
        std::string uuid = uuid_of(given.text());
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

// The daemon runs its commands itself and knows their results; what an agent reports stands beside
// them.
Response report_command_result(const Context& context, const AddReport& add_report) {
    const auto* policy = context.policy(context.call.name);
    if (policy == nullptr)
        return not_found();
    const auto body = body_of(context.call);
    if (body.refusal)
        return *body.refusal;
    ReportReader reader(body.object.view());
    auto report = reader.read();
    const std::string uuid = reader.resource();
    if (!reader.good())
        return reader.refusal();
    const auto accounts = context.accounts(*policy, uuid);
    if (accounts.empty())
        return field_failure("resource_uuid", "Resource not found.");
    report.account = accounts.front();
    report.policy = policy->name;
    report.by = context.call.request.viewer.label();
    report.cluster = context.info.cluster;
    report.at = context.info.now;
    if (const auto kept = add_report(report); !kept)
        return failure(kept.error());
    log::event(log::Level::notice, "SLUICE-0516", "command-result-reported",
               {{"account", report.account},
                {"success", report.success ? "true" : "false"},
                {"mode", report.mode},
                {"error", report.error},
                {"commands", join(report.commands, "; ")},
                {"by", report.by}});
    Value out = Value::object();
    out.set("detail", "Command result recorded.");
    return ok(out);
}

} // namespace

std::vector<Route> routes(std::function<std::shared_ptr<const KnownIds>()> known,
                          AddReport add_report) {
    const auto on = [&](Response (*view)(const Context&)) -> Handler {
        return [known, view](const Call& call) { return view(Context(call, known())); };
    };
    const Handler report = [known, add_report = std::move(add_report)](const Call& call) {
        return report_command_result(Context(call, known()), add_report);
    };
    const std::string base = "/api/marketplace-slurm-periodic-usage-policies/";
    const std::string one = base + "{uuid}/";
    const auto writes = [&](Response (Writer::*write)(const Call&) const) -> Handler {
        return [writer = Writer{known, show_named}, write](const Call& call) {
            return (writer.*write)(call);
        };
    };
    constexpr unsigned kWrites = kStaff | kWaits;
    constexpr std::string_view kFields =
        "actions:string,carryover_enabled:boolean,carryover_factor:integer,component_limits_set:"
        "array,grace_ratio:number,limit_type:string,mode:string,name:string,period:integer,"
        "qos_strategy:string,raw_usage_reset:boolean,tres_billing_enabled:boolean,"
        "tres_billing_weights:object";
    return {
        {"GET", base, 0, on(list_policies), "Policies with Waldur's fields",
         "scope,scope_uuid,page,page_size"},
        {"POST", base, kWrites, writes(&Writer::create), "Set a policy beside sluiced.yaml", "",
         kFields},
        {"GET", base + "actions/", 0, on(list_actions), "The names of actions"},
        {"POST", base + "preview_impact/", kStaff, on(preview_impact),
         "Thresholds and the dates at which they are crossed", "",
         "allocation:number,grace_ratio:number,previous_usage:number,carryover_factor:integer,"
         "carryover_enabled:boolean,resource_uuid:string?,current_usage:number,daily_usage_rate:"
         "number"},
        {"GET", one, 0, on(show_policy), "One policy"},
        {"PUT", one, kWrites, writes(&Writer::replace), "Replace such a policy", "", kFields},
        {"PATCH", one, kWrites, writes(&Writer::merge), "Change such a policy", "", kFields},
        {"DELETE", one, kWrites, writes(&Writer::remove), "Remove such a policy"},
        {"POST", one + "dry-run/", kStaff | kWaits, on(dry_run), "What an evaluation would decide",
         "", "resource_uuid:string?"},
        {"POST", one + "evaluate/", kStaff | kWaits, on(evaluate_now), "Evaluate now", "",
         "resource_uuid:string?"},
        {"POST", one + "force-period-reset/", kStaff | kWaits, on(force_period_reset),
         "Begin the period of flagged accounts below 100 % again", "", "resource_uuid:string?"},
        {"GET", one + "evaluation-logs/", 0, on(evaluation_logs),
         "Evaluations, newest first, at most 100", "resource_uuid,billing_period,page,page_size"},
        {"GET", one + "command-history/", 0, on(command_history),
         "Commands, newest first, at most 100", "resource_uuid,page,page_size"},
        {"POST", one + "report-command-result/", kStaff, report,
         "Result of the commands that an agent ran", "",
         "resource_uuid!:string?,success!:boolean,error_message:string,mode:string,commands_"
         "executed:array,correlation_id:string"},
    };
}

} // namespace sluice::http::waldur
