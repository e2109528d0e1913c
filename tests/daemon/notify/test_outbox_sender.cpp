// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/outbox_sender.hpp"
#include "daemon/storage/journal.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

using namespace sluice;
using ports::Delivered;
using ports::Delivery;
using ports::MessageState;

namespace {

constexpr Instant kNow = instant(1'800'000'000);
constexpr std::chrono::seconds kPatience{60};

class FakeTarget final : public ports::Deliverer {
public:
    Delivery deliver(const ports::OutboxEntry& entry) override {
        const std::lock_guard lock(mutex_);
        got_.push_back(entry.message.body);
        return answer ? answer(entry) : Delivery{};
    }
    std::string got() const {
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const auto& body : got_)
            text += body;
        return text;
    }
    std::function<Delivery(const ports::OutboxEntry&)> answer; // under the lock

private:
    mutable std::mutex mutex_;
    std::vector<std::string> got_;
};

struct Post {
    test::ScratchDir dir;
    test::FixedClock clock{kNow};
    std::unique_ptr<storage::SqliteJournal> journal =
        *storage::SqliteJournal::open(dir.file("j.db"), clock);
    FakeTarget target;
    notify::OutboxSender sender{"waldur", journal->outbox(), target, clock};

    void add(const std::string& key, const std::string& letter) {
        ports::Message message;
        message.target = "waldur";
        message.kind = "k";
        message.key = key;
        message.correlation = letter;
        message.body = letter;
        CHECK(journal->outbox().add(std::vector{message}));
        sender.wake();
    }
    std::size_t in(MessageState state) {
        return journal->outbox().list({"waldur", state, 1000})->size();
    }
};

template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 500; ++i) {
        if (condition())
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

Delivery away(std::optional<std::chrono::seconds> asked = std::nullopt) {
    return {Delivered::target_away, "502", asked};
}

} // namespace

CASE(what_is_added_is_delivered_in_order_of_each_key) {
    Post post;
    post.add("r1", "a");
    post.add("r1", "b");
    post.sender.start();
    CHECK(eventually([&] { return post.target.got() == "ab"; }));
    post.add("r1", "c");
    CHECK(eventually([&] { return post.in(MessageState::done) == 3; }));
    CHECK_EQ(post.target.got(), "abc");
    CHECK(post.sender.stop(kPatience));
}

CASE(nothing_is_tried_while_the_target_is_away_and_all_comes_in_order_after) {
    Post post;
    bool away = true;
    post.target.answer = [&](const auto&) {
        return away ? Delivery{Delivered::target_away, "502", {}} : Delivery{};
    };
    post.add("r1", "a");
    post.add("r2", "b");
    post.add("r1", "c");
    post.sender.start();
    CHECK(eventually([&] { return post.sender.status().away_since.has_value(); }));
    CHECK_EQ(post.sender.status().error, "502");
    CHECK_EQ(post.target.got(), "a"); // the rest is not even tried
    CHECK_EQ(post.in(MessageState::waiting), 3U);
    CHECK(post.sender.stop(kPatience));
    away = false;
    notify::OutboxSender next("waldur", post.journal->outbox(), post.target, post.clock);
    post.clock.advance(std::chrono::minutes(15));
    next.start();
    CHECK(eventually([&] { return post.in(MessageState::done) == 3; }));
    CHECK_EQ(post.target.got(), "aabc");
    CHECK(next.stop(kPatience));
}

CASE(a_refused_message_is_parked_with_its_reason_and_others_pass) {
    Post post;
    post.target.answer = [](const auto& entry) {
        return entry.message.body == "a" ? Delivery{Delivered::refused, "400: bad amount", {}}
                                         : Delivery{};
    };
    post.add("r1", "a");
    post.add("r1", "b");
    post.sender.start();
    CHECK(eventually([&] { return post.in(MessageState::done) == 1; }));
    const auto parked = post.journal->outbox().list({"waldur", MessageState::parked, 10});
    CHECK_EQ(parked->size(), 1U);
    CHECK_EQ(parked->front().error, "400: bad amount");
    CHECK_EQ(parked->front().attempts, 1);
    CHECK(post.sender.stop(kPatience));
}

CASE(a_fault_in_the_deliverer_puts_the_message_off) {
    Post post;
    post.target.answer = [](const auto& entry) -> Delivery {
        if (entry.message.body == "a")
            throw std::runtime_error("broken");
        return {};
    };
    post.add("r1", "a");
    post.add("r2", "b");
    post.sender.start();
    CHECK(eventually([&] { return post.in(MessageState::done) == 1; }));
    CHECK(eventually([&] {
        const auto waiting = post.journal->outbox().list({"waldur", MessageState::waiting, 10});
        return waiting->size() == 1 && waiting->front().error == "internal fault: broken";
    }));
    CHECK(post.sender.stop(kPatience));
}

CASE(stopping_does_not_count_as_a_failed_try) {
    class Slow final : public ports::Deliverer {
    public:
        Delivery deliver(const ports::OutboxEntry&) override {
            entered = true;
            while (!interrupted)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return {Delivered::target_away, "interrupted", {}};
        }
        void interrupt() override { interrupted = true; }
        std::atomic<bool> entered{false};
        std::atomic<bool> interrupted{false};
    };
    Post post;
    Slow slow;
    notify::OutboxSender sender("waldur", post.journal->outbox(), slow, post.clock);
    post.add("r1", "a");
    sender.start();
    CHECK(eventually([&] { return slow.entered.load(); }));
    CHECK(sender.stop(kPatience));
    CHECK_EQ(post.journal->outbox().list({})->front().attempts, 0);
}

CASE(what_the_other_side_asked_for_is_kept_within_reason) {
    CHECK_EQ(notify::DeliveryRetry::wait(1, std::chrono::seconds{120}, 0).count(), 120);
    CHECK_EQ(notify::DeliveryRetry::wait(8, std::chrono::seconds{1}, 0).count(), 600);
    CHECK_EQ(notify::DeliveryRetry::wait(1, std::chrono::seconds{1'000'000}, 0).count(), 6 * 3600);
}

CASE(a_target_that_is_away_is_left_alone_until_its_time) {
    notify::DeliveryRetry retry;
    CHECK(retry.open_from() <= kNow);
    CHECK(retry.note(away(), 0, kNow, 0) == kNow + std::chrono::seconds{5});
    CHECK(retry.open_from() == kNow + std::chrono::seconds{5});
    CHECK(retry.is_away());
    // Attempts of the single message do not count while nobody gets through.
    CHECK(retry.note(away(), 50, kNow, 0) == kNow + std::chrono::seconds{10});
    retry.note({Delivered::done, "", {}}, 0, kNow, 0);
    CHECK(retry.open_from() <= kNow);
    CHECK(!retry.is_away());
    CHECK(retry.note(away(), 0, kNow, 0) == kNow + std::chrono::seconds{5});
}

CASE(a_message_that_has_to_wait_does_not_close_the_target) {
    notify::DeliveryRetry retry;
    CHECK(retry.note({Delivered::later, "409", {}}, 2, kNow, 0) == kNow + std::chrono::seconds{20});
    CHECK(retry.open_from() <= kNow);
}
