// SPDX-License-Identifier: GPL-2.0-or-later
// Ports: Outbox keeps messages to other systems (Waldur, mail, webhook) until they are delivered
// (SQLite); a Deliverer brings one message to its target (one adapter for each target).
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ports {

constexpr std::size_t kMaxMessageBody = 256 * 1024; // bytes of JSON text

struct Message {
    std::string target; // "waldur", "mail", "webhook"
    std::string kind;   // what it is: "report-command-result", "set-usage" ...
    std::string key;    // messages of one target and key arrive in the order of their adding
    // Unique in the whole outbox, made from what causes the message: adding a message again does
    // nothing, so a caller that does not know whether it was added may add it again.
    std::string correlation;
    std::string body; // JSON text of at most kMaxMessageBody bytes
    // A state, not an event: messages of the same target, kind and key that still wait or are
    // parked are dropped for it.
    bool replaces = false;
};

enum class MessageState { waiting, parked, done, dropped };

constexpr std::string_view name(MessageState state) {
    switch (state) {
    case MessageState::waiting:
        return "waiting";
    case MessageState::parked:
        return "parked";
    case MessageState::done:
        return "done";
    case MessageState::dropped:
        break;
    }
    return "dropped";
}

struct OutboxEntry {
    std::int64_t id = 0; // grows in the order of adding
    Message message;
    MessageState state = MessageState::waiting;
    Instant created{};
    std::int64_t attempts = 0;
    Instant not_before{};          // waiting: next try
    std::string error;             // of the last try; parked, dropped: why
    std::optional<Instant> closed; // when it was done or dropped
};

struct OutboxQuery {
    std::string target;                // "": all
    std::optional<MessageState> state; // nullopt: those waiting and parked
    std::size_t limit = 100;           // oldest first
};

struct OutboxCount {
    std::string target;
    std::int64_t waiting = 0;
    std::int64_t parked = 0;
    std::optional<Instant> oldest; // creation of the oldest that waits
};

// Thread-safe. unavailable: disk full, or locked for longer than the busy timeout. A call either
// happens wholly or not at all. Once add() has returned, the messages outlive a power cut; the
// journal may lose to it that one was delivered.
class Outbox {
public:
    Outbox() = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    virtual ~Outbox() = default;

    // Ids of those that are new, in order. overflow: a body is too long.
    // Messages that must stand or fall with an evaluation go into EvaluationRecord::messages.
    virtual Result<std::vector<std::int64_t>> add(std::span<const Message> messages) = 0;
    // Whether a message of this correlation was added, so that another would not be.
    virtual Result<bool> is_known(const std::string& correlation) = 0;
    // Of each key the oldest waiting message, where it may be tried at `now`; oldest first, at most
    // `most`. A parked message does not hold up those behind it. One that waits for more than a day
    // was put off by a clock that was ahead, and may be tried.
    virtual Result<std::vector<OutboxEntry>> due(const std::string& target, Instant now,
                                                 std::size_t most) = 0;
    // When due() will next return a message; nullopt: not before one is added.
    virtual Result<std::optional<Instant>> next_due(const std::string& target) = 0;

    // Waiting messages of the key whatever their next try; oldest first, at most `most`.
    virtual Result<std::vector<OutboxEntry>> waiting(const std::string& target,
                                                     const std::string& key, std::size_t most) = 0;
    // When messages of the key were delivered, after `since` and up to `until`; newest first, at
    // most `most`. Several that were delivered together count once.
    virtual Result<std::vector<Instant>> deliveries(const std::string& target,
                                                    const std::string& key, Instant since,
                                                    Instant until, std::size_t most) = 0;

    virtual Result<void> succeeded(std::int64_t id) = 0;
    // The message was a part of the delivery of message `first`.
    virtual Result<void> succeeded_with(std::int64_t id, std::int64_t first) = 0;
    // Not tried now, and not before `until`; no try is counted.
    virtual Result<void> put_off(std::int64_t id, Instant until, const std::string& why) = 0;
    // One try more; the next not before `retry_at`.
    virtual Result<void> failed(std::int64_t id, Instant retry_at, const std::string& error) = 0;
    // One try more; the message waits for a person from now on.
    virtual Result<void> park(std::int64_t id, const std::string& reason) = 0;

    virtual Result<std::vector<OutboxEntry>> list(const OutboxQuery& query) = 0;
    // Only targets that have waiting or parked messages.
    virtual Result<std::vector<OutboxCount>> counts() = 0;
    // Makes a waiting or parked message due at once. not_found: no such message.
    virtual Result<void> retry(std::int64_t id) = 0;
    virtual Result<void> drop(std::int64_t id, const std::string& reason) = 0;
};

enum class Delivered {
    done,
    target_away, // the target accepts nothing now: no connection, 5xx, 429
    later,       // only this message has to wait
    refused,     // the target will never accept it as it is: it is parked, `text` has the reason
};

struct Delivery {
    Delivered result = Delivered::done;
    std::string text; // unless done: the reason; never a secret
    // Retry-After of the target's response.
    std::optional<std::chrono::seconds> retry_after;
};

// deliver() is called from one thread, that for mail from several. A message may come twice (the
// daemon died before it recorded the first time), with the same correlation and id.
class Deliverer {
public:
    Deliverer() = default;
    Deliverer(const Deliverer&) = delete;
    Deliverer& operator=(const Deliverer&) = delete;
    virtual ~Deliverer() = default;

    // Returns within a minute, whatever the target does.
    virtual Delivery deliver(const OutboxEntry& entry) = 0;
    // From any thread: a running deliver(), and each later one, returns at once.
    virtual void interrupt() {}
};

constexpr std::size_t kMaxTogether = 500;

// Delivers several messages of one key at once, where that serves the receiver.
class BatchDeliverer : public Deliverer {
public:
    // Oldest first, at least two, at most kMaxTogether. The outcome is that of all.
    virtual Delivery deliver_all(std::span<const OutboxEntry> entries) = 0;
};

} // namespace sluice::ports
