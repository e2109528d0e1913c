// SPDX-License-Identifier: GPL-2.0-or-later
// Reports to the service manager (sd_notify's protocol, without libsystemd). Without one it does
// nothing.
#pragma once

#include "common/base/printable.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sluice::core {

// One thread.
class Supervisor {
public:
    // Takes NOTIFY_SOCKET and WATCHDOG_USEC from the environment and removes them, so that children
    // do not report for the daemon.
    static Supervisor from_environment();
    Supervisor(std::string socket, std::optional<std::chrono::microseconds> watchdog)
        : socket_(std::move(socket)), watchdog_(watchdog) {}

    void ready() const { send("READY=1"); }
    void reloading() const;
    void stopping() const { send("STOPPING=1"); }
    void status(const std::string& text) const { send("STATUS=" + printable(text)); }
    void alive() const { send("WATCHDOG=1"); }
    // How often alive() is due: half of what the manager allows. nullopt: no watchdog.
    std::optional<std::chrono::milliseconds> alive_every() const;

private:
    void send(const std::string& text) const;

    std::string socket_; // "": none; '@' begins an abstract name
    std::optional<std::chrono::microseconds> watchdog_;
};

} // namespace sluice::core
