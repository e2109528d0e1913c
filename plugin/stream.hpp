// SPDX-License-Identifier: GPL-2.0-or-later
// A connection of the receiver, by TCP or a Unix socket. Each wait has a deadline and ends at once
// when the wake-up descriptor becomes readable. Not for slurmctld's threads.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "plugin/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::plugin {

using Steady = std::chrono::steady_clock;

class Stream {
public:
    // Tries each address of the host name. The caller owns `wake`. Errors: timeout,
    // unavailable; conflict: woken.
    static Result<Stream> connect(const Address& address, int wake, Steady::time_point deadline);

    // At least one byte, or nullopt at `deadline`. Errors: unavailable (closed); conflict: woken.
    Result<std::optional<std::string>> read(Steady::time_point deadline);
    // All of it. Errors: timeout, unavailable; conflict: woken.
    Result<void> write(std::string_view bytes, Steady::time_point deadline);

    // The uid of the other process, from the kernel; nullopt: TCP, or not known.
    std::optional<std::uint32_t> peer_uid() const;

private:
    Stream(UniqueFd fd, int wake) : fd_(std::move(fd)), wake_(wake) {}
    static Result<Stream> connect_socket(const std::string& path, int wake,
                                         Steady::time_point deadline);

    UniqueFd fd_;
    int wake_ = -1;
};

} // namespace sluice::plugin
