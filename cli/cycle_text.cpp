// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/cycle_text.hpp"

#include "cli/figures.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

std::string standing(json::View state) {
    if (state["paused"].boolean())
        return "paused";
    return state["downscaled"].boolean() ? "downscaled" : "normal";
}

// "1231 of 1200 node_hours (102.58 %)"
std::string figures(json::View account) {
    const std::string judged = account["judged"].text();
    const std::string share = percent(account["usage_percentage"]);
    for (const auto& component : account["components"].items())
        if (component["component"].text() == judged)
            return amount(component["used"], false) + " of " +
                   amount(component["effective_allocation"], false) + " " + judged + " (" + share +
                   " %)";
    return share + " % of " + judged;
}

bool changed(json::View account) {
    return account["actions_taken"].size() != 0 ||
           standing(account["previous_state"]) != standing(account["new_state"]);
}

std::string account_line(json::View account) {
    const std::string name = "  " + account["account"].text() + ": ";
    if (const std::string error = account["error"].text(); !error.empty())
        return name + "not judged: " + error + '\n';
    const std::string before = standing(account["previous_state"]);
    const std::string after = standing(account["new_state"]);
    std::string out = name + figures(account) + ", ";
    out += before == after ? "stays " + after : before + " -> " + after;
    if (account["mode"].text() == "observe")
        out += ", observed only";
    if (const auto actions = account["actions_taken"].texts(); !actions.empty())
        out += " [" + join(actions, ", ") + "]";
    return out + '\n';
}

std::string outcome(json::View command, bool dry_run) {
    if (dry_run)
        return "would";
    if (!command["success"].is_bool())
        return "open";
    return command["success"].boolean() ? "done" : "FAILED";
}

std::string command_lines(json::View command, const std::string& word) {
    std::string out = "  " + word + ": " + command["description"].text();
    const std::string reason = " (" + command["reason"].text() + ")";
    if (reason.size() > 3 && !out.ends_with(reason))
        out += reason;
    out += "\n      " + command["sacctmgr"].text() + '\n';
    if (const std::string error = command["error"].text(); !error.empty())
        out += "      error: " + error + '\n';
    return out;
}

std::string problem_lines(const json::Value& answer) {
    std::string out;
    for (const auto& problem : answer["problems"].items()) {
        const std::string account = problem["account"].text();
        out += "  " + (account.empty() ? "" : account + ": ") + problem["what"].text() + '\n';
        if (const std::string remedy = problem["remedy"].text(); !remedy.empty())
            out += "      remedy: " + remedy + '\n';
    }
    return out;
}

// All accounts that were named; without names those that changed or failed.
std::string account_lines(const Parsed& parsed, const json::Value& answer, std::size_t& quiet) {
    std::string out;
    for (const auto& account : answer["accounts"].items()) {
        const bool wanted = !parsed.options.accounts.empty() || changed(account) ||
                            !account["error"].text().empty();
        if (wanted)
            out += account_line(account);
        else
            ++quiet;
    }
    return out;
}

std::string headed(const std::string& title, const std::string& lines) {
    return lines.empty() ? "" : title + '\n' + lines;
}

} // namespace

std::string cycle_text(const Parsed& parsed, const json::Value& answer) {
    const auto cycle = answer["cycle"];
    const bool dry_run = cycle["dry_run"].boolean();
    std::string out = std::string(dry_run ? "Dry run" : "Evaluation") + " on cluster " +
                      cycle["cluster"].text() + " at " + local_time(cycle, "at") + " (" +
                      std::to_string(cycle["duration_ms"].integer()) + " ms)\n";
    std::size_t unchanged = 0;
    out += headed("Accounts:", account_lines(parsed, answer, unchanged));
    if (unchanged != 0)
        out += "  " + std::to_string(unchanged) + (unchanged == 1 ? " account" : " accounts") +
               " unchanged\n";
    std::string commands;
    for (const auto& command : answer["commands"].items())
        commands += command_lines(command, outcome(command, dry_run));
    out += headed("Commands:", commands);
    std::string withheld;
    for (const auto& command : answer["withheld"].items())
        withheld += command_lines(command, "withheld");
    out += headed("Withheld (observe mode, or drift that is only reported):", withheld);
    out += headed("Problems:", problem_lines(answer));
    if (dry_run)
        out += "Nothing was changed.\n";
    else if (commands.empty())
        out += "Nothing to change in Slurm.\n";
    return out;
}

bool any_failed(const json::Value& answer) {
    for (const auto& command : answer["commands"].items())
        if (command["success"].is_bool() && !command["success"].boolean())
            return true;
    return false;
}

} // namespace sluice::cli
