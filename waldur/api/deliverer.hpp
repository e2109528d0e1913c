// SPDX-License-Identifier: GPL-2.0-or-later
// Brings messages of the outbox to Waldur. Their bodies say what to call; only those that Waldur
// needs several calls for are known here by their kind.
#pragma once

#include "daemon/ports/deliverer.hpp"
#include "waldur/api/portal.hpp"

#include <functional>
#include <set>
#include <string>

namespace sluice::waldur {

class WaldurDeliverer final : public ports::Deliverer {
public:
    // Told of each message that arrived.
    using Arrived = std::function<void(const ports::OutboxEntry&)>;

    WaldurDeliverer(const PortalOptions& options, const Clock& clock, Arrived arrived)
        : offering_(options.offering), arrived_(std::move(arrived)),
          api_(options.url, options.http, options.login, clock) {}

    ports::Delivery deliver(const ports::OutboxEntry& entry) override;
    void interrupt() override { api_.interrupt(); }

private:
    // nullopt: done.
    using Outcome = std::optional<Fault>;
    Outcome act(const ports::OutboxEntry& entry, json::View body);
    Outcome send(const char* method, const std::string& path, const json::Value& body,
                 json::Value* answer = nullptr);
    Outcome send_flag(const ports::OutboxEntry& entry, json::View body);
    Outcome send_user_usages(json::View body);
    Outcome send_metadata(json::View body);
    Outcome send_agent(json::View body);
    Outcome find_service(json::View body);
    ports::Delivery judge(const ports::OutboxEntry& entry, const Fault& fault);

    std::string offering_;
    Arrived arrived_;
    Api api_;
    std::string service_;             // UUID of ours in Waldur; "": not asked yet
    std::set<std::string> forbidden_; // kinds whose 403 was told
};

} // namespace sluice::waldur
