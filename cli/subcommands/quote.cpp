// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice quote`: what a job would cost, and what slurmctld's plugin would answer.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/sbatch.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/files.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <cstdio>
#include <cstdlib>

namespace sluice::cli {
namespace {

std::string fits_cell(const Record& record, const char* field) {
    const auto fits = record[field];
    return fits.is_bool() ? (fits.boolean() ? "yes" : "no") : "-";
}

constexpr Column kQuoteColumns[] = {
    {"account", "Account", 24, "account whose budget it is"},
    {"component", "Component", 20, "component of its allocation"},
    {"wants", "Wants", 16, "what the job may use at its time limit", amount_cell},
    {"left", "Left", 16, "what is left of the account now", amount_cell},
    {"after", "After", 16, "what is left when the job has used all that", amount_cell},
    {"fits", "Fits", 4, "whether that is not below zero", fits_cell},
};
constexpr const char* kQuoteShown = "account,component,wants,left,after,fits";

Result<std::string> read_stdin() {
    std::string out;
    char buffer[16384];
    while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, stdin)) {
        out.append(buffer, got);
        if (out.size() > kMaxScript)
            return Error{Errc::malformed, "standard input is larger than the 4 MiB that slurmctld "
                                          "accepts of a script"};
    }
    return out;
}

// The job of the command line, of the environment and of the script.
Result<SbatchJob> job_of(const Parsed& parsed) {
    SbatchJob job;
    std::vector<std::string> script;
    if (auto done = job.read_options(parsed.options.words, script); !done)
        return std::move(done).error();
    if (auto done = job.read_environment([](const char* name) { return std::getenv(name); }); !done)
        return std::move(done).error();
    if (script.empty())
        return job;
    if (script.size() > 1)
        warn(parsed.context,
             "arguments of the script are not read: " +
                 join(std::vector<std::string>(script.begin() + 1, script.end()), " ") +
                 "; options of sbatch stand before the script");
    const std::string name = script.front() == "-" ? "standard input" : script.front();
    const auto text = script.front() == "-" ? read_stdin() : read_file(script.front(), kMaxScript);
    if (!text)
        return text.error();
    if (auto done = job.read_script(*text, name); !done)
        return std::move(done).error();
    return job;
}

std::string time_line(const json::Value& answer) {
    const std::string from = answer["time_limit_from"].text();
    if (from == "none")
        return "Time limit: none: the cost is not known. Name one with --time.\n";
    if (from == "unknown")
        return "Time limit: not known: sluiced does not know the partition. Name one with "
               "--time.\n";
    return "Time limit: " + answer["time_limit"].text() +
           (from == "partition" ? " (of the partition)\n" : "\n");
}

// What the job may cost besides the table, or "".
std::string not_known_lines(const json::Value& answer) {
    std::vector<std::string> components;
    std::string out;
    for (const auto& each : answer["not_counted"].items())
        if (const auto component = each["component"]; component.is_null())
            out += "Account " + each["account"].text() +
                   " could not be evaluated: its part of the cost is not known.\n";
        else
            components.push_back(component.text() + " of " + each["account"].text());
    if (!components.empty())
        out = "Not known before the job starts: " + join(components, ", ") + ".\n" + out;
    return out;
}

std::string result_line(const json::Value& answer) {
    const std::string result = answer["result"].text();
    if (result == "refused")
        return "slurmctld would refuse the job";
    if (result == "waits")
        return "The job would be accepted and wait";
    return result == "warned" ? "The job would be accepted with a warning"
                              : "The job would be accepted";
}

int show_quote(const Parsed& parsed, json::Value answer) {
    if (parsed.options.json)
        return print_json(parsed, answer);
    for_people(parsed, answer);
    auto rows = table(parsed, kQuoteColumns, kQuoteShown);
    if (!rows)
        return complain(parsed.context, rows.error());
    rows->fit({"fits", "account,component"});
    for (const auto& cost : answer["costs"].items())
        rows->add(cost);
    std::string out = not_known_lines(answer);
    if (!rows->empty())
        print_table(parsed, *rows);
    else if (out.empty())
        out = "No allocation bounds account " + answer["account"].text() +
              ": the job costs nothing.\n";
    if (!rows->empty())
        out += time_line(answer);
    const std::string text = answer["text"].text();
    out += result_line(answer) + (text.empty() ? "." : ": " + text) + '\n';
    for (const auto& each : answer["thresholds"].items())
        out += "The job would take account " + each["account"].text() + " to its threshold " +
               each["threshold"].text() + " (" + each["percent"].text() + " %).\n";
    if (const auto longest = answer["longest_minutes"]; longest.is_integer())
        out += longest.integer() == 0
                   ? "No time limit fits.\n"
                   : "Longest time limit that fits: --time=" + answer["longest_time"].text() + '\n';
    print(parsed.context, out);
    return kOk;
}

} // namespace

int run_quote(Parsed parsed) {
    const auto job = job_of(parsed);
    if (!job)
        return complain(parsed.context, job.error());
    if (!job->ignored().empty())
        note(parsed.context,
             "not read, so that the job may cost more: " + printable(join(job->ignored(), ", ")));
    auto answer = client(parsed.context).post("/api/v1/quote", job->body());
    if (!answer)
        return complain(parsed.context, answer.error());
    return show_quote(parsed, std::move(*answer));
}

} // namespace sluice::cli
