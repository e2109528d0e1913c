// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/storage/books.hpp"

#include <map>

using namespace sluice;
using namespace sluice::storage;
using ports::Message;
using ports::MessageState;

namespace {

struct Box : Books {
    ports::Outbox& outbox() { return journal->outbox(); }

    std::int64_t add(const Message& message) {
        const auto ids = outbox().add(std::vector{message});
        CHECK(ids);
        return ids->empty() ? 0 : ids->front();
    }
    std::string due() {
        const auto entries = outbox().due("waldur", clock.now(), 100);
        CHECK(entries);
        std::string text;
        for (const auto& entry : *entries)
            text += entry.message.body;
        return text;
    }
};

// Correlation and body are the same letter.
Message message(const std::string& key, const std::string& letter) {
    Message made;
    made.target = "waldur";
    made.kind = "set-usage";
    made.key = key;
    made.correlation = letter;
    made.body = letter;
    return made;
}

Message state(const std::string& key, const std::string& letter) {
    Message made = message(key, letter);
    made.replaces = true;
    return made;
}

} // namespace

CASE(a_message_comes_back_exactly_after_a_restart) {
    Box box;
    Message sent = message("r1", "a");
    sent.body = R"({"usage":"12.50"})";
    const auto id = box.add(sent);
    CHECK(box.outbox().failed(id, kNow + std::chrono::seconds(30), "502"));
    box.reopen();
    const auto entries = box.outbox().list({});
    CHECK(entries);
    CHECK_EQ(entries->size(), 1U);
    const auto& entry = entries->front();
    CHECK_EQ(entry.id, id);
    CHECK_EQ(entry.message.target, "waldur");
    CHECK_EQ(entry.message.kind, "set-usage");
    CHECK_EQ(entry.message.key, "r1");
    CHECK_EQ(entry.message.correlation, "a");
    CHECK_EQ(entry.message.body, sent.body);
    CHECK(entry.state == MessageState::waiting);
    CHECK(entry.created == kNow);
    CHECK_EQ(entry.attempts, 1);
    CHECK(entry.not_before == kNow + std::chrono::seconds(30));
    CHECK_EQ(entry.error, "502");
    CHECK(!entry.closed);
}

CASE(adding_the_same_again_does_nothing_even_after_its_delivery) {
    Box box;
    const auto id = box.add(message("r1", "a"));
    CHECK_EQ(box.add(message("r1", "a")), 0);
    CHECK(box.outbox().succeeded(id));
    CHECK_EQ(box.add(message("r1", "a")), 0);
    CHECK_EQ(box.due(), "");
}

CASE(messages_of_one_key_come_one_after_the_other) {
    Box box;
    const auto first = box.add(message("r1", "a"));
    box.add(message("r1", "b"));
    box.add(message("r2", "c"));
    CHECK_EQ(box.due(), "ac");
    CHECK(box.outbox().failed(first, kNow + std::chrono::seconds(60), "busy"));
    CHECK_EQ(box.due(), "c"); // b must not overtake a
    CHECK(*box.outbox().next_due("waldur") == kNow);
    box.clock.advance(std::chrono::seconds(60));
    CHECK_EQ(box.due(), "ac");
    CHECK(box.outbox().succeeded(first));
    CHECK_EQ(box.due(), "bc");
}

CASE(a_message_put_off_by_a_clock_that_was_ahead_is_tried) {
    Box box;
    const auto id = box.add(message("r1", "a"));
    box.clock.advance(std::chrono::hours(24 * 30));
    CHECK(box.outbox().failed(id, box.clock.now() + std::chrono::hours(1), "busy"));
    CHECK_EQ(box.due(), "");
    box.clock.set(kNow);
    CHECK_EQ(box.due(), "a");
}

CASE(targets_do_not_hold_up_each_other) {
    Box box;
    Message mail = message("r1", "m");
    mail.target = "mail";
    box.add(mail);
    box.add(message("r1", "a"));
    CHECK_EQ(box.due(), "a");
    CHECK(!*box.outbox().next_due("webhook"));
}

CASE(a_newer_state_replaces_older_ones_of_its_kind_and_key) {
    Box box;
    box.add(state("r1", "a"));
    Message other = state("r1", "k");
    other.kind = "set-backend-metadata";
    box.add(other);
    box.add(state("r2", "c"));
    const auto last = box.add(state("r1", "b"));
    CHECK_EQ(box.due(), "kc");
    const auto dropped = box.outbox().list({"waldur", MessageState::dropped, 10});
    CHECK_EQ(dropped->size(), 1U);
    CHECK_EQ(dropped->front().message.body, "a");
    CHECK_EQ(dropped->front().error, "replaced by message " + std::to_string(last));
}

CASE(a_replaced_message_that_was_on_its_way_stays_dropped) {
    Box box;
    const auto old = box.add(state("r1", "a"));
    box.add(state("r1", "b"));
    CHECK(box.outbox().succeeded(old));
    CHECK(box.outbox().failed(old, kNow, "late"));
    CHECK(box.outbox().park(old, "late"));
    CHECK_EQ(box.outbox().list({"", MessageState::dropped, 10})->size(), 1U);
    CHECK_EQ(box.due(), "b");
}

CASE(a_parked_message_lets_those_behind_it_pass_and_waits_for_a_person) {
    Box box;
    const auto first = box.add(message("r1", "a"));
    box.add(message("r1", "b"));
    CHECK(box.outbox().park(first, "400: unknown component"));
    CHECK_EQ(box.due(), "b");
    const auto counts = box.outbox().counts();
    CHECK_EQ(counts->size(), 1U);
    CHECK_EQ(counts->front().waiting, 1);
    CHECK_EQ(counts->front().parked, 1);
    CHECK(counts->front().oldest == kNow);
    CHECK(box.outbox().retry(first));
    CHECK_EQ(box.due(), "a");
    CHECK(box.outbox().drop(first, "by uid 0"));
    CHECK_EQ(box.due(), "b");
    CHECK(box.outbox().drop(first, "again").error().code == Errc::not_found);
    CHECK(box.outbox().retry(first).error().code == Errc::not_found);
}

CASE(a_retry_does_not_wait_for_the_backoff) {
    Box box;
    const auto id = box.add(message("r1", "a"));
    CHECK(box.outbox().failed(id, kNow + std::chrono::hours(1), "away"));
    CHECK_EQ(box.due(), "");
    CHECK(box.outbox().retry(id));
    CHECK_EQ(box.due(), "a");
}

CASE(a_body_that_is_too_long_adds_nothing) {
    Box box;
    Message big = message("r1", "b");
    big.body.assign(ports::kMaxMessageBody + 1, 'x');
    const auto added = box.outbox().add(std::vector{message("r1", "a"), big});
    CHECK(added.error().code == Errc::overflow);
    CHECK_EQ(box.due(), "");
}

CASE(a_page_of_an_error_is_cut_at_a_character) {
    Box box;
    const auto id = box.add(message("r1", "a"));
    std::string page = "x";
    while (page.size() < 5000)
        page += "\xc3\xa4";
    CHECK(box.outbox().park(id, page));
    const auto parked = box.outbox().list({"", MessageState::parked, 10});
    CHECK_EQ(parked->front().error.size(), 1999U);
}

CASE(an_evaluation_and_its_messages_are_written_together) {
    Box box;
    model::Decision decision;
    decision.now = kNow;
    decision.cluster = "c1";
    ports::EvaluationRecord record;
    record.cluster = "c1";
    record.account = "physics";
    record.at = kNow;
    record.messages = {message("physics", "a")};
    CHECK(box.journal->record_cycle("c1", decision, std::vector{record}, {}));
    CHECK_EQ(box.due(), "a");
    // One that cannot be written takes the whole cycle with it.
    record.messages = {message("physics", "b")};
    record.messages.back().body.assign(ports::kMaxMessageBody + 1, 'x');
    CHECK(!box.journal->record_cycle("c1", decision, std::vector{record}, {}));
    CHECK_EQ(box.journal->evaluations({})->size(), 1U);
    CHECK_EQ(box.due(), "a");
}

CASE(delivered_messages_are_forgotten_with_the_rest_and_others_are_kept) {
    Box box;
    CHECK(box.outbox().succeeded(box.add(message("r1", "a"))));
    box.add(message("r1", "b"));
    box.clock.advance(std::chrono::hours(48));
    CHECK(box.journal->forget(box.clock.now() - std::chrono::hours(24)));
    CHECK(box.outbox().list({"", MessageState::done, 10})->empty());
    CHECK_EQ(box.due(), "b");
}

CASE(many_messages_of_many_keys_all_come_in_order) {
    Box box;
    std::vector<Message> many;
    for (int i = 0; i < 2000; ++i)
        many.push_back(message("r" + std::to_string(i % 50), std::to_string(i)));
    CHECK_EQ(box.outbox().add(many)->size(), 2000U);
    std::size_t rounds = 0;
    std::map<std::string, int> last;
    for (;;) {
        const auto due = box.outbox().due("waldur", kNow, 64);
        if (due->empty())
            break;
        for (const auto& entry : *due) {
            const int number = std::stoi(entry.message.body);
            if (const auto seen = last.find(entry.message.key); seen != last.end())
                CHECK(number > seen->second);
            last[entry.message.key] = number;
            CHECK(box.outbox().succeeded(entry.id));
        }
        ++rounds;
    }
    CHECK_EQ(rounds, 40U); // fifty keys at a time
    CHECK(box.outbox().counts()->empty());
}

CASE(deliveries_of_a_key_are_counted_over_a_restart) {
    Box box;
    const auto a = box.add(message("pi", "a"));
    const auto b = box.add(message("pi", "b"));
    const auto c = box.add(message("pi", "c"));
    box.add(message("other", "d"));
    const auto known = [&](const char* letter) { return *box.outbox().is_known(letter); };
    CHECK(known("a") && known("d") && !known("e"));
    CHECK_EQ(box.outbox().waiting("waldur", "pi", 10)->size(), 3U);
    CHECK_EQ(box.outbox().waiting("waldur", "pi", 2)->back().id, b);
    CHECK(box.outbox().waiting("mail", "pi", 10)->empty());
    CHECK(box.outbox().put_off(a, kNow + std::chrono::hours(1), "waits"));
    CHECK_EQ(box.due(), "d");
    CHECK_EQ(box.outbox().waiting("waldur", "pi", 10)->front().attempts, 0);
    CHECK(box.outbox().succeeded(a));
    CHECK(box.outbox().succeeded_with(c, b));
    CHECK(box.outbox().succeeded(b));
    box.reopen();
    const auto between = [&](Instant since, Instant until) {
        return box.outbox().deliveries("waldur", "pi", since, until, 10)->size();
    };
    const auto hour = std::chrono::hours(1);
    CHECK_EQ(between(kNow - hour, kNow), 2U); // c came with b
    CHECK_EQ(between(kNow, kNow + hour), 0U);
    CHECK_EQ(between(kNow - hour, kNow - hour), 0U);
    CHECK_EQ(box.outbox().deliveries("waldur", "pi", kNow - hour, kNow, 1)->size(), 1U);
    CHECK(known("c"));
    const auto done = box.outbox().list({"waldur", MessageState::done, 10});
    CHECK_EQ(done->back().error, "delivered with message " + std::to_string(b));
}
