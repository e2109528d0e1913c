// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/case.hpp"
#include "tests/waldur/stomp/fake_broker.hpp"
#include "waldur/stomp/client.hpp"

#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::stomp;
using sluice::test::FakeBroker;
using std::chrono::milliseconds;

namespace {

class OneQueue final : public stomp::Registrar {
public:
    Result<stomp::InboxAccess> access(const std::vector<std::string>&,
                                      std::size_t refusals) override {
        auto asked = asked_.lock();
        asked->push_back(refusals);
        stomp::InboxAccess access;
        access.login = "login";
        access.passcode = Secret("token");
        access.vhost = "vhost";
        access.queues = {{"queue", "resource"}};
        return access;
    }
    std::vector<std::size_t> asked() { return *asked_.lock(); }

private:
    Guarded<std::vector<std::size_t>> asked_;
};

class Reader final : public stomp::InboxReader {
public:
    struct Seen {
        std::vector<stomp::Incoming> messages;
        std::vector<std::string> faults;
        int connections = 0;
    };
    void came(stomp::Inbox&, stomp::Incoming message) override {
        seen_.lock()->messages.push_back(std::move(message));
        changed_.notify_all();
    }
    void connected(const stomp::Inbox&) override {
        ++seen_.lock()->connections;
        changed_.notify_all();
    }
    void away(const stomp::Inbox&, const Error& error) override {
        seen_.lock()->faults.push_back(error.context);
        changed_.notify_all();
    }
    template <class Condition>
    Seen wait(Condition condition) {
        auto seen = seen_.lock();
        CHECK(changed_.wait_for(seen.lock(), std::chrono::seconds(10),
                                [&] { return condition(*seen); }));
        return *seen;
    }

private:
    Guarded<Seen> seen_;
    std::condition_variable changed_;
};

struct Setup {
    explicit Setup(bool websocket = false) : broker(websocket) {
        options.stream.host = "127.0.0.1";
        options.stream.port = broker.port();
        options.stream.tls = false;
        options.path = websocket ? "/rmqws-stomp" : "";
        options.first_pause = milliseconds{1};
        options.longest_pause = milliseconds{20};
    }
    Client& start() {
        client = std::make_unique<Client>(options, registrar, reader);
        client->start();
        CHECK(broker.accept());
        return *client;
    }

    FakeBroker broker;
    OneQueue registrar;
    Reader reader;
    ClientOptions options;
    std::unique_ptr<Client> client;
};

void check_message_is_settled(bool websocket) {
    Setup setup(websocket);
    auto& client = setup.start();
    CHECK_EQ(setup.broker.welcome().header("passcode"), "token");
    setup.broker.message("a1", "{\"n\": 1}");
    setup.broker.message("a2", std::string(30'000, 'x'));
    const auto seen = setup.reader.wait([](const auto& s) { return s.messages.size() == 2; });
    CHECK_EQ(seen.messages[0].body, "{\"n\": 1}");
    CHECK_EQ(seen.messages[0].kind, "resource");
    CHECK_EQ(seen.messages[1].body.size(), 30'000U);
    CHECK(!setup.broker.next(milliseconds{50})); // nothing is acked by itself
    client.settle(seen.messages[1].token, stomp::Ack::bad);
    const auto nack = setup.broker.next();
    CHECK(nack);
    CHECK_EQ(nack->command, "NACK");
    CHECK_EQ(nack->header("id"), "a2");
    client.settle(seen.messages[0].token, stomp::Ack::done);
    CHECK_EQ(setup.broker.next()->command, "ACK");
    CHECK(client.stop(std::chrono::seconds(5)));
    CHECK_EQ(setup.broker.next()->command, "DISCONNECT");
}

} // namespace

CASE(a_message_is_settled_over_tcp_only_by_settle) {
    check_message_is_settled(false);
}

CASE(a_message_is_settled_over_a_websocket_only_by_settle) {
    check_message_is_settled(true);
}

CASE(an_ack_never_goes_to_another_connection) {
    Setup setup;
    auto& client = setup.start();
    setup.broker.welcome();
    setup.broker.message("same", "1");
    auto seen = setup.reader.wait([](const auto& s) { return s.messages.size() == 1; });
    setup.broker.close();
    CHECK(setup.broker.accept());
    setup.broker.welcome();
    setup.broker.message("same", "1");
    seen = setup.reader.wait([](const auto& s) { return s.messages.size() == 2; });
    client.settle(seen.messages[0].token, stomp::Ack::done);
    CHECK(!setup.broker.next(milliseconds{100}));
    client.settle(seen.messages[1].token, stomp::Ack::done);
    CHECK_EQ(setup.broker.next()->command, "ACK");
}

CASE(a_client_comes_back_without_end) {
    Setup setup;
    setup.start();
    for (int i = 0; i < 15; ++i) {
        setup.broker.close();
        CHECK(setup.broker.accept());
    }
    setup.broker.welcome();
    const auto seen = setup.reader.wait([](const auto& s) { return s.connections == 1; });
    CHECK(seen.faults.size() >= 14);
}

CASE(a_refused_login_is_asked_for_anew) {
    Setup setup;
    setup.start();
    for (int i = 0; i < 2; ++i) {
        CHECK_EQ(setup.broker.next()->command, "CONNECT");
        setup.broker.send({"ERROR", {{"message", "Bad CONNECT"}}, "Access refused for user\n"});
        CHECK(setup.broker.accept());
    }
    setup.broker.welcome();
    const auto seen = setup.reader.wait([](const auto& s) { return s.connections == 1; });
    CHECK_EQ(seen.faults[0], "the broker reports: Bad CONNECT (Access refused for user)");
    const auto asked = setup.registrar.asked();
    CHECK(asked == (std::vector<std::size_t>{0, 1, 2}));
}

CASE(a_connection_that_is_lost_is_no_refusal) {
    Setup setup;
    setup.start();
    setup.broker.welcome();
    setup.reader.wait([](const auto& s) { return s.connections == 1; });
    setup.broker.close();
    CHECK(setup.broker.accept());
    setup.broker.welcome();
    setup.reader.wait([](const auto& s) { return s.connections == 2; });
    const auto asked = setup.registrar.asked();
    CHECK(asked == (std::vector<std::size_t>{0, 0}));
}

CASE(heart_beats_go_both_ways) {
    Setup setup;
    setup.options.session.heart_beat = milliseconds{100};
    setup.start();
    setup.broker.welcome("100,100");
    CHECK(!setup.broker.next(milliseconds{190}));
    CHECK(setup.broker.heart_beats() >= 2);
    const auto seen = setup.reader.wait([](const auto& s) { return !s.faults.empty(); });
    CHECK_EQ(seen.faults[0], "STOMP: the broker sends no heart-beats");
}

CASE(bytes_that_are_no_stomp_end_the_connection) {
    Setup setup;
    setup.start();
    setup.broker.send_raw("HTTP/1.1 400 Bad Request\r\n\r\n");
    const auto seen = setup.reader.wait([](const auto& s) { return !s.faults.empty(); });
    CHECK_EQ(seen.faults[0], "STOMP: this is not a command");
}

CASE(a_client_stops_at_once_while_the_broker_is_away) {
    Setup setup;
    setup.options.stream.port = 1; // no server listens there
    setup.options.first_pause = std::chrono::hours(1);
    setup.options.longest_pause = std::chrono::hours(1);
    Client client(setup.options, setup.registrar, setup.reader);
    client.start();
    setup.reader.wait([](const auto& s) { return s.faults.size() == 1; });
    CHECK(client.stop(std::chrono::seconds(1)));
}

CASE(pauses_double_up_to_the_longest_with_up_to_a_quarter_more) {
    const ClientOptions options;
    CHECK(reconnect_pause(options, 1, 0) == milliseconds{1'000});
    CHECK(reconnect_pause(options, 2, 0) == milliseconds{2'000});
    CHECK(reconnect_pause(options, 8, 0) == milliseconds{120'000});
    CHECK(reconnect_pause(options, 1'000'000, 0) == milliseconds{120'000});
    CHECK(reconnect_pause(options, 1, 250) == milliseconds{1'250});
    CHECK(reconnect_pause(options, 1, 251) == milliseconds{1'000});
}
