// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps one connection to Waldur's broker: registers, logs in, hands messages to the reader,
// settles them, and connects again after any failure, without end.
#pragma once

#include "common/base/files.hpp"
#include "common/base/thread.hpp"
#include "waldur/stomp/channel.hpp"
#include "waldur/stomp/inbox.hpp"
#include "waldur/stomp/protocol.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sluice::stomp {

struct ClientOptions {
    std::vector<std::string> kinds; // of messages
    StreamOptions stream;
    std::string path; // of the WebSocket; "": bare TCP
    SessionOptions session;
    std::chrono::milliseconds first_pause{1'000}; // after the first failure; doubled by each
    std::chrono::milliseconds longest_pause{120'000};
    // A connection that lasted so long does not count as a failure.
    std::chrono::milliseconds stable_after{60'000};
};

// The wait after `failures` in a row (at least 1): doubling, capped, and up to a quarter more, so
// that many clients of one broker do not reconnect together.
std::chrono::milliseconds reconnect_pause(const ClientOptions& options, std::size_t failures,
                                          std::uint32_t random);

// Thread-safe, except start() and stop(). One thread of its own, on which the reader is called.
class Client final : public Inbox {
public:
    // Both must outlive it.
    Client(ClientOptions options, Registrar& registrar, InboxReader& reader);
    ~Client() override;

    void start();
    // False: it hangs for longer than `patience`, and nothing that it uses may be destroyed.
    bool stop(std::chrono::milliseconds patience);
    void settle(const InboxToken& token, Ack outcome) override;

private:
    using Time = Session::Time;
    struct State {
        std::uint64_t connection = 0; // the present one
        std::vector<std::pair<std::string, Ack>> settled;
    };

    // What only the worker reaches: work() has the only one.
    struct Own {
        std::size_t failures = 0; // in a row
        std::size_t refusals = 0; // of those by the broker
        bool announced = false;   // the reader knows of this connection
        Time up_since{};
        std::minstd_rand random{std::random_device{}()};
    };

    void work();
    // One connection from begin to end, which is an error unless the client stops.
    Result<void> serve(Own& own);
    Result<void> converse(Own& own, Channel& channel, Session& session, std::uint64_t connection);
    Result<void> read(Own& own, Channel& channel, Session& session, std::uint64_t connection);
    Result<void> write_settled(Channel& channel, const Session& session);
    void wait(const Channel& channel, bool all_sent, Time until);
    void pause(std::chrono::milliseconds length);
    std::uint64_t next_connection();
    void disconnect(Channel& channel, const Session& session);
    void wake();

    const ClientOptions options_;
    Registrar& registrar_;
    InboxReader& reader_;
    UniqueFd wake_; // an eventfd
    Guarded<State> state_;
    Worker worker_;
};

} // namespace sluice::stomp
