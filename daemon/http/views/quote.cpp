// SPDX-License-Identifier: GPL-2.0-or-later
// What a job may cost before it is submitted, and what the plugin would answer. It reckons with the
// plugin's own arithmetic and texts.
#include "common/admission/answer.hpp"
#include "common/admission/budget.hpp"
#include "common/admission/job_lists.hpp"
#include "common/admission/job_size.hpp"
#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/model/tres.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::http {
namespace {

using admission::Cost;
using admission::JobCosts;
using admission::JobRequest;
using admission::SnapshotView;
using json::Value;

// What slurmctld accepts of a job (plugin/job_request.hpp).
constexpr std::size_t kMaxJobText = 1024;
constexpr std::size_t kMaxJobArray = 4096;

// The job of a request's body. The keys are those of slurmrestd. The request points into its texts.
class QuotedJob {
public:
    QuotedJob(Form& form, std::uint32_t user) : form_(form) {
        job_.user = user;
        job_.partition = text(0, "partition");
        job_.qos = text(1, "qos");
        job_.tres_per_job = text(2, "tres_per_job");
        job_.tres_per_node = text(3, "tres_per_node");
        job_.tres_per_socket = text(4, "tres_per_socket");
        job_.tres_per_task = text(5, "tres_per_task");
        job_.cpus_per_tres = text(6, "cpus_per_tres");
        job_.mem_per_tres = text(7, "memory_per_tres");
        job_.array_tasks = admission::array_tasks(text(8, "array", kMaxJobArray));
        job_.whole_nodes = form.flag("exclusive");
        read_time();
        read_memory();
        admission::JobSize size;
        size.nodes = number("minimum_nodes");
        size.max_nodes = number("maximum_nodes");
        size.listed = admission::hosts(text(9, "required_nodes", kMaxJobArray));
        size.ntasks = number("tasks");
        size.ntasks_per_node = number("tasks_per_node");
        size.ntasks_per_gpu = number("ntasks_per_tres");
        size.cpus = number("minimum_cpus");
        size.cpus_per_node = number("minimum_cpus_per_node");
        size.cpus_per_task = number("cpus_per_task");
        size.overcommit = form.flag("overcommit");
        admission::count(size, job_);
    }
    QuotedJob(const QuotedJob&) = delete;
    QuotedJob& operator=(const QuotedJob&) = delete;

    const JobRequest& request() const { return job_; }

private:
    std::string_view text(std::size_t at, const std::string& key, std::size_t most = kMaxJobText) {
        texts_[at] = form_.text(key);
        if (texts_[at].size() > most)
            form_.fail(key + " is longer than the " + std::to_string(most) +
                       " bytes that slurmctld accepts");
        return texts_[at];
    }
    bool given(const std::string& key) const {
        return form_[key].exists() && !form_[key].is_null();
    }
    // 0: not sent, or null.
    std::uint64_t number(const std::string& key) {
        if (!given(key))
            return 0;
        const std::int64_t value = form_[key].integer(-1);
        if (value >= 0 && value < UINT32_MAX)
            return static_cast<std::uint64_t>(value);
        form_.fail(key + " must be a whole number from 0 to 4294967294");
        return 0;
    }
    void read_time() {
        if (given("time_limit") && form_["time_limit"].text() == "unlimited") {
            job_.unlimited = true;
            return;
        }
        if (!given("time_limit"))
            return;
        job_.minutes = static_cast<std::uint32_t>(number("time_limit"));
        job_.unlimited = *job_.minutes == 0;
        if (const std::uint64_t least = number("time_minimum"); least != 0)
            job_.minutes = std::min(*job_.minutes, static_cast<std::uint32_t>(least));
    }
    // Megabytes; 0 for each node is all that it has.
    void read_memory() {
        if (given("memory_per_cpu") && given("memory_per_node"))
            form_.fail("memory_per_cpu and memory_per_node exclude each other");
        if (given("memory_per_cpu")) {
            job_.memory_kind = JobRequest::Memory::per_cpu;
            job_.memory = number("memory_per_cpu");
        } else if (given("memory_per_node")) {
            job_.memory = number("memory_per_node");
            job_.memory_kind =
                job_.memory == 0 ? JobRequest::Memory::whole_nodes : JobRequest::Memory::per_node;
        }
    }

    Form& form_;
    std::array<std::string, 10> texts_;
    JobRequest job_;
};

// In units of the component, to the sixth digit; null where that does not fit.
Value in_units(std::int64_t points, std::int64_t per_unit) {
    const auto millionths =
        narrow(divide_half_up(Wide{points} * 1'000'000, std::max<std::int64_t>(1, per_unit)));
    return points != INT64_MAX && millionths ? Value::decimal(*millionths, 6) : Value();
}

Value render_cost(const Cost& cost) {
    const std::int64_t unit = cost.measure->per_unit;
    const bool counted = !cost.unlimited && cost.wants != INT64_MAX;
    return object(kv("account", cost.account->name), kv("component", cost.measure->name),
                  kv("wants", counted ? in_units(cost.wants, unit) : Value()),
                  kv("left", in_units(cost.left, unit)),
                  kv("after", counted ? in_units(cost.left - cost.wants, unit) : Value()),
                  kv("fits", cost.unlimited ? Value() : Value(cost.fits())));
}

// Usage with the job reaches `percent`: exactly (used + wants) * 100 >= effective * percent.
bool reaches(const model::AccountDecision& account, const Cost& cost, Decimal percent) {
    Wide used = account.metric_used;
    Wide effective = account.metric_effective;
    for (const auto& figure : account.figures)
        if (figure.component.name == cost.measure->name) {
            used = std::max<Amount>(0, figure.used());
            effective = figure.effective;
        }
    const auto with = add(used, cost.wants);
    const auto left = with ? multiply(*with, std::int64_t{100} * Decimal::kScale) : std::nullopt;
    const auto right = multiply(effective, percent.scaled());
    return left && right && *left >= *right;
}

// The thresholds that the job takes an account over, in the order of the accounts of its costs.
Value render_crossed(const model::Decision& decision, const JobCosts& costs) {
    Value out = Value::array();
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const Cost& cost : costs.rows) {
        const auto* account = decision.find(cost.account->name);
        if (account == nullptr || cost.unlimited || cost.wants <= 0)
            continue;
        for (const auto& threshold : account->thresholds)
            if (!threshold.reached && reaches(*account, cost, threshold.percent) &&
                seen.emplace(account->account, threshold.name).second)
                out.append(object(kv("account", account->account), kv("threshold", threshold.name),
                                  kv("percent", threshold.percent.text())));
    }
    return out;
}

// A row of `costs` has it, by itself or in the sum of billing.
bool is_counted(const JobCosts& costs, const std::string& account, const model::Figure& figure) {
    return std::any_of(costs.rows.begin(), costs.rows.end(), [&](const Cost& cost) {
        return cost.account->name == account &&
               (cost.measure->name == figure.component.name ||
                (cost.measure->name == "billing" && model::is_known_before(figure.component.tres)));
    });
}

// The figures that bound the job and that no row has: of TRES that are known when the job starts,
// of weights that Slurm applies, and (component null) of accounts that could not be evaluated.
Value render_not_counted(const ports::CycleReport& cycle, const std::string& account,
                         const JobCosts& costs) {
    Value out = Value::array();
    std::set<std::string> seen;
    for (auto at = cycle.parents.find(account);
         at != cycle.parents.end() && seen.insert(at->first).second;
         at = cycle.parents.find(at->second)) {
        const auto* decision = cycle.decision.find(at->first);
        if (decision == nullptr)
            continue;
        for (const auto& figure : decision->figures)
            if (!is_counted(costs, at->first, figure))
                out.append(
                    object(kv("account", at->first), kv("component", figure.component.name)));
        if (decision->figures.empty() && !decision->error.empty())
            out.append(object(kv("account", at->first), kv("component", Value())));
    }
    return out;
}

struct QuoteAnswer {
    const char* result = "accepted"; // "accepted", "warned", "waits", "refused"
    std::string text = {};           // as the plugin words it
};

// In the order of the plugin. It cannot know what sluice.conf exempts.
QuoteAnswer plugin_answer(const SnapshotView& view, const model::SnapshotAccount& account,
                          const JobRequest& job, const JobCosts& costs, std::uint32_t uid,
                          Instant now) {
    const auto holds = admission::in_force(account, now);
    if (holds.paused())
        return {"refused", admission::refusal_text(view, account, uid, true, now)};
    if (const auto over = admission::shortfall(view, account, job))
        return {over->refused()        ? "refused"
                : over->account->waits ? "waits"
                                       : "warned",
                admission::budget_text(*over)};
    if (const auto over = admission::waiting(costs))
        return {"waits", admission::budget_text(*over)};
    if (!holds.text.empty())
        return {"warned", admission::warning_text(holds)};
    return {};
}

const char* limit_word(const JobRequest& job, const JobCosts& costs) {
    switch (costs.limit) {
    case admission::TimeLimit::given:
        return job.minutes ? "job" : "partition";
    case admission::TimeLimit::none:
        return "none";
    case admission::TimeLimit::unknown:
        break;
    }
    return "unknown";
}

std::string default_account(const SnapshotView& view, std::uint32_t uid) {
    const auto* user = view.user(uid);
    return user == nullptr ? "" : lower(user->default_account);
}

} // namespace

Response view_quote(const Call& call) {
    Form form(call.request, {"account",        "partition",       "qos",
                             "time_limit",     "time_minimum",    "array",
                             "minimum_nodes",  "maximum_nodes",   "required_nodes",
                             "tasks",          "tasks_per_node",  "ntasks_per_tres",
                             "cpus_per_task",  "minimum_cpus",    "minimum_cpus_per_node",
                             "overcommit",     "exclusive",       "memory_per_node",
                             "memory_per_cpu", "memory_per_tres", "cpus_per_tres",
                             "tres_per_job",   "tres_per_node",   "tres_per_socket",
                             "tres_per_task"});
    std::string account = form.account();
    const std::uint32_t uid = call.request.viewer.uid;
    const QuotedJob job(form, uid);
    if (form.fault())
        return failure(*form.fault());
    const CyclePtr cycle = call.status.last_cycle();
    const auto view = call.status.quote_view();
    if (cycle == nullptr || view == nullptr)
        return no_cycle_yet();
    if (account.empty())
        account = default_account(*view, uid);
    if (account.empty())
        return failure(400, "the user has no default account in Slurm; name one as account");
    const Visible visible(cycle.get(), call.request.viewer);
    if (!visible.sees(account) || !cycle->parents.contains(account))
        return no_account(call, cycle.get(), visible, account);

    const auto* record = view->account(account);
    const JobCosts costs =
        record == nullptr ? JobCosts{} : admission::costs(*view, *record, job.request());
    const QuoteAnswer result =
        record == nullptr
            ? QuoteAnswer{}
            : plugin_answer(*view, *record, job.request(), costs, uid, call.status.info().now);
    return answer(call, kv("figures_at", cycle->decision.now), kv("account", account),
                  kv("result", result.result), kv("text", result.text),
                  kv("time_limit_from",
                     record == nullptr ? Value() : Value(limit_word(job.request(), costs))),
                  kv("time_limit_minutes",
                     costs.limit == admission::TimeLimit::given ? Value(costs.minutes) : Value()),
                  kv("time_limit", costs.limit == admission::TimeLimit::given
                                       ? Value(admission::time_limit_text(costs.minutes))
                                       : Value()),
                  kv("longest_minutes", costs.longest ? Value(*costs.longest) : Value()),
                  kv("longest_time",
                     costs.longest ? Value(admission::time_limit_text(*costs.longest)) : Value()),
                  kv("costs", array_of(costs.rows, render_cost)),
                  kv("not_counted", render_not_counted(*cycle, account, costs)),
                  kv("thresholds", render_crossed(cycle->decision, costs)));
}

} // namespace sluice::http
