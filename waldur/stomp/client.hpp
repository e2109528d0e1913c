// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps one connection to Waldur's broker for ever: asks where it is, logs in, hands on what comes,
// settles it, and begins again when anything of that fails.
#pragma once

#include "common/base/files.hpp"
#include "common/base/thread.hpp"
#include "daemon/ports/inbox.hpp"
#include "waldur/stomp/channel.hpp"
#include "waldur/stomp/session.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sluice::stomp {

struct ClientOptions {
    std::vector<std::string> kinds; // of the messages that are wanted
    StreamOptions stream;
    std::string path; // of the WebSocket; "": bare TCP
    SessionOptions session;
    std::chrono::milliseconds first_pause{1'000}; // after the first failure; doubled by each
    std::chrono::milliseconds longest_pause{120'000};
    std::chrono::milliseconds stable_after{
        60'000}; // a connection that lived so long was no failure
};

// How long to wait after `failures` in a row (at least 1): doubling, capped, and up to a quarter
// more, so that many clients of one broker do not come back together.
std::chrono::milliseconds reconnect_pause(const ClientOptions& options, std::size_t failures,
                                          std::uint32_t random);

// Thread-safe, except start() and stop(). One thread of its own, on which the reader is called.
class Client final : public ports::Inbox {
public:
    // Both must outlive it.
    Client(ClientOptions options, ports::Registrar& registrar, ports::InboxReader& reader);
    ~Client() override;

    void start();
    // False: it hangs for longer than `patience`; nothing that it uses may be destroyed then.
    bool stop(std::chrono::milliseconds patience);
    void settle(const ports::InboxToken& token, ports::Ack verdict) override;

private:
    using Time = Session::Time;
    struct State {
        std::uint64_t connection = 0; // the present one
        std::vector<std::pair<std::string, ports::Ack>> settled;
    };

    void work();
    void wake();
    // One connection from its making to its end, which is always an error unless we stop.
    Result<void> serve();
    Result<void> converse(Channel& channel, Session& session, std::uint64_t connection);
    Result<void> read(Channel& channel, Session& session, std::uint64_t connection);
    Result<void> write_settled(Channel& channel, const Session& session);
    void wait(const Channel& channel, bool all_sent, Time until);
    void pause(std::chrono::milliseconds length);
    std::uint64_t next_connection();
    void take_leave(Channel& channel, const Session& session);
    void note_end(const Error& error, bool stable);

    const ClientOptions options_;
    ports::Registrar& registrar_;
    ports::InboxReader& reader_;
    UniqueFd wake_; // an eventfd
    Guarded<State> state_;
    Worker worker_;
    // Worker only.
    std::size_t failures_ = 0; // in a row
    std::size_t refusals_ = 0; // of those by the broker
    bool announced_ = false;   // of this connection: the reader knows of it
    Time up_since_{};
    std::minstd_rand random_;
};

} // namespace sluice::stomp
