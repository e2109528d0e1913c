// SPDX-License-Identifier: GPL-2.0-or-later
// A broker on loopback that does what a test scripts, frame by frame: for what a real one cannot
// be made to do. One connection at a time.
#pragma once

#include "common/base/files.hpp"
#include "waldur/stomp/protocol.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sluice::test {

class FakeBroker {
public:
    // websocket: agrees to the opening and unwraps what comes in.
    explicit FakeBroker(bool websocket = false);

    unsigned port() const { return port_; }
    // The next client; false: none came in time.
    bool accept(std::chrono::milliseconds patience = std::chrono::seconds(5));
    // The next frame of the client; heart-beats are skipped and counted. nullopt: none in time, or
    // it closed.
    std::optional<stomp::Frame> next(std::chrono::milliseconds patience = std::chrono::seconds(5));
    void send(const stomp::Frame& frame);
    void send_raw(const std::string& bytes);
    // CONNECT, SUBSCRIBE and what they are answered; the CONNECT frame.
    stomp::Frame welcome(const std::string& beats = "0,0", std::size_t queues = 1);
    void message(const std::string& ack, const std::string& body);
    void close() { client_.reset(); }
    int heart_beats() const { return heart_beats_; }

private:
    bool fill(std::chrono::milliseconds patience);
    void open_websocket();
    void unwrap();

    bool websocket_;
    unsigned port_ = 0;
    UniqueFd listener_;
    UniqueFd client_;
    std::string raw_; // of a WebSocket, not unwrapped yet
    stomp::FrameReader reader_;
    int heart_beats_ = 0;
};

} // namespace sluice::test
