// SPDX-License-Identifier: GPL-2.0-or-later
// Carries the bytes of STOMP over a stream: plain, or in messages of a WebSocket. Bytes that cannot
// be sent at once wait here, bounded. One thread. After an error it must be closed.
#pragma once

#include "common/base/result.hpp"
#include "waldur/stomp/websocket.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::stomp {

struct StreamOptions {
    std::string host;
    unsigned port = 0;
    bool tls = true;
    bool verify = true;
    std::string ca_file; // "": the host's own
    std::chrono::seconds connect_timeout{10};
};

class Channel {
public:
    // `path` "": plain TCP; else of the WebSocket. Blocks up to the timeout, or until
    // `interrupted`; nothing blocks afterwards. unavailable, timeout; refused: the certificate is
    // not trusted.
    static Result<Channel> open(const StreamOptions& options, const std::string& path,
                                const std::atomic<bool>& interrupted);

    // Sent in one piece, later.
    Result<void> queue(std::string_view bytes);
    // Sends what the server accepts now. True: all was sent.
    Result<bool> flush();
    // Bytes of STOMP; "": none now, and only then poll() on fd() reports the next ones.
    // unavailable: closed, with the reason of the server. refused: the server refuses a WebSocket.
    Result<std::string> receive();
    int fd() const;

    Channel(Channel&&) noexcept;
    Channel& operator=(Channel&&) noexcept;
    ~Channel();

private:
    struct Stream;
    explicit Channel(std::unique_ptr<Stream> stream);
    Result<void> frame(Opcode opcode, std::string_view payload);
    Result<void> open_up();
    Result<std::string> unpack();

    std::unique_ptr<Stream> stream_;
    std::optional<Opening> opening_; // WebSocket
    bool opened_ = true;             // the server has accepted the WebSocket
    std::string answer_;             // to the opening, so far
    std::string held_;               // until then
    std::string out_;
    SocketReader reader_;
};

} // namespace sluice::stomp
