// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice outbox`: what waits to be told to Waldur, by mail or to a webhook; try it again, drop it.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"
#include "common/base/text.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kOutboxColumns{
    Column{"id", "Number", 10, "number of the message"},
    Column{"target", "Target", 8, "waldur, mail or webhook"},
    Column{"kind", "Kind", 24, "what it says"},
    Column{"key", "Key", 34, "whom it is about; messages of one key arrive in order"},
    Column{"state", "State", 8, "waiting, parked (a person must act)"},
    Column{"age", "Age", 10, "time since it was written"},
    Column{"attempts", "Tries", 6, "how often it was tried"},
    Column{"next", "Next", 10, "time until the next try"},
    Column{"error", "Error", 80, "how the last try ended"},
    Column{"body", "Body", 80, "the message itself"},
};
constexpr const char* kOutboxDefault = "id,target,kind,key,state,age,attempts,next,error";

Row outbox_row(json::View message, Instant now) {
    const auto next = message["next_try_epoch"];
    return {std::to_string(message["id"].integer()),
            message["target"].text(),
            message["kind"].text(),
            message["key"].text(),
            message["state"].text(),
            age(now - instant(message["created_epoch"].integer())),
            std::to_string(message["attempts"].integer()),
            !next.is_integer()               ? "-"
            : instant(next.integer()) <= now ? "now"
                                             : age(instant(next.integer()) - now),
            message["error"].text().empty() ? "-" : message["error"].text(),
            message["body"].text()};
}

int show_outbox(const Parsed& parsed, const json::Value& answer, Table sheet) {
    for (const auto& message : answer["messages"].items())
        sheet.rows.push_back(outbox_row(message, parsed.context.clock.now()));
    for (const auto& target : answer["targets"].items())
        remark(parsed, target["target"].text() + ": " +
                           std::to_string(target["waiting"].integer()) + " waiting, " +
                           std::to_string(target["parked"].integer()) + " parked\n");
    if (sheet.rows.empty() && !sheet.exact())
        remark(parsed, "Nothing waits.\n");
    else
        print(parsed.context, sheet.text());
    return kOk;
}

int list_outbox(const Parsed& parsed) {
    return run_listing(parsed, {kOutboxColumns, kOutboxDefault, "/api/v1/outbox"}, {}, show_outbox);
}

int act(const Parsed& parsed, const std::string& verb) {
    if (parsed.options.words.empty())
        return complain(parsed.context, "sluice outbox " + verb + " NUMBER...");
    for (const auto& id : parsed.options.words) {
        const auto done =
            client(parsed.context)
                .post("/api/v1/outbox/" + percent_encoded(id) + '/' + verb, json::Value::object());
        if (!done)
            return complain(parsed.context, done.error());
        print(parsed.context,
              "Message " + id + (verb == "retry" ? " is tried again.\n" : " is dropped.\n"));
    }
    return kOk;
}

} // namespace

int run_outbox(const Context& context, int argc, char** argv) {
    const auto& self = *find_subcommand("outbox");
    auto parsed = parse_options(context, self, kTable | kJson | kSocket | kWords, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kOutboxColumns))
        return kOk;
    if (parsed.options.words.empty())
        return list_outbox(parsed);
    static constexpr std::array<std::string_view, 3> kOutboxVerbs{"list", "retry", "drop"};
    const std::string verb = take_verb(parsed, self, kOutboxVerbs);
    if (verb.empty())
        return kFailed;
    return verb == "list" ? list_outbox(parsed) : act(parsed, verb);
}

} // namespace sluice::cli
