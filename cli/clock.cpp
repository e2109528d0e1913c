// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice clock`: what the daemon's clock was compared with; `sluice clock accept`: a person says
// that its time is right.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array<std::string_view, 1> kVerbs{"accept"};

std::string ahead_text(json::View reading) {
    const auto ahead = reading["ahead_s"];
    if (!ahead.is_integer())
        return "not known";
    const auto seconds = ahead.integer();
    if (seconds == 0)
        return "in step";
    return std::to_string(std::abs(seconds)) + (seconds > 0 ? " s ahead of it" : " s behind it");
}

int show(const Parsed& parsed) {
    const auto answer = client(parsed.context).get("/api/v1/clock", {});
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    const auto clock = (*answer)["clock"];
    std::string out;
    if (!clock.is_object())
        out = "No evaluation has completed since sluiced started.\n";
    else if (clock["trusted"].boolean())
        out = "The clock of sluiced's host is trusted.\n";
    else
        out = "Not trusted: " + clock["detail"].text() + ".\n";
    for (const auto& reading : clock["compared"].items())
        out += "  " + reading["source"].text() + ": " + ahead_text(reading) + '\n';
    for (const auto& entry : (*answer)["accepted"].items())
        out += "Accepted " + local_time(entry, "at") + " by " + entry["by"].text() + " (offset " +
               std::to_string(entry["offset_s"].integer()) + " s): " + entry["reason"].text() +
               '\n';
    print(parsed.context, out);
    return clock.is_object() && !clock["trusted"].boolean() ? kFailed : kOk;
}

} // namespace

int run_clock(const Context& context, int argc, char** argv) {
    const auto& self = *find_subcommand("clock");
    auto parsed =
        parse_options(context, self, kJson | kCluster | kSocket | kWords | kReason, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (parsed.options.words.empty())
        return show(parsed);
    if (take_verb(parsed, self, kVerbs).empty())
        return kFailed;
    if (!parsed.options.words.empty())
        return complain(parsed.context, "sluice clock accept --reason=TEXT takes no other word");
    const auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    return enter(parsed, Method::post, "/api/v1/clock/accept", *body,
                 {"Clock of sluiced's host accepted (entry #).", ""});
}

} // namespace sluice::cli
