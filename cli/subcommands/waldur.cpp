// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice waldur`: Waldur's last answers, its resources and their accounts, who is not evaluated
// and why, and what waits for Waldur in the outbox.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

namespace sluice::cli {
namespace {

std::string or_dash(const Record& record, const char* field) {
    const std::string text = record[field].text();
    return text.empty() ? "-" : text;
}

std::string yes_cell(const Record& record, const char* field) {
    return record[field].boolean() ? "yes" : "no";
}

constexpr Column kResourceColumns[] = {
    {"account", "Account", 32, "account of the resource (backend_id)", or_dash},
    {"resource", "Resource", 32, "name of the resource in Waldur", text_cell, "name"},
    {"uuid", "UUID", 32, "UUID of the resource"},
    {"state", "State", 12, "state of the resource in Waldur"},
    {"offering", "Offering", 32, "UUID of the offering"},
    {"policy", "Policy", 20, "policy that evaluates the account", or_dash},
    {"customer", "Organization", 32, "organization of the resource", or_dash},
    {"project", "Project", 32, "project of the resource", or_dash},
    {"paused", "Paused", 6, "flag in Waldur", yes_cell},
    {"downscaled", "Downscaled", 10, "flag in Waldur", yes_cell},
    {"standing", "Standing", 20, "standing of the account", or_dash},
    {"mode", "Mode", 8, "enforce or observe", or_dash},
    {"evaluated", "Evaluated", 9, "whether the last evaluation covers the account", yes_cell},
    {"reason", "Not evaluated because", 60, "why it does not", or_dash},
};
constexpr const char* kResourcesShown = "account,resource,state,policy,standing,evaluated,reason";

std::string offering_line(json::View offering, Instant now) {
    std::string line = "Offering " + offering["uuid"].text();
    if (const std::string policy = offering["policy"].text(); !policy.empty())
        line += " (policy " + policy + ')';
    const auto answered = offering["answered_epoch"];
    if (!answered.is_integer())
        return line + ": no answer yet\n";
    return line + ": answered " + age(now - instant(answered.integer())) + " ago, " +
           counted(offering["resources"].integer(), "resource") + ", " +
           std::to_string(offering["evaluated"].integer()) + " evaluated\n";
}

// One warning for each offering that was not answered, and each problem of its answer.
void warn_of(const Parsed& parsed, json::View offering) {
    const std::string name = "offering " + offering["uuid"].text();
    const std::string state = offering["state"].text();
    const std::string error = offering["error"].text();
    if (state == "away")
        warn(parsed.context, name + ": Waldur does not answer: " + error);
    else if (state == "rejected")
        warn(parsed.context, name + ": Waldur's answer is not used: " + error);
    for (const auto& problem : offering["problems"].texts())
        warn(parsed.context, name + ": " + problem);
}

int show_waldur(const Parsed& parsed, const json::Value& answer, Table table) {
    const auto waldur = answer["waldur"];
    if (!waldur.is_object())
        return complain(parsed.context, "sluiced.yaml has no block waldur");
    remark(parsed, "Waldur " + waldur["url"].text() + ", source " + waldur["source"].text() +
                       ", authority " + waldur["authority"].text() + ", every " +
                       age(std::chrono::seconds(waldur["interval_s"].integer())) + '\n');
    for (const auto& offering : waldur["offerings"].items()) {
        remark(parsed, offering_line(offering, parsed.context.clock.now()));
        warn_of(parsed, offering);
    }
    const auto outbox = waldur["outbox"];
    remark(parsed, "Outbox: " + std::to_string(outbox["waiting"].integer()) + " waiting, " +
                       std::to_string(outbox["parked"].integer()) + " parked\n\n");
    for (const auto& resource : waldur["resources"].items())
        table.add(resource);
    print_table(parsed, table);
    return kOk;
}

} // namespace

int run_waldur(Parsed parsed) {
    return run_listing(parsed, {kResourceColumns, kResourcesShown, "/api/v1/waldur"}, {},
                       show_waldur);
}

} // namespace sluice::cli
