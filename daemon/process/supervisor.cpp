// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/supervisor.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace sluice::core {
namespace {

std::string taken(const char* name) {
    const char* value = std::getenv(name);
    std::string text = value == nullptr ? "" : value;
    ::unsetenv(name);
    return text;
}

std::optional<std::int64_t> positive(const std::string& text) {
    const auto value = whole_number(text);
    return value && *value > 0 ? value : std::nullopt;
}

} // namespace

Supervisor Supervisor::from_environment() {
    const auto socket = taken("NOTIFY_SOCKET");
    const auto watchdog = positive(taken("WATCHDOG_USEC"));
    const auto pid = taken("WATCHDOG_PID");
    if (!watchdog || (!pid.empty() && positive(pid) != ::getpid()))
        return {socket, std::nullopt};
    return {socket, std::chrono::microseconds{*watchdog}};
}

void Supervisor::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now); // systemd compares it with its own clock
    const std::int64_t microseconds =
        std::int64_t{now.tv_sec} * 1'000'000 + std::int64_t{now.tv_nsec} / 1'000;
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

std::optional<std::chrono::milliseconds> Supervisor::alive_every() const {
    if (!watchdog_)
        return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*watchdog_) / 2;
}

void Supervisor::send(const std::string& text) const {
    sockaddr_un address{};
    if (socket_.empty() || socket_.size() >= sizeof address.sun_path)
        return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@')
        address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // A manager that is away is no reason to stop.
    if (fd) [[maybe_unused]]
        const auto sent = ::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
                                   reinterpret_cast<const sockaddr*>(&address), length);
}

} // namespace sluice::core
