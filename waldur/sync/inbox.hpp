// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of Waldur's broker: each makes the sync ask Waldur, and is settled when a cycle by that
// answer is done. So a message is only ever a hint at what has changed: one that is lost, doubled
// or late does no harm.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/ports/inbox.hpp"
#include "waldur/sync/event.hpp"
#include "waldur/sync/messages.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::app {

// Thread-safe.
class PortalInbox final : public ports::InboxReader {
public:
    struct Parts {
        ports::Outbox& outbox;
        Sources& sources;
        const Clock& clock;
        bool report = true;              // results, to Waldur
        std::string mode = "production"; // of the enforcer
        std::function<void()> ask;       // the sync: ask Waldur soon
    };

    explicit PortalInbox(Parts parts) : parts_(std::move(parts)) {}

    // From the inboxes.
    void came(ports::Inbox& from, ports::Incoming message) override;
    void connected(const ports::Inbox& from) override;
    void away(const ports::Inbox& from, const Error& error) override;

    // From the sync, on its thread: `takes` is asked once of each order, and whether its figures
    // are used by rules whose `portal_orders` is `number` or more.
    void orders(std::uint64_t number, const std::function<bool(const PortalEvent&)>& takes);
    // From the sync, on its thread. Waldur is about to be asked; it has answered; a cycle by its
    // last answer is done and its commands are in the outbox.
    void asking();
    void answered();
    void told(const ReportInput& telling);
    bool waits() const;

private:
    struct Waiting {
        ports::Inbox* from = nullptr;
        ports::InboxToken token;
        PortalEvent event;
        std::uint64_t asked = 0; // the question that came after it; 0: none yet
        bool looked_at = false;  // by orders()
        std::uint64_t taken = 0; // number of the orders that it was taken with; 0: it was not
    };
    struct State {
        std::vector<Waiting> waiting;
        std::uint64_t asked = 0;                         // number of the last question
        std::uint64_t answered = 0;                      // of the last one that was answered
        std::map<const ports::Inbox*, std::string> away; // why
        std::set<std::string> unknown;                   // kinds that were told
    };

    void note_unknown(const std::string& name);
    bool report(const ReportInput& telling, const PortalEvent& event);

    Parts parts_;
    mutable Guarded<State> state_;
};

// Why what was ordered is not in force after the cycle of `telling`; "": it is.
std::string order_fault(const ReportInput& telling, const PortalEvent& event);
// Its verdict as a message. REQUIRES: the order or Waldur names a policy
ports::Message tell_order(const ReportInput& telling, const PortalEvent& event,
                          const std::string& fault, const std::string& mode);

} // namespace sluice::app
