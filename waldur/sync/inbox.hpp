// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of Waldur's broker: each makes the sync ask Waldur, and is settled when an evaluation by
// that answer is done. So a message is only a hint at what has changed: a lost, doubled or late one
// does no harm. The limits of a message also count before Waldur answers.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/core/sources.hpp"
#include "waldur/stomp/inbox.hpp"
#include "waldur/sync/event.hpp"
#include "waldur/sync/report.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::waldur {

// Thread-safe.
class MessageInbox final : public stomp::InboxReader {
public:
    struct Parts {
        ports::Outbox& outbox;
        core::Sources& sources;
        const Clock& clock;
        std::string source; // its name in status and metrics: "waldur-events"
        std::string offering;
        bool report = true;              // results, to Waldur
        std::string mode = "production"; // of the enforcer
        std::function<void()> ask;       // the sync: ask Waldur soon
    };

    explicit MessageInbox(Parts parts) : parts_(std::move(parts)) {}

    // From the connections to the broker.
    void came(stomp::Inbox& from, stomp::Incoming message) override;
    void connected(const stomp::Inbox& from) override;
    void away(const stomp::Inbox& from, const Error& error) override;

    // The others from the sync, on its thread. `takes` is called once for each message with limits:
    // whether they are used by rules whose `source_version` is `version` or later.
    void take_limits(std::uint64_t version, const std::function<bool(const Event&)>& takes);
    // Waldur is about to be asked.
    void asking();
    // It has answered.
    void answered();
    // An evaluation by Waldur's last answer is done and its commands are in the outbox.
    void settle(const ReportInput& input);
    bool waits() const;

private:
    struct Waiting {
        stomp::Inbox* from = nullptr;
        stomp::InboxToken token;
        Event event;
        std::uint64_t asked = 0; // number of the first question after it; 0: none yet
        bool seen = false;       // by take_limits()
        std::uint64_t taken = 0; // version of the rules that first used its limits; 0: none
    };
    struct State {
        std::vector<Waiting> waiting;
        std::uint64_t asked = 0;                         // number of the last question
        std::uint64_t answered = 0;                      // number of the last answered question
        std::map<const stomp::Inbox*, std::string> away; // why
        std::set<std::string> unknown;                   // kinds that were logged
    };

    void note_unknown(const std::string& name);
    bool report(const ReportInput& input, const Event& event);

    Parts parts_;
    mutable Guarded<State> state_;
};

// Why the limits of `event` are not in force after the evaluation of `input`; "": they are.
// `offering`: the one of this cluster.
std::string limits_fault(const ReportInput& input, const Event& event, const std::string& offering);

} // namespace sluice::waldur
