// SPDX-License-Identifier: GPL-2.0-or-later
// Listening sockets and accepted ones.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/unix_listener.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::plugin_server {

struct Accepted {
    UniqueFd fd;
    std::string host;                 // "127.0.0.1"; "unix" by the Unix socket
    std::string address;              // "127.0.0.1:41234"; "unix"
    std::optional<std::uint32_t> uid; // of the process that connected, by the Unix socket
};

class Listener {
public:
    // `where`: "127.0.0.1:6830", "[::1]:6830", "host:6830", "unix:/path". Errors: malformed,
    // unavailable; those of UnixListener::open().
    static Result<Listener> open(const std::string& where);

    int fd() const { return unix_ ? unix_->fd() : fd_.get(); }
    std::uint16_t port() const { return port_; } // 0: a Unix socket
    // nullopt: no connection waits.
    std::optional<Accepted> accept() const;

private:
    Listener(UniqueFd fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}

    explicit Listener(UnixListener&& socket) : unix_(std::move(socket)) {}

    UniqueFd fd_;
    std::uint16_t port_ = 0;
    std::optional<UnixListener> unix_;
};

} // namespace sluice::plugin_server
