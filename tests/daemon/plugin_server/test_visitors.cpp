// SPDX-License-Identifier: GPL-2.0-or-later
// What comes to the plugin server that is not its plugin, and a plugin that finds what is not its
// daemon.
#include "common/cred/munge.hpp"
#include "common/wire/channel.hpp"
#include "tests/daemon/plugin_server/bench.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <thread>

using namespace sluice;
using namespace sluice::test;

namespace {

// Somebody who speaks to the plugin server as a plugin would, or otherwise.
class Visitor {
public:
    explicit Visitor(const Bench& bench, const std::string& socket = {})
        : wake_(::dup(0)),
          munge_(*cred::MungeContext::create(socket.empty() ? bench.munged.socket() : socket)) {
        auto stream = plugin::Stream::connect({"127.0.0.1", std::to_string(bench.port)}, pipe_end(),
                                              Steady::now() + 5s);
        CHECK(stream.has_value());
        stream_.emplace(std::move(*stream));
    }
    void say(std::string_view bytes) {
        CHECK(stream_->write(bytes, Steady::now() + 5s).has_value());
    }
    // Hangs up on us within a few seconds, whatever else it says before.
    bool is_closed() {
        const auto end = Steady::now() + 5s;
        while (Steady::now() < end)
            if (!stream_->read(end).has_value())
                return true;
        return false;
    }
    // Answers the challenge.
    std::string hello() {
        CHECK(channel_.open(frame()).has_value());
        return *channel_.seal(wire::Hello{wire::kVersion, "lab", "v", "v", "v", 0}, ::getuid());
    }
    // The next credential that the plugin server sends.
    std::string frame() {
        while (true) {
            auto next = frames_.next(wire::kMaxFrame);
            CHECK(next.has_value());
            if (*next)
                return std::move(**next);
            auto bytes = stream_->read(Steady::now() + 5s);
            CHECK(bytes.has_value());
            CHECK(bytes->has_value());
            frames_.add(**bytes);
        }
    }
    // Greets as a plugin does; the daemon's welcome proves that it was heard.
    bool is_welcomed() {
        say(hello());
        const auto answer = channel_.open(frame());
        return answer && std::holds_alternative<wire::Welcome>(answer->message);
    }
    cred::MungeContext& munge() { return munge_; }

private:
    // Never becomes readable: nothing wakes a visitor.
    int pipe_end() {
        int ends[2] = {-1, -1};
        CHECK(::pipe(ends) == 0);
        wake_.reset(ends[0]);
        other_.reset(ends[1]);
        return wake_.get();
    }
    UniqueFd wake_;
    UniqueFd other_;
    cred::MungeContext munge_;
    wire::Channel channel_{munge_,
                           wire::Session(wire::Direction::to_daemon, *wire::random_nonce())};
    wire::FrameReader frames_;
    std::optional<plugin::Stream> stream_;
};

// From 127.0.0.2, the address of a neighbour.
UniqueFd connected_from_elsewhere(std::uint16_t port) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7f000002);
    sockaddr_in plugin_server = own;
    plugin_server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    plugin_server.sin_port = htons(port);
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own);
    ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&plugin_server), sizeof plugin_server);
    return fd;
}

// A challenge came; false: the plugin server has closed the connection.
bool is_challenged(const UniqueFd& fd) {
    pollfd ready{fd.get(), POLLIN, 0};
    CHECK(::poll(&ready, 1, 5000) == 1);
    char byte = 0;
    return ::recv(fd.get(), &byte, 1, 0) == 1;
}

// Connections from 127.0.0.2 as fast as they come; every second one is held open for a while.
class Flood {
public:
    explicit Flood(std::uint16_t port) {
        for (auto& thread : threads_)
            thread = std::thread([this, port] { run(port); });
    }
    ~Flood() {
        stop_ = true;
        for (auto& thread : threads_)
            thread.join();
    }
    int connections() const { return connections_.load(); }

private:
    void run(std::uint16_t port) {
        std::vector<UniqueFd> held(200);
        for (std::size_t i = 0; !stop_; ++i) {
            UniqueFd fd = connected_from_elsewhere(port);
            pollfd ready{fd.get(), POLLOUT, 0};
            connections_ += ::poll(&ready, 1, 100);
            if (i % 2 == 0)
                held[i / 2 % held.size()] = std::move(fd);
        }
    }
    std::atomic<bool> stop_{false};
    std::atomic<int> connections_{0};
    std::array<std::thread, 2> threads_;
};

} // namespace

// The challenge is not for it, so it has nothing to answer.
CASE(a_plugin_of_another_uid_gets_nothing) {
    Bench bench;
    bench.start_plugin_server(::getuid() + 1);
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(
        eventually([&] { return lines_with("check plugin_server: user: of sluiced.yaml") == 1; }));
    CHECK(bench.plugin_server->status().plugins.empty());
    CHECK_EQ(bench.has(), 0U);
}

CASE(a_daemon_of_another_uid_is_not_believed) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.more_conf = "DaemonUser=" + std::to_string(::getuid() + 1) + "\n";
    bench.start_plugin();
    CHECK(eventually([&] { return lines_with("which DaemonUser does not allow") == 1; }));
    CHECK_EQ(bench.has(), 0U);
}

CASE(wrong_frames_are_closed_and_counted) {
    Bench bench;
    bench.start_plugin_server();
    const std::string bad[] = {
        std::string("\0\0\0\0", 4),
        std::string("\xff\xff\xff\x7f", 4),
        "GET / HTTP/1.0\r\n\r\n",
        *wire::frame("not a credential"),
        *wire::frame(std::string(wire::kMaxGreeting, 'A')),
    };
    std::uint64_t count = 0;
    for (const auto& bytes : bad) {
        Visitor visitor(bench);
        visitor.say(bytes);
        CHECK(visitor.is_closed());
        ++count;
        CHECK(eventually([&] { return bench.plugin_server->status().rejected_frames == count; }));
    }
}

CASE(a_credential_of_another_munge_key_or_content_is_closed) {
    Bench bench;
    bench.start_plugin_server();
    const test::PrivateMunged foreign;
    Visitor stranger(bench);
    auto other = *cred::MungeContext::create(foreign.socket());
    wire::Channel channel(other, wire::Session(wire::Direction::to_daemon, *wire::random_nonce()));
    stranger.say(*channel.seal(wire::Hello{}, ::getuid()));
    CHECK(stranger.is_closed());
    Visitor confused(bench);
    confused.say(*wire::frame(*confused.munge().encode("hello, plugin server", std::nullopt)));
    CHECK(confused.is_closed());
    CHECK(eventually([&] { return bench.plugin_server->status().rejected_frames == 2; }));
}

CASE(a_replayed_hello_is_closed_and_counted) {
    Bench bench;
    bench.start_plugin_server();
    Visitor first(bench);
    const auto hello = first.hello();
    first.say(hello);
    CHECK(eventually([&] { return bench.plugin_server->status().plugins.size() == 1; }));
    Visitor second(bench);
    second.say(hello);
    CHECK(second.is_closed());
    CHECK(eventually([&] { return bench.plugin_server->status().rejected_frames == 1; }));
    CHECK_EQ(bench.plugin_server->status().plugins.size(), 1U);
}

// What an eavesdropper catches is of no use at another host, whose munged has never seen it.
CASE(a_hello_is_good_for_its_own_connection_only) {
    Bench bench;
    bench.start_plugin_server();
    Visitor first(bench);
    const auto hello = first.hello(); // never sent: munged has not decoded it
    Visitor second(bench);
    second.say(hello);
    CHECK(second.is_closed());
    CHECK(eventually([&] { return bench.plugin_server->status().rejected_frames == 1; }));
    CHECK(bench.plugin_server->status().plugins.empty());
}

CASE(an_address_has_eight_connections_without_a_greeting_each_for_a_second) {
    Bench bench;
    bench.start_plugin_server();
    std::vector<UniqueFd> crowd;
    const auto begin = Steady::now();
    for (int i = 0; i < 20; ++i)
        crowd.push_back(connected_from_elsewhere(bench.port));
    const auto challenged = std::count_if(crowd.begin(), crowd.end(), is_challenged);
    // On a loaded machine the first may have had its second before the last one comes.
    CHECK(challenged == 8 || Steady::now() - begin > 1s);
    CHECK(Visitor(bench).is_welcomed()); // of another address
    ::sleep(2);
    CHECK(is_challenged(connected_from_elsewhere(bench.port))); // instead of the oldest
}

CASE(a_flood_of_connections_does_not_keep_a_plugin_out) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    const auto since = bench.plugin_server->status().plugins[0].connected;
    const Flood flood(bench.port);
    CHECK(eventually([&] { return flood.connections() > 500; }));
    for (int i = 0; i < 30; ++i) {
        Visitor visitor(bench);
        CHECK(visitor.is_welcomed());
    }
    CHECK(eventually([&] { return flood.connections() > 1000; }));
    const auto plugins = bench.plugin_server->status().plugins;
    CHECK(std::any_of(plugins.begin(), plugins.end(), [&](const auto& plugin) {
        return plugin.host == "ctl1" && plugin.connected == since; // its session went on
    }));
}

CASE(many_silent_visitors_do_not_keep_a_plugin_out) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    std::list<Visitor> crowd;
    for (int i = 0; i < 80; ++i)
        crowd.emplace_back(bench);
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
}
