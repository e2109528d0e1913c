// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice clock`: how the clock of sluiced's host compares with its sources; `sluice clock accept`:
// a person confirms its time.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"

#include <cstdlib>

namespace sluice::cli {
namespace {

constexpr std::string_view kClockVerbs[] = {"accept"};

// "  12 s ahead of slurmctld"
std::string offset_line(json::View reading) {
    auto source = reading["source"].text();
    if (source == "elapsed")
        source = "the time elapsed since the last evaluation";
    const auto ahead = reading["ahead_s"];
    if (!ahead.is_integer())
        return "  offset from " + source + " unknown\n";
    const auto seconds = ahead.integer();
    return (seconds == 0 ? "  in step with "
                         : "  " + std::to_string(std::abs(seconds)) +
                               (seconds > 0 ? " s ahead of " : " s behind ")) +
           source + '\n';
}

int show_clock(const Parsed& parsed) {
    const auto answer = client(parsed.context).get("/api/v1/clock", {});
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    const auto clock = (*answer)["clock"];
    const bool trusted = clock["trusted"].boolean();
    std::string out = "The clock of sluiced's host is trusted.\n";
    if (!clock.is_object())
        out = "No evaluation has completed since sluiced started.\n";
    else if (!trusted)
        out = "The clock of sluiced's host is not trusted: " + clock["detail"].text() + ".\n";
    for (const auto& reading : clock["compared"].items())
        out += offset_line(reading);
    for (const auto& entry : (*answer)["accepted"].items())
        out += "Accepted at " + local_time(entry, "at", zone_of(*answer)) + " by " +
               entry["by"].text() + " (offset " + std::to_string(entry["offset_s"].integer()) +
               " s): " + entry["reason"].text() + '\n';
    print(parsed.context, out);
    return clock.is_object() && !trusted ? kFailed : kOk;
}

} // namespace

int run_clock(Parsed parsed) {
    if (parsed.options.words.empty())
        return show_clock(parsed);
    if (take_verb(parsed, kClockVerbs).empty())
        return kFailed;
    if (!parsed.options.words.empty())
        return complain(parsed.context, "unexpected argument '" + parsed.options.words.front() +
                                            "'; usage: sluice clock accept --reason=TEXT");
    const auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    return enter(parsed, Method::post, "/api/v1/clock/accept", *body,
                 {"Clock of sluiced's host accepted (entry #).", ""});
}

} // namespace sluice::cli
