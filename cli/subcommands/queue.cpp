// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice queue`: the queued jobs that wait because of Sluice. `sluice explain --job`: one of them.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/printable.hpp"

#include <cstdint>

namespace sluice::cli {
namespace {

constexpr const char* kJobsPath = "/api/v1/jobs";

constexpr Column kQueueColumns[] = {
    {"jobid", "JobID", 24, "number of the job, or of its array with the tasks", text_cell, "job"},
    {"user", "User", 16, "owner of the job"},
    {"account", "Account", 24, "account of the job"},
    {"qos", "QOS", 16, "QOS of the job"},
    {"reason", "Reason", 30, "why it waits, as squeue shows it", text_cell, "state_reason"},
    {"wait", "Wait", 12,
     "held: by Sluice; invalid_qos: not the QOS that Sluice gave the account; limit: set by "
     "Sluice; "
     "qos_limit: of the QOS that its account is slowed down to"},
    {"because", "Because", 24, "account with that standing or limit", text_cell, "because_of"},
    {"standing", "Standing", 12, "standing of that account", text_cell, nullptr, true},
    {"until", "Until", 25, "when the pause of that account ends by itself", day_cell},
    {"release", "Release", 200, "what releases the job"},
    {"command", "Command", 80, "command with which its user may start it now"},
};
constexpr const char* kQueueShown = "jobid,user,account,reason,wait,because,standing,until";

int show_queue(const Parsed& parsed, const json::Value& answer, Table table) {
    const auto jobs = answer["jobs"].items();
    for (const auto& job : jobs)
        table.add(job);
    if (table.empty())
        remark(parsed, "No job waits because of Sluice.\n");
    else
        print_table(parsed, table);
    const std::int64_t others = answer["count"].integer() + answer["unlisted"].integer() -
                                static_cast<std::int64_t>(jobs.size());
    if (others > 0)
        warn(parsed.context, counted(others, "more job") + " not shown; name accounts or a user");
    return kOk;
}

std::string cause_of(json::View job) {
    const std::string account = job["because_of"].text();
    const std::string wait = job["wait"].text();
    if (wait == "held")
        return "Sluice holds it, since account " + account + " is " + job["standing"].text();
    if (wait == "invalid_qos")
        return "account " + account + " is " + job["standing"].text() + ", and QOS " +
               job["qos"].text() + " is not allowed to start meanwhile";
    return wait == "limit"
               ? "it asks for more than the limit that Sluice set on account " + account + " leaves"
               : "QOS " + job["qos"].text() + ", which account " + account +
                     " is slowed down to, has a limit";
}

} // namespace

int run_queue(Parsed parsed) {
    auto query = parameters(parsed.options);
    query.emplace_back("page_size", "1000");
    if (const auto* user = parsed.options.value("user"); user != nullptr && !user->empty())
        query.emplace_back("user", *user);
    return run_listing(parsed,
                       {kQueueColumns,
                        kQueueShown,
                        kJobsPath,
                        {"standing,user,until,reason", "jobid,account,because"}},
                       query, show_queue);
}

int explain_job(const Parsed& parsed, const std::string& id) {
    const auto answer = ask(parsed, kJobsPath, {{"job", id}});
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    const std::string shown = printable(id); // within its line
    for (const auto& job : (*answer)["jobs"].items()) {
        print(parsed.context, "Job " + job["job"].text() + " of user " + job["user"].text() +
                                  " (account " + job["account"].text() + ", QOS " +
                                  job["qos"].text() + ") waits with reason " +
                                  job["state_reason"].text() + ": " + cause_of(job) + ".\n" +
                                  job["release"].text() + '\n');
        if (const std::string command = job["command"].text(); !command.empty())
            print(parsed.context, "To start it now: " + command + '\n');
    }
    if ((*answer)["jobs"].items().empty())
        print(parsed.context, "Sluice does not keep a job " + shown +
                                  " of yours waiting. The reason of slurmctld: squeue -j " + shown +
                                  " -o %r\n");
    return kOk;
}

} // namespace sluice::cli
