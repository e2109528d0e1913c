// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice outbox`: messages to Waldur, mail and webhooks that wait; retry or drop them.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

constexpr std::string_view kOutboxVerbs[] = {"list", "retry", "drop"};

std::string next_cell(const Record& record, const char* field) {
    const auto next = record[field];
    if (!next.is_integer())
        return "-";
    const auto in = instant(next.integer()) - record.now;
    return in.count() <= 0 ? "now" : age(in);
}

std::string last_error_cell(const Record& record, const char* field) {
    const std::string error = record[field].text();
    return error.empty() ? "-" : error;
}

constexpr Column kOutboxColumns[] = {
    {"id", "Number", 10, "number of the message"},
    {"target", "Target", 8, "waldur, mail or webhook"},
    {"kind", "Kind", 24, "kind of message"},
    {"key", "Key", 34, "subject of the message; messages with the same key arrive in order"},
    {"state", "State", 8, "waiting, or parked: refused, waits for `sluice outbox retry` or drop"},
    {"age", "Age", 10, "age of the message", age_cell, "created"},
    {"attempts", "Tries", 6, "number of attempts to send"},
    {"next", "Next", 10, "time until the next attempt", next_cell, "next_try_epoch"},
    {"error", "Error", 80, "error of the last attempt", last_error_cell},
    {"body", "Body", 80, "text of the message"},
};
constexpr const char* kOutboxShown = "id,target,kind,key,state,age,attempts,next,error";

int show_outbox(const Parsed& parsed, const json::Value& answer, Table table) {
    for (const auto& message : answer["messages"].items())
        table.add(message);
    for (const auto& target : answer["targets"].items())
        remark(parsed, target["target"].text() + ": " +
                           std::to_string(target["waiting"].integer()) + " waiting, " +
                           std::to_string(target["parked"].integer()) + " parked\n");
    if (table.empty() && !table.exact())
        remark(parsed, "The outbox is empty.\n");
    else
        print_table(parsed, table);
    return kOk;
}

int act(const Parsed& parsed, const std::string& verb) {
    if (parsed.options.words.empty())
        return complain(parsed.context,
                        "no message number given; usage: sluice outbox " + verb + " NUMBER...");
    for (const auto& id : parsed.options.words) {
        const auto done =
            client(parsed.context)
                .post("/api/v1/outbox/" + percent_encoded(id) + '/' + verb, json::Value::object());
        if (!done)
            return complain(parsed.context, done.error());
        print(parsed.context,
              "Message " + id + (verb == "retry" ? " is queued again.\n" : " is dropped.\n"));
    }
    return kOk;
}

} // namespace

int run_outbox(Parsed parsed) {
    const std::string verb =
        parsed.options.words.empty() ? "list" : take_verb(parsed, kOutboxVerbs);
    if (verb == "list")
        return run_listing(parsed, {kOutboxColumns, kOutboxShown, "/api/v1/outbox"}, {},
                           show_outbox);
    return verb.empty() ? kFailed : act(parsed, verb);
}

} // namespace sluice::cli
