// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/case.hpp"
#include "waldur/stomp/session.hpp"

using namespace sluice;
using namespace sluice::stomp;
using std::chrono::milliseconds;

namespace {

using Time = Session::Time;
constexpr Time kStart{std::chrono::hours(1)};

ports::InboxAccess access() {
    ports::InboxAccess access;
    access.login = "subscription";
    access.passcode = Secret("to:ken");
    access.vhost = "tenant";
    access.queues = {{"q-limits", "resource_periodic_limits"}, {"q-resource", "resource"}};
    return access;
}

Frame parsed(const std::string& bytes) {
    FrameReader reader;
    reader.add(bytes);
    auto frame = reader.next();
    CHECK(frame && *frame);
    return **frame;
}

std::string from_broker(const Frame& frame) {
    const auto bytes = encode(frame);
    CHECK(bytes);
    return *bytes;
}

std::string connected(const std::string& beats) {
    return from_broker({"CONNECTED", {{"version", "1.2"}, {"heart-beat", beats}}, ""});
}

std::string receipts() {
    return from_broker({"RECEIPT", {{"receipt-id", "subscribed-0"}}, ""}) +
           from_broker({"RECEIPT", {{"receipt-id", "subscribed-1"}}, ""});
}

std::string fault_after_login(const std::string& bytes) {
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK(session.take(connected("0,0") + receipts(), kStart, out));
    const auto taken = session.take(bytes, kStart, out);
    CHECK(!taken);
    return taken.error().context;
}

} // namespace

CASE(a_session_logs_in_and_subscribes_to_each_queue_by_its_own_name) {
    Session session;
    const auto login = session.begin(access(), kStart);
    CHECK(login);
    const Frame connect = parsed(*login);
    CHECK_EQ(connect.command, "CONNECT");
    CHECK_EQ(connect.header("host"), "tenant");
    CHECK_EQ(connect.header("login"), "subscription");
    CHECK_EQ(connect.header("passcode"), "to:ken");
    CHECK_EQ(connect.header("heart-beat"), "10000,10000");

    std::string out;
    CHECK(session.take(connected("0,0"), kStart, out));
    CHECK(!session.ready());
    FrameReader reader;
    reader.add(out);
    const Frame first = **reader.next();
    const Frame second = **reader.next();
    CHECK_EQ(first.command, "SUBSCRIBE");
    CHECK_EQ(first.header("destination"), "/amq/queue/q-limits");
    CHECK_EQ(first.header("ack"), "client-individual");
    CHECK_EQ(first.header("prefetch-count"), "100");
    CHECK_EQ(second.header("destination"), "/amq/queue/q-resource");
    CHECK(session.take(receipts(), kStart, out));
    CHECK(session.ready());
}

CASE(a_message_carries_the_kind_of_its_queue) {
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK(session.take(connected("0,0") + receipts(), kStart, out));
    const auto messages = session.take(
        from_broker({"MESSAGE", {{"subscription", "1"}, {"ack", "T_1@@7"}}, "{\"a\": 1}"}), kStart,
        out);
    CHECK(messages);
    CHECK_EQ(messages->size(), 1U);
    CHECK_EQ(messages->front().kind, "resource");
    CHECK_EQ(messages->front().ack, "T_1@@7");
    CHECK_EQ(messages->front().body, "{\"a\": 1}");
}

CASE(a_message_that_is_done_is_acked_and_a_bad_one_is_not_sent_again) {
    const Session session;
    const Frame ack = parsed(*session.settle("7", ports::Ack::done));
    CHECK_EQ(ack.command, "ACK");
    CHECK_EQ(ack.header("id"), "7");
    const Frame nack = parsed(*session.settle("8", ports::Ack::bad));
    CHECK_EQ(nack.command, "NACK");
    CHECK_EQ(nack.header("id"), "8");
    CHECK_EQ(nack.header("requeue"), "false");
}

CASE(a_message_too_large_is_named_and_can_be_refused) {
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK(session.take(connected("0,0") + receipts(), kStart, out));
    const std::string large(1024 * 1024 + 1, 'x');
    const auto messages =
        session.take(from_broker({"MESSAGE", {{"subscription", "1"}, {"ack", "a1"}}, large}) +
                         from_broker({"MESSAGE", {{"subscription", "1"}, {"ack", "a2"}}, "{}"}),
                     kStart, out);
    CHECK(messages);
    CHECK_EQ(messages->size(), 2U);
    CHECK_EQ(messages->at(0).fault, "1048577 bytes are too many");
    CHECK_EQ(messages->at(0).body, "");
    CHECK_EQ(messages->at(0).kind, "resource");
    CHECK_EQ(parsed(*session.settle(messages->at(0).ack, ports::Ack::bad)).command, "NACK");
    CHECK_EQ(messages->at(1).fault, "");
}

CASE(what_the_broker_must_not_send_ends_the_session) {
    CHECK_EQ(fault_after_login(from_broker({"ERROR", {{"message", "access_refused"}}, "why\n"})),
             "the broker says: access_refused (why)");
    CHECK_EQ(fault_after_login(from_broker({"SEND", {}, ""})), "STOMP: an unexpected SEND");
    CHECK_EQ(fault_after_login(from_broker({"MESSAGE", {{"subscription", "2"}, {"ack", "1"}}, ""})),
             "STOMP: a message of a subscription that is not ours");
    CHECK_EQ(fault_after_login(from_broker({"MESSAGE", {{"subscription", "0"}}, ""})),
             "STOMP: a message that cannot be acknowledged");
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK_EQ(session.take(from_broker({"RECEIPT", {}, ""}), kStart, out).error().context,
             "STOMP: RECEIPT before CONNECTED");
    Session old;
    CHECK(old.begin(access(), kStart));
    CHECK_EQ(
        old.take(from_broker({"CONNECTED", {{"version", "1.1"}}, ""}), kStart, out).error().context,
        "STOMP: the broker wants version \"1.1\"");
}

CASE(heart_beats_are_sent_at_half_of_what_was_agreed) {
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK(session.take(connected("0,20000") + receipts(), kStart, out));
    CHECK(session.due() == kStart + milliseconds{10'000});
    CHECK_EQ(*session.tick(kStart + milliseconds{9'999}), "");
    CHECK_EQ(*session.tick(kStart + milliseconds{10'000}), "\n");
    CHECK_EQ(*session.tick(kStart + milliseconds{10'001}), "");
    CHECK(session.due() == kStart + milliseconds{20'000});
}

CASE(a_broker_that_is_silent_for_two_beats_is_gone) {
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK(session.take(connected("10000,0") + receipts(), kStart, out));
    CHECK(session.tick(kStart + milliseconds{19'999}));
    CHECK(session.take("\n", kStart + milliseconds{19'999}, out));
    CHECK(session.tick(kStart + milliseconds{39'998}));
    const auto silent = session.tick(kStart + milliseconds{39'999});
    CHECK(!silent);
    CHECK_EQ(silent.error().code, Errc::timeout);
}

CASE(without_agreement_no_heart_beat_is_sent_or_missed) {
    Session session;
    CHECK(session.begin(access(), kStart));
    std::string out;
    CHECK(session.take(connected("0,0") + receipts(), kStart, out));
    CHECK_EQ(*session.tick(kStart + std::chrono::hours(10)), "");
}

CASE(a_login_or_subscription_without_answer_is_given_up) {
    Session session;
    CHECK(session.begin(access(), kStart));
    CHECK(session.tick(kStart + milliseconds{19'999}));
    CHECK(!session.tick(kStart + milliseconds{20'000}));
    std::string out;
    CHECK(session.take(connected("0,0"), kStart, out));
    CHECK(session.due() == kStart + milliseconds{20'000});
    CHECK(!session.tick(kStart + milliseconds{20'000}));
}
