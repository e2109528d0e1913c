// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/outbox_sender.hpp"
#include "daemon/storage/journal.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
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
    CHECK(retry.waits(kNow));
    CHECK(!retry.waits(kNow + std::chrono::seconds{5}));
    CHECK(!retry.waits(kNow - std::chrono::hours{24})); // the clock was ahead
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

namespace {

// Notes what came, "+" between those that came together.
class BatchTarget final : public ports::BatchDeliverer {
public:
    Delivery deliver(const ports::OutboxEntry& entry) override { return take({&entry, 1}); }
    Delivery deliver_all(std::span<const ports::OutboxEntry> entries) override {
        return take(entries);
    }
    std::string got() const {
        const std::lock_guard lock(mutex_);
        return got_;
    }
    std::atomic<bool> refuses{false};
    std::atomic<bool> away{false};
    std::atomic<int> tries{0};

private:
    Delivery take(std::span<const ports::OutboxEntry> entries) {
        const std::lock_guard lock(mutex_);
        if (away)
            return {Delivered::target_away, "421", {}};
        ++tries;
        for (const auto& entry : entries)
            if (refuses || entry.message.body == "!")
                return {Delivered::refused, "550", {}};
        for (const auto& entry : entries)
            got_ += entry.message.body + (&entry == &entries.back() ? " " : "+");
        return {};
    }
    mutable std::mutex mutex_;
    std::string got_;
};

// Three deliveries of a key an hour.
struct Limited {
    Post post;
    BatchTarget target;
    std::unique_ptr<notify::OutboxSender> sender;

    void restart() {
        sender.reset();
        sender = std::make_unique<notify::OutboxSender>("waldur", post.journal->outbox(), target, 3,
                                                        post.clock);
        sender->start();
    }
    void add(const std::string& key, const std::string& letters) {
        for (const char letter : letters)
            post.add(key, std::string(1, letter));
        if (sender)
            sender->wake();
    }
    bool gets(const std::string& text) {
        return eventually([&] { return target.got() == text; });
    }
    bool waits(std::size_t count) {
        return eventually([&] {
            const auto due = post.journal->outbox().due("waldur", post.clock.now(), 10);
            return due->empty() && post.in(MessageState::waiting) == count;
        });
    }
};

} // namespace

CASE(what_is_over_the_hourly_limit_comes_as_one) {
    Limited lab;
    lab.add("pi", "abcdefgh");
    lab.restart();
    CHECK(lab.gets("a b c+d+e+f+g+h "));
    CHECK(eventually([&] { return lab.post.in(MessageState::done) == 8; }));
    lab.add("pi", "ij");
    CHECK(lab.waits(2));
    const auto head = lab.post.journal->outbox().list({"waldur", MessageState::waiting, 10});
    CHECK_EQ(head->front().error,
             "waits: pi got 3 within an hour; what waits goes out together after it");
    CHECK_EQ(head->front().attempts, 0);
    CHECK(head->front().not_before == kNow + std::chrono::hours{1});
    // The journal has the hour: a restart does not begin another.
    lab.restart();
    CHECK(lab.waits(2));
    CHECK_EQ(lab.target.got(), "a b c+d+e+f+g+h ");
    lab.post.clock.advance(std::chrono::hours{1});
    lab.sender->wake();
    CHECK(lab.gets("a b c+d+e+f+g+h i j "));
}

CASE(one_key_over_its_limit_keeps_no_other_waiting) {
    Limited lab;
    for (int i = 0; i < 600; ++i) {
        ports::Message message{"waldur", "k", "busy", "busy" + std::to_string(i), "x", false};
        CHECK(lab.post.journal->outbox().add(std::vector{message}));
    }
    lab.add("calm", "ab");
    lab.restart();
    CHECK(eventually([&] { return lab.target.got().find("b ") != std::string::npos; }));
    CHECK(eventually([&] { return lab.post.in(MessageState::done) == 504; }));
    CHECK(lab.waits(98));
}

CASE(what_waits_together_is_kept_until_it_was_delivered) {
    Limited lab;
    lab.target.away = true;
    lab.add("pi", "abcde");
    lab.restart();
    CHECK(eventually([&] { return lab.sender->status().away_since.has_value(); }));
    CHECK_EQ(lab.post.in(MessageState::waiting), 5U);
    lab.target.away = false;
    lab.post.clock.advance(std::chrono::minutes{15});
    lab.sender->wake();
    CHECK(lab.gets("a b c+d+e "));
    lab.add("pi", "fgh");
    CHECK(lab.waits(3));
    lab.target.away = true;
    lab.post.clock.advance(std::chrono::hours{1});
    lab.sender->wake();
    CHECK(eventually([&] { return lab.sender->status().away_since.has_value(); }));
    lab.restart();
    CHECK_EQ(lab.post.in(MessageState::waiting), 3U);
    lab.target.away = false;
    lab.post.clock.advance(std::chrono::minutes{15});
    lab.sender->wake();
    CHECK(lab.gets("a b c+d+e f g h "));
}

CASE(what_is_refused_together_is_parked_together) {
    Limited lab;
    lab.add("pi", "ab");
    lab.restart();
    CHECK(lab.gets("a b "));
    lab.sender.reset();
    lab.add("pi", "cde");
    lab.target.refuses = true;
    lab.restart();
    CHECK(eventually([&] { return lab.post.in(MessageState::parked) == 3; }));
    CHECK_EQ(lab.post.in(MessageState::waiting), 0U);
}

CASE(one_that_is_refused_takes_no_other_with_it) {
    Limited lab;
    lab.add("pi", "ab");
    lab.restart();
    CHECK(lab.gets("a b "));
    lab.sender.reset();
    lab.add("pi", "cd!fgh");
    lab.restart();
    CHECK(lab.gets("a b c d f+g+h "));
    CHECK(eventually([&] { return lab.post.in(MessageState::done) == 7; }));
    const auto parked = lab.post.journal->outbox().list({"waldur", MessageState::parked, 10});
    CHECK_EQ(parked->size(), 1U);
    CHECK_EQ(parked->front().message.body, "!");
}

CASE(a_key_that_is_refused_is_not_tried_message_by_message) {
    Limited lab;
    lab.add("pi", "ab");
    lab.restart();
    CHECK(lab.gets("a b "));
    lab.sender.reset();
    for (int i = 0; i < 400; ++i)
        CHECK(lab.post.journal->outbox().add(std::vector{
            ports::Message{"waldur", "k", "pi", "pi" + std::to_string(i), "!", false}}));
    lab.target.tries = 0;
    lab.restart();
    CHECK(eventually([&] { return lab.post.in(MessageState::parked) == 400; }));
    CHECK(lab.target.tries <= 12);
}

CASE(a_delivery_in_the_future_blocks_nothing) {
    Limited lab;
    lab.post.clock.advance(std::chrono::hours{48}); // and set back below
    lab.add("pi", "abcd");
    lab.restart();
    CHECK(lab.gets("a b c+d "));
    CHECK(eventually([&] { return lab.post.in(MessageState::done) == 4; }));
    lab.sender.reset();
    lab.post.clock.advance(-std::chrono::hours{48});
    lab.add("pi", "e");
    lab.restart();
    CHECK(lab.gets("a b c+d e "));
}
