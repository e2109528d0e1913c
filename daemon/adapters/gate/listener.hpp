// SPDX-License-Identifier: GPL-2.0-or-later
// Listening sockets and accepted ones.
#pragma once

#include "common/base/result.hpp"
#include "common/base/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::gate {

struct Accepted {
    UniqueFd fd;
    std::string host;    // "127.0.0.1"
    std::string address; // "127.0.0.1:41234"
};

class Listener {
public:
    // `where`: "127.0.0.1:6830", "[::1]:6830", "host:6830". Errors: malformed, unavailable.
    static Result<Listener> open(const std::string& where);

    int fd() const { return fd_.get(); }
    std::uint16_t port() const { return port_; }
    // nullopt: nobody waits (any more).
    std::optional<Accepted> accept() const;

private:
    Listener(UniqueFd fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}

    UniqueFd fd_;
    std::uint16_t port_ = 0;
};

} // namespace sluice::gate
