// SPDX-License-Identifier: GPL-2.0-or-later
// Delivers messages of the outbox to Waldur. The body of a message names the call; messages that
// take several calls are known here by their kind.
#pragma once

#include "daemon/ports/outbox.hpp"
#include "waldur/api/api.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace sluice::waldur {

class Deliverer final : public ports::Deliverer {
public:
    // Called for each message that Waldur accepted.
    using Arrived = std::function<void(const ports::OutboxEntry&)>;

    Deliverer(const ApiOptions& options, const Clock& clock, Arrived arrived)
        : arrived_(std::move(arrived)), api_(options, clock) {}

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
    ports::Delivery outcome_of(const ports::OutboxEntry& entry, const Fault& fault);

    Arrived arrived_;
    Api api_;
    std::map<std::string, std::string> services_; // our registered ones: UUID by identity
    std::set<std::string> forbidden_;             // kinds whose 403 was logged
};

} // namespace sluice::waldur
