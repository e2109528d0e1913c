// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/outbox_sender.hpp"

#include "common/base/log.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>

namespace sluice::notify {
namespace {

constexpr std::size_t kBatch = 64;
// Finds messages of a cycle, which does not call wake(); clocks are set and machines sleep.
constexpr std::chrono::seconds kMaxLook{10};
constexpr std::chrono::seconds kJournalPause{10};
constexpr std::chrono::hours kLimitWindow{1};
// So many single messages of a joint delivery, and none accepted.
constexpr std::size_t kHopeless = 2;

} // namespace

std::chrono::seconds DeliveryRetry::wait(std::int64_t failures,
                                         std::optional<std::chrono::seconds> asked,
                                         std::uint32_t random) {
    const auto wait = kBackoff.wait(failures, random);
    return asked ? std::max<std::chrono::seconds>(wait,
                                                  std::min<std::chrono::seconds>(*asked, kMaxAsked))
                 : wait;
}

Instant DeliveryRetry::note(const ports::Delivery& delivery, std::int64_t attempts, Instant now,
                            std::uint32_t random) {
    if (delivery.result != ports::Delivered::target_away) {
        failures_ = 0;
        open_from_ = {};
        return now + wait(attempts + 1, delivery.retry_after, random);
    }
    ++failures_;
    open_from_ = now + wait(failures_, delivery.retry_after, random);
    return open_from_;
}

OutboxSender::OutboxSender(std::string target, ports::Outbox& outbox, ports::Deliverer& deliverer,
                           const Clock& clock)
    : target_(std::move(target)), outbox_(outbox), deliverer_(deliverer), clock_(clock) {}

OutboxSender::OutboxSender(std::string target, ports::Outbox& outbox,
                           ports::BatchDeliverer& deliverer, std::size_t hourly, const Clock& clock)
    : target_(std::move(target)), outbox_(outbox), deliverer_(deliverer), batches_(&deliverer),
      hourly_(hourly), clock_(clock) {}

OutboxSender::~OutboxSender() {
    stop(std::chrono::hours(1));
}

void OutboxSender::start() {
    worker_.start([this] { work(); });
}

bool OutboxSender::stop(std::chrono::milliseconds patience) {
    return worker_.stop(patience, [this] {
        deliverer_.interrupt();
        wake();
    });
}

void OutboxSender::wake() {
    state_.lock()->woken = true;
    changed_.notify_all();
}

OutboxSender::Status OutboxSender::status() const {
    return state_.lock()->status;
}

void OutboxSender::work() {
    Memory memory{{}, std::mt19937(std::random_device{}()), false};
    for (;;) {
        const auto pause = deliver_due(memory);
        auto state = state_.lock();
        changed_.wait_for(state.lock(), pause, [&] { return worker_.stopping() || state->woken; });
        state->woken = false;
        if (worker_.stopping())
            return;
    }
}

std::chrono::seconds OutboxSender::deliver_due(Memory& memory) {
    while (!worker_.stopping()) {
        const Instant now = clock_.now();
        if (memory.retry.waits(now))
            return std::min(memory.retry.open_from() - now, kMaxLook);
        const auto due = outbox_.due(target_, now, kBatch);
        if (!due) {
            if (!memory.journal_failed)
                log::event(log::Level::warning, "SLUICE-0704", "outbox-unreadable",
                           {{"target", target_}, {"error", due.error().context}});
            memory.journal_failed = true;
            return kJournalPause;
        }
        memory.journal_failed = false;
        if (due->empty())
            return until_next();
        for (const auto& entry : *due)
            if (!deliver(entry, memory))
                return kJournalPause;
    }
    return std::chrono::seconds{0};
}

std::chrono::seconds OutboxSender::until_next() {
    const auto next = outbox_.next_due(target_);
    if (!next || !*next)
        return kMaxLook;
    return std::clamp<std::chrono::seconds>(**next - clock_.now(), std::chrono::seconds{1},
                                            kMaxLook);
}

// The journal has the times, so that a restart does not begin a new hour.
Result<std::vector<ports::OutboxEntry>> OutboxSender::batch_of(const ports::OutboxEntry& entry,
                                                               Instant now) {
    if (batches_ == nullptr)
        return std::vector{entry};
    const auto& key = entry.message.key;
    const auto sent = outbox_.deliveries(target_, key, now - kLimitWindow, now, hourly_);
    if (!sent)
        return sent.error();
    if (sent->size() + 1 < hourly_)
        return std::vector{entry};
    if (sent->size() < hourly_)
        return outbox_.waiting(target_, key, ports::kMaxTogether);
    if (const auto done =
            outbox_.put_off(entry.id, sent->back() + kLimitWindow,
                            "waits: " + key + " got " + std::to_string(hourly_) +
                                " within an hour; what waits goes out together after it");
        !done)
        return done.error();
    return std::vector<ports::OutboxEntry>();
}

// An exception of an adapter is a fault of sluiced: the message is tried later, others go on.
ports::Delivery OutboxSender::hand_over(const std::vector<ports::OutboxEntry>& batch) {
    try {
        return batch.size() == 1 ? deliverer_.deliver(batch.front()) : batches_->deliver_all(batch);
    } catch (const std::exception& fault) {
        return {ports::Delivered::later, std::string("internal fault: ") + fault.what(), {}};
    }
}

bool OutboxSender::deliver(const ports::OutboxEntry& entry, Memory& memory) {
    const Instant now = clock_.now();
    if (worker_.stopping() || memory.retry.waits(now))
        return true;
    auto batch = batch_of(entry, now);
    if (!batch) {
        log::event(log::Level::warning, "SLUICE-0704", "outbox-unreadable",
                   {{"target", target_}, {"error", batch.error().context}});
        return false;
    }
    if (batch->empty())
        return true;
    return deliver_parts(std::move(*batch), memory);
}

// One message may be what the target refuses of a joint delivery, so the halves are tried, down to
// single messages. Where the first of these are refused, too, the target refuses the key: the rest
// is not tried.
bool OutboxSender::deliver_parts(Batch all, Memory& memory) {
    std::vector<Batch> parts{std::move(all)}; // the next one last
    ports::Delivery delivery;
    std::size_t refused = 0;
    bool accepted = false;
    while (!parts.empty()) {
        const Batch part = std::move(parts.back());
        parts.pop_back();
        const bool hopeless = !accepted && refused >= kHopeless;
        if (!hopeless)
            delivery = hand_over(part);
        // A delivery that the end of sluiced cut short is no result of the target.
        if (worker_.stopping() && delivery.result != ports::Delivered::done)
            return true;
        const Instant retry_at = memory.retry.note(delivery, part.front().attempts, clock_.now(),
                                                   static_cast<std::uint32_t>(memory.random()));
        note_target(delivery);
        const bool is_refused = delivery.result == ports::Delivered::refused;
        if (is_refused && part.size() > 1 && !hopeless) {
            const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
            parts.emplace_back(middle, part.end());
            parts.emplace_back(part.begin(), middle);
            continue;
        }
        if (!settle_all(part, delivery, retry_at))
            return false;
        accepted = accepted || delivery.result == ports::Delivered::done;
        refused += is_refused ? 1 : 0;
        if (!is_refused && delivery.result != ports::Delivered::done)
            return true; // what follows waits behind it
    }
    return true;
}

// The first last: until it is done, the rest waits behind it, and is sent again after a crash.
bool OutboxSender::settle_all(const std::vector<ports::OutboxEntry>& batch,
                              const ports::Delivery& delivery, Instant retry_at) {
    const auto& first = batch.front();
    const bool all =
        delivery.result == ports::Delivered::done || delivery.result == ports::Delivered::refused;
    if (batch.size() > 1 && delivery.result == ports::Delivered::done)
        log::event(log::Level::info, "SLUICE-0851", "delivered-together",
                   {{"target", target_},
                    {"key", first.message.key},
                    {"messages", std::to_string(batch.size())}});
    for (std::size_t left = all ? batch.size() : 1; left > 0; --left) {
        const auto& entry = batch[left - 1];
        const auto settled = left > 1 && delivery.result == ports::Delivered::done
                                 ? outbox_.succeeded_with(entry.id, first.id)
                                 : settle(entry, delivery, retry_at);
        if (settled)
            continue;
        log::event(log::Level::warning, "SLUICE-0705", "outcome-not-noted",
                   {{"target", target_},
                    {"message", std::to_string(entry.id)},
                    {"error", settled.error().context}});
        return false;
    }
    return true;
}

Result<void> OutboxSender::settle(const ports::OutboxEntry& entry, const ports::Delivery& delivery,
                                  Instant retry_at) {
    switch (delivery.result) {
    case ports::Delivered::done:
        return outbox_.succeeded(entry.id);
    case ports::Delivered::target_away:
    case ports::Delivered::later:
        return outbox_.failed(entry.id, retry_at, delivery.text);
    case ports::Delivered::refused:
        break;
    }
    log::event(log::Level::warning, "SLUICE-0703", "message-parked",
               {{"target", target_},
                {"message", std::to_string(entry.id)},
                {"kind", entry.message.kind},
                {"key", entry.message.key},
                {"error", delivery.text}});
    return outbox_.park(entry.id, delivery.text);
}

// One line when the target goes away, one when it is back.
void OutboxSender::note_target(const ports::Delivery& delivery) {
    auto state = state_.lock();
    auto& status = state->status;
    if (delivery.result != ports::Delivered::target_away) {
        if (status.away_since)
            log::event(log::Level::notice, "SLUICE-0702", "target-back",
                       {{"target", target_},
                        {"after_s", std::to_string((clock_.now() - *status.away_since).count())}});
        status = {};
        return;
    }
    if (!status.away_since) {
        status.away_since = clock_.now();
        log::event(log::Level::warning, "SLUICE-0701", "target-away",
                   {{"target", target_}, {"error", delivery.text}});
    }
    status.error = delivery.text;
}

} // namespace sluice::notify
