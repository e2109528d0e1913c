// SPDX-License-Identifier: GPL-2.0-or-later
// Port: brings one message of the outbox to where it belongs. One adapter for each target.
#pragma once

#include "daemon/ports/outbox.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sluice::ports {

enum class Delivered {
    done,
    target_away, // nothing gets there now: no connection, 5xx, 429
    later,       // only this message has to wait
    refused,     // will never be accepted as it is: it is parked, `text` says why
};

struct Delivery {
    Delivered result = Delivered::done;
    std::string text; // unless done: why; never a secret
    // What the other side asked for (Retry-After).
    std::optional<std::chrono::seconds> retry_after;
};

// deliver() is called from one thread. A message may come twice (the daemon died before it could
// note the first time), with the same correlation and id.
class Deliverer {
public:
    Deliverer() = default;
    Deliverer(const Deliverer&) = delete;
    Deliverer& operator=(const Deliverer&) = delete;
    virtual ~Deliverer() = default;

    // Returns within a minute, whatever the other side does.
    virtual Delivery deliver(const OutboxEntry& entry) = 0;
    // From any thread: a deliver() that runs, and each one after, returns at once.
    virtual void interrupt() {}
};

} // namespace sluice::ports
