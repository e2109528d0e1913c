// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur is told, as messages of the outbox. Pure: who was told what comes in and goes out as
// notes; nothing here asks for the time.
#pragma once

#include "common/settings/portal.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/notes.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/ports/service.hpp"
#include "waldur/sync/rules.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::app {

constexpr const char* kFlagNote = "waldur-flag";   // flag_key() -> text_of(AskedFlag)
constexpr const char* kUsageNote = "waldur-usage"; // "UUID:2026-11" -> what was reported
constexpr const char* kUsersNote = "waldur-users"; // UUID, "UUID:last" -> what was sent; "UUID:due"
constexpr const char* kMetadataNote = "waldur-metadata"; // UUID -> what was sent last

struct Outgoing {
    std::vector<ports::Message> messages;
    std::vector<ports::Note> notes; // to be put after the messages are in the outbox
};

// What the messages are made from. All references outlive it.
struct ReportInput {
    const ports::PortalView& view;
    const AccountResources& roster;
    const Rules& rules;
    const ports::CycleReport& report;
    const std::map<std::string, std::string>& noted; // of the kind in question
    Instant now{};
};

// set_paused, set_downscaled. `asked`: the flags as noted; those that are over are forgotten.
Outgoing tell_flags(const ReportInput& telling, const AskedFlags& asked);
Outgoing tell_metadata(const ReportInput& telling, const std::string& version);
// set_usage of this month and of the last one, two decimals, only what changed. A lower figure than
// the one reported carries a note. A month is closed a day after its end.
Outgoing tell_usage(const ReportInput& telling);
// set_user_usages of this month and, for two days, of the last one; of the accounts whose usage the
// report has by user.
Outgoing tell_users(const ReportInput& telling);
// Notes of resources whose users are to be told, since `usage` tells of them: till tell_users()
// has.
std::vector<ports::Note> tell_due(const ReportInput& telling, const Outgoing& usage,
                                  const std::map<std::string, std::string>& users);
bool is_due(const std::map<std::string, std::string>& users, const std::string& resource);
// At most `most` of them, in turn from the one behind `after` on, which moves on: those that come
// again each time do not hold up the others.
std::set<std::string> take_some(std::set<std::string>& from, std::string& after, std::size_t most);
// report-command-result, one for each account. `commands`: closed ones, in any order.
std::vector<ports::Message> tell_results(const ReportInput& telling,
                                         const std::vector<ports::CommandRecord>& commands);
// One verdict for Waldur. UUIDs as 32 hex digits.
struct CommandResult {
    std::string resource;
    std::string policy;
    std::string error; // "": it succeeded
    std::string mode = "production";
    std::vector<std::string> commands;
    std::string correlation;
};
ports::Message result_message(const CommandResult& result);
ports::Message tell_agent(const ReportInput& telling, const std::string& offering,
                          const std::string& version);

// "12.35" for 44460 TRES-seconds of a component of hours.
std::string units_text(std::int64_t hundredths);
// Of TRES-seconds in units of the component, half up; nullopt: does not fit.
std::optional<std::int64_t> hundredths(Amount amount, const model::Component& component);
// nullptr: the report has no such window.
const model::WindowUsage* window_of(const ports::CycleReport& report, Instant begin, Instant end);
// 2a3b4c5d-6e7f-...
std::string dashed(const std::string& uuid);

} // namespace sluice::app
