// SPDX-License-Identifier: GPL-2.0-or-later
// Data that can be reached only through its held lock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace sluice {
template <class T>
class Guarded {
public:
    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    class Access {
    public:
        Access(std::mutex& mutex, T& value) : lock_(mutex), value_(value) {}
        T* operator->() { return &value_; }
        T& operator*() { return value_; }
        // For std::condition_variable::wait only.
        std::unique_lock<std::mutex>& lock() { return lock_; }

    private:
        std::unique_lock<std::mutex> lock_;
        T& value_;
    };

    Access lock() { return Access{mutex_, value_}; }

private:
    std::mutex mutex_;
    T value_{};
};

// A thread that is asked to stop and waited for within a limit: a thread that hangs in a call of a
// library is left behind.

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
