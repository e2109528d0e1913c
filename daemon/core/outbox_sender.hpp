// SPDX-License-Identifier: GPL-2.0-or-later
// Empties the outbox of one target, by a thread of its own: a mail server that hangs does not hold
// up Waldur, and nobody holds up a cycle.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/core/pace.hpp"
#include "daemon/ports/deliverer.hpp"
#include "daemon/ports/outbox.hpp"

#include <chrono>
#include <condition_variable>
#include <optional>
#include <random>
#include <string>

namespace sluice::app {

// Thread-safe, except start() and stop().
class OutboxSender {
public:
    // What one of them may show to people.
    struct Status {
        std::optional<Instant> away_since; // nullopt: the last try got through, or there was none
        std::string error;                 // why it is away
    };

    // All must outlive it.
    OutboxSender(std::string target, ports::Outbox& outbox, ports::Deliverer& deliverer,
                 const Clock& clock);
    OutboxSender(const OutboxSender&) = delete;
    OutboxSender& operator=(const OutboxSender&) = delete;
    ~OutboxSender();

    void start();
    // True: the worker has ended. False: it hangs in the deliverer for longer than `patience`;
    // nothing that it uses may be destroyed then.
    bool stop(std::chrono::milliseconds patience);
    // Something was added. Without it the worker looks by itself every few seconds.
    void wake();
    Status status() const;

private:
    struct State {
        bool woken = false;
        Status status;
    };

    void work();
    // Delivers what is due; how long to wait before the next look.
    std::chrono::seconds round();
    // False: no more now.
    bool carry(const ports::OutboxEntry& entry);
    Result<void> settle(const ports::OutboxEntry& entry, const ports::Delivery& delivery,
                        Instant retry_at);
    void note_target(const ports::Delivery& delivery);
    std::chrono::seconds until_next();

    const std::string target_;
    ports::Outbox& outbox_;
    ports::Deliverer& deliverer_;
    const Clock& clock_;
    Pace pace_;                 // the worker's
    std::mt19937 random_;       // the worker's
    bool journal_told_ = false; // the worker's: its trouble is in the log
    mutable Guarded<State> state_;
    std::condition_variable changed_;
    Worker worker_;
};

} // namespace sluice::app
