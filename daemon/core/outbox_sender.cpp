// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/outbox_sender.hpp"

#include "common/base/log.hpp"

#include <algorithm>
#include <exception>

namespace sluice::app {
namespace {

constexpr std::size_t kBatch = 64;
// A message that a cycle wrote is seen by then without wake(); clocks are set and machines sleep.
constexpr std::chrono::seconds kMaxLook{10};
constexpr std::chrono::seconds kJournalPause{10};

} // namespace

OutboxSender::OutboxSender(std::string target, ports::Outbox& outbox, ports::Deliverer& deliverer,
                           const Clock& clock)
    : target_(std::move(target)), outbox_(outbox), deliverer_(deliverer), clock_(clock),
      random_(std::random_device{}()) {}

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
    for (;;) {
        const auto pause = round();
        auto state = state_.lock();
        changed_.wait_for(state.lock(), pause, [&] { return worker_.stopping() || state->woken; });
        state->woken = false;
        if (worker_.stopping())
            return;
    }
}

std::chrono::seconds OutboxSender::round() {
    while (!worker_.stopping()) {
        const Instant now = clock_.now();
        if (now < pace_.open_from())
            return std::min(pace_.open_from() - now, kMaxLook);
        const auto due = outbox_.due(target_, now, kBatch);
        if (!due) {
            if (!journal_told_)
                log::event(log::Level::warning, "SLUICE-0704", "outbox-unreadable",
                           {{"target", target_}, {"error", due.error().context}});
            journal_told_ = true;
            return kJournalPause;
        }
        journal_told_ = false;
        if (due->empty())
            return until_next();
        for (const auto& entry : *due)
            if (!carry(entry))
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

// An exception of an adapter is a fault of ours: the message is put off and others go on.
bool OutboxSender::carry(const ports::OutboxEntry& entry) {
    const Instant now = clock_.now();
    if (worker_.stopping() || now < pace_.open_from())
        return true;
    ports::Delivery delivery;
    try {
        delivery = deliverer_.deliver(entry);
    } catch (const std::exception& fault) {
        delivery = {ports::Delivered::later, std::string("internal fault: ") + fault.what(), {}};
    }
    // What was cut short by our own end says nothing about the other side.
    if (worker_.stopping() && delivery.result != ports::Delivered::done)
        return true;
    const Instant retry_at =
        pace_.note(delivery, entry.attempts, now, static_cast<std::uint32_t>(random_()));
    note_target(delivery);
    const auto settled = settle(entry, delivery, retry_at);
    if (!settled)
        log::event(log::Level::warning, "SLUICE-0705", "outcome-not-noted",
                   {{"target", target_},
                    {"message", std::to_string(entry.id)},
                    {"error", settled.error().context}});
    return settled.has_value();
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

// One line when it goes, one when it is back.
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

} // namespace sluice::app
