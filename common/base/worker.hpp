// SPDX-License-Identifier: GPL-2.0-or-later
// A thread that is told to stop and waited for, but not for ever: one that hangs in somebody else's
// call is left behind.
#pragma once

#include "common/base/guarded.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <thread>

namespace sluice {

// start() and stop() from one thread; stopping() from any.
class Worker {
public:
    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    // REQUIRES: stopped, or never started.
    ~Worker() = default;

    // `body` returns soon after stopping() is true. Once.
    void start(std::function<void()> body);
    bool started() const { return thread_.joinable(); }
    bool stopping() const { return stopping_; }
    // For calls that look at it themselves.
    const std::atomic<bool>& stop_flag() const { return stopping_; }
    // `wake`: makes the body look at stopping(). True: it has ended, or never began. False: it
    // hangs for longer than `patience`; nothing that it uses may be destroyed then.
    bool stop(std::chrono::milliseconds patience, const std::function<void()>& wake);

private:
    std::atomic<bool> stopping_{false};
    Guarded<bool> ended_{false};
    std::condition_variable changed_;
    std::thread thread_;
};

} // namespace sluice
