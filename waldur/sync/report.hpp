// SPDX-License-Identifier: GPL-2.0-or-later
// Reports to Waldur, as messages of the outbox. Pure: what was sent before comes in, what is sent
// now goes out; nothing here asks for the time.
#pragma once

#include "common/settings/waldur.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/ports/status.hpp"
#include "waldur/sync/rules.hpp"
#include "waldur/sync/sent.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::waldur {

inline constexpr const char* kTarget = "waldur"; // of the outbox

struct Outgoing {
    std::vector<ports::Message> messages;
    Sent sent;                      // to be noted after the messages are in the outbox
    std::vector<FlagKey> forgotten; // flags that are not Sluice's any more
};

// What the messages are made from. All references outlive it.
struct ReportInput {
    const Offering& offering;
    const AccountResources& resources;
    const core::Rules& rules;
    const ports::CycleReport& report;
    const Sent& sent;
    Instant now{};
};

// set_paused, set_downscaled.
Outgoing make_flag_messages(const ReportInput& input);
// set_backend_metadata, where it has changed; of the usage only whole percents count.
Outgoing make_metadata_messages(const ReportInput& input, const std::string& version);
// set_usage of this month and of the last one, two decimals, only what changed. A lower figure than
// the one reported carries a note. A month is closed a day after its end.
Outgoing make_usage_messages(const ReportInput& input);
// Marks the resources whose usage `usage` reports: their usage by user is due.
Outgoing users_due(const ReportInput& input, const Outgoing& usage);
// set_user_usages of this month and, for two days, of the last one; of the accounts whose usage the
// report splits by user, which are not due any more.
Outgoing make_user_messages(const ReportInput& input);
// At most `most` of `from`, in turn, beginning behind `after`, which moves on: those that come
// again each time do not hold up the others.
std::set<std::string> take_some(std::set<std::string>& from, std::string& after, std::size_t most);

// UUIDs as 32 hex digits.
struct CommandResult {
    std::string resource;
    std::string policy;
    std::string error; // "": success
    std::string mode = "production";
    std::vector<std::string> commands;
    std::string correlation;
};
// report-command-result.
ports::Message result_message(const CommandResult& result);
// One for each account. `commands`: closed ones, in any order.
std::vector<ports::Message> make_result_messages(const ReportInput& input,
                                                 const std::vector<ports::CommandRecord>& commands);
// Identity, service, processor and statistics of the agent.
ports::Message make_agent_message(const ReportInput& input, const std::string& offering,
                                  const std::string& version);

} // namespace sluice::waldur
