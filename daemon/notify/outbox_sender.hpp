// SPDX-License-Identifier: GPL-2.0-or-later
// Delivers the outbox's messages to one target, on a thread of its own: a mail server that hangs
// delays no other target and no cycle.
#pragma once

#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/ports/outbox.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sluice::notify {

// When to try again what could not be delivered to one target: exponential, with jitter, without
// end, and never before the time that the receiver asked for. Pure. One thread.
class DeliveryRetry {
public:
    static constexpr Backoff<std::chrono::seconds> kBackoff{std::chrono::seconds{5},
                                                            std::chrono::minutes{10}, 25};
    // A receiver cannot ask for a longer pause.
    static constexpr std::chrono::hours kMaxAsked{6};

    // `failures` >= 1: the present one included.
    static std::chrono::seconds
    wait(std::int64_t failures, std::optional<std::chrono::seconds> asked, std::uint32_t random);

    // Notes an outcome. Returns when this message may be tried again (without meaning when it is
    // done or refused). `attempts`: of this message, before this one.
    Instant note(const ports::Delivery& delivery, std::int64_t attempts, Instant now,
                 std::uint32_t random);
    // No try before this instant; in the past while the target is not away.
    Instant open_from() const { return open_from_; }
    // No pause is longer: such an instant is of a clock that was ahead.
    bool waits(Instant now) const { return now < open_from_ && open_from_ - now <= kMaxAsked; }
    bool is_away() const { return failures_ > 0; }

private:
    std::int64_t failures_ = 0; // of the target, in a row
    Instant open_from_{};
};

// Thread-safe, except start() and stop().
class OutboxSender {
public:
    struct Status {
        std::optional<Instant> away_since; // nullopt: the last try succeeded, or none was made yet
        std::string error;                 // why the target is away
    };

    // All must outlive it.
    OutboxSender(std::string target, ports::Outbox& outbox, ports::Deliverer& deliverer,
                 const Clock& clock);
    // At most `hourly` (>= 1) deliveries of one key in any hour: of what is more, the last of them
    // takes all that waits, and the rest waits until one of them is an hour old. Where the target
    // refuses what was joined, the parts that it accepts are a few more.
    OutboxSender(std::string target, ports::Outbox& outbox, ports::BatchDeliverer& deliverer,
                 std::size_t hourly, const Clock& clock);
    OutboxSender(const OutboxSender&) = delete;
    OutboxSender& operator=(const OutboxSender&) = delete;
    ~OutboxSender();

    void start();
    // True: the worker has ended. False: it hangs in the deliverer for longer than `patience`;
    // nothing that it uses may be destroyed then.
    bool stop(std::chrono::milliseconds patience);
    // A message was added. Without this call the worker looks every ten seconds.
    void wake();
    Status status() const;

private:
    struct State {
        bool woken = false;
        Status status;
    };

    // What the worker remembers. Lives in work(): no other thread reaches it.
    struct Memory {
        DeliveryRetry retry;
        std::mt19937 random;
        bool journal_failed = false; // logged already
    };

    using Batch = std::vector<ports::OutboxEntry>;

    void work();
    // Delivers what is due. Returns how long to wait before it looks again.
    std::chrono::seconds deliver_due(Memory& memory);
    // False: the journal does not take the outcome; no more now.
    bool deliver(const ports::OutboxEntry& entry, Memory& memory);
    // What goes out with this entry now; empty: it was put off.
    Result<Batch> batch_of(const ports::OutboxEntry& entry, Instant now);
    bool deliver_parts(Batch all, Memory& memory);
    ports::Delivery hand_over(const Batch& batch);
    bool settle_all(const Batch& batch, const ports::Delivery& delivery, Instant retry_at);
    Result<void> settle(const ports::OutboxEntry& entry, const ports::Delivery& delivery,
                        Instant retry_at);
    void note_target(const ports::Delivery& delivery);
    std::chrono::seconds until_next();

    const std::string target_;
    ports::Outbox& outbox_;
    ports::Deliverer& deliverer_;
    ports::BatchDeliverer* const batches_ = nullptr; // the same, where keys have a limit
    const std::size_t hourly_ = 0;
    const Clock& clock_;
    mutable Guarded<State> state_;
    std::condition_variable changed_;
    Worker worker_;
};

} // namespace sluice::notify
