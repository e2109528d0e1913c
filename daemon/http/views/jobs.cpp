// SPDX-License-Identifier: GPL-2.0-or-later
// Queued jobs that wait because of Sluice, and what releases each of them.
#include "common/format/command.hpp"
#include "common/format/numbers.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>
#include <set>

namespace sluice::http {
namespace {

using json::Value;
using model::AccountDecision;
using model::WaitingJob;
using model::WaitKind;

constexpr std::size_t kShown = 100;

// Which jobs a request asks for, of those that the viewer may see: staff all, users their own.
struct JobFilter {
    std::vector<std::string> accounts; // empty: all
    std::string user;                  // "": all
    std::string job;                   // number or name; "": all
    std::set<std::string> own;         // names of the viewer

    // `all_users`: the viewer sees the users of the job's account.
    bool shows(const WaitingJob& one, bool all_users) const {
        return (all_users || own.contains(one.user)) && (user.empty() || one.user == user) &&
               (job.empty() || one.name == job || std::to_string(one.id) == job ||
                (one.array_id != 0 && std::to_string(one.array_id) == job));
    }
};

// The instant itself is in the key `until`.
std::string end_of(const AccountDecision& account, const Zone& zone) {
    return account.until ? " (" + format::moment_text(zone, *account.until) + ")" : "";
}

std::string release_text(const WaitingJob& job, const AccountDecision& cause, const Zone& zone) {
    const std::string& name = cause.account;
    switch (job.kind) {
    case WaitKind::held:
        return "Sluice releases the job when account " + name + " is open again" +
               end_of(cause, zone) + ".";
    case WaitKind::invalid_qos:
        return cause.enforced.paused
                   ? "The job may start when account " + name + " is open again" +
                         end_of(cause, zone) + "."
                   : "The job may start when account " + name + " is no longer downscaled" +
                         end_of(cause, zone) + ", or with QOS " + cause.enforced_qos + ".";
    case WaitKind::limit:
        return "The job asks for more than the limit of account " + name +
               " leaves. A job that asks for less may start; a new period or an adjustment raises "
               "the limit.";
    case WaitKind::qos_limit:
        break;
    }
    return "The job waits for a limit of QOS " + cause.enforced_qos +
           ". Jobs of that QOS that end release it, or account " + name +
           " when it is no longer downscaled" + end_of(cause, zone) + ".";
}

// What its user may do at once; "": nothing.
std::string command(const WaitingJob& job, const AccountDecision& cause) {
    if (job.kind != WaitKind::invalid_qos || cause.enforced.paused || cause.enforced_qos.empty())
        return "";
    model::Command change;
    change.type = model::CommandType::set_job_qos;
    change.job = job.name;
    change.qos = {cause.enforced_qos};
    return format::command_line("", change);
}

Value render_waiting(const WaitingJob& job, const AccountDecision& governor,
                     const AccountDecision& cause, const Zone& zone) {
    return object(kv("job_id", job.id), kv("job", job.name), kv("user", job.user),
                  kv("account", job.account), kv("evaluated_account", governor.account),
                  kv("qos", job.qos), kv("state_reason", job.reason), kv("wait", name(job.kind)),
                  kv("because_of", cause.account), kv("standing", model::standing_word(cause)),
                  kv("until", cause.until), kv("release", release_text(job, cause, zone)),
                  kv("command", command(job, cause)));
}

Result<JobFilter> filter_of(const Call& call, const ports::CycleReport* cycle) {
    const Viewer& viewer = call.request.viewer;
    JobFilter out{
        asked(call.request), call.request.argument("user"), call.request.argument("job"), {}};
    if (const auto waiting = call.request.argument("waiting"); !waiting.empty() && waiting != "1")
        return Error{Errc::malformed, "waiting must be 1: sluiced lists only the jobs that wait "
                                      "because of Sluice; squeue lists all jobs"};
    if (cycle != nullptr)
        out.own = user_names(*cycle, viewer.uid);
    if (!viewer.sees_all() && viewer.coordinates.empty() && !out.user.empty() &&
        !out.own.contains(out.user))
        return Error{Errc::refused, "Only staff and coordinators may see the jobs of other users."};
    return out;
}

} // namespace

Response view_jobs(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    if (cycle == nullptr)
        return no_cycle_yet();
    const auto filter = filter_of(call, cycle.get());
    if (!filter)
        return failure(filter.error());
    const Visible visible(cycle.get(), call.request.viewer);
    if (auto bad = unknown(call, cycle.get(), visible, filter->accounts))
        return std::move(*bad);
    const auto page = page_of(call.request, kShown, model::WaitingJobs::kMaxListed);
    if (!page)
        return failure(page.error());
    struct Row {
        const WaitingJob* job;
        const AccountDecision* governor;
    };
    std::vector<Row> rows;
    std::size_t unlisted = 0; // beyond what an evaluation keeps
    for (const auto& account : cycle->decision.accounts) {
        if (!visible.sees(account.account) || !named(filter->accounts, account.account))
            continue;
        for (const auto& job : account.waiting.first)
            if (filter->shows(job, visible.sees_users_of(job.account)))
                rows.push_back({&job, &account});
        unlisted += account.waiting.total() - account.waiting.first.size();
    }
    const Zone zone = call.status.info().zone;
    Value list = Value::array();
    for (std::size_t i = page->begin(rows.size()); i < page->end(rows.size()); ++i) {
        const auto* cause = cycle->decision.find(rows[i].job->cause);
        list.append(render_waiting(*rows[i].job, *rows[i].governor,
                                   cause != nullptr ? *cause : *rows[i].governor, zone));
    }
    Value out = envelope(call);
    put(out, kv("figures_at", cycle->decision.now), kv("count", rows.size()),
        kv("unlisted", call.request.viewer.sees_all() ? unlisted : 0), kv("jobs", std::move(list)));
    Response response = ok(out);
    put_paging(response, call.request, *page, rows.size());
    return response;
}

} // namespace sluice::http
