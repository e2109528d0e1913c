// SPDX-License-Identifier: GPL-2.0-or-later
// Delivers messages of the outbox ("webhook") by POST to one address, signed so that the receiver
// can check their origin and age.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/secret.hpp"
#include "daemon/ports/outbox.hpp"

#include <atomic>
#include <string>

namespace sluice::notify {

struct WebhookSettings {
    Secret url;               // http:// or https://
    bool secret_path = false; // responses may repeat the path, so no error has their text
    std::string ca_file;
    Secret secret; // empty: unsigned
};

// Headers: X-Sluice-Event (kind), X-Sluice-Delivery (correlation: the same when it comes again),
// X-Sluice-Timestamp (epoch seconds), X-Sluice-Signature: sha256=HEX of
// HMAC-SHA-256(secret, TIMESTAMP "." BODY).
class Webhook final : public ports::Deliverer {
public:
    // Before threads are started, like a Mailer. `clock` must outlive it.
    Webhook(WebhookSettings settings, const Clock& clock);

    ports::Delivery deliver(const ports::OutboxEntry& entry) override;
    void interrupt() override { stop_ = true; }

private:
    Result<std::string> signature(const std::string& timestamp, const std::string& body) const;

    WebhookSettings settings_;
    const Clock& clock_;
    std::atomic<bool> stop_{false};
};

} // namespace sluice::notify
