// SPDX-License-Identifier: GPL-2.0-or-later
// Carries STOMP's bytes over a stream: as they are, or in messages of a WebSocket. What cannot be
// sent at once waits here, bounded.
#pragma once

#include "waldur/stomp/stream.hpp"
#include "waldur/stomp/websocket.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::stomp {

// One thread. After an error it is to be closed.
class Channel {
public:
    // `path` "": bare TCP; else of the WebSocket, with `host` as its opening names it.
    static Result<Channel> open(const StreamOptions& options, const std::string& path,
                                const std::atomic<bool>& interrupted);

    // To be sent in one piece.
    Result<void> queue(std::string_view bytes);
    // Sends what the other side takes now. True: all went.
    Result<bool> flush();
    // STOMP's bytes; "": none now, and only then does poll() on fd() tell of the next ones.
    // unavailable: closed, with the reason that was given. refused: the server has no WebSocket for
    // us.
    Result<std::string> receive();
    int fd() const { return stream_.fd(); }

private:
    explicit Channel(Stream stream) : stream_(std::move(stream)) {}
    Result<void> frame(Opcode opcode, std::string_view payload);
    Result<void> open_up();
    Result<std::string> unpack();

    Stream stream_;
    std::optional<Opening> opening_; // WebSocket
    bool opened_ = true;             // of a WebSocket: the server has agreed
    std::string answer_;             // to our opening, so far
    std::string held_;               // until it has
    std::string out_;
    SocketReader reader_;
};

} // namespace sluice::stomp
