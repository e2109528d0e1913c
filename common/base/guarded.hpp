// SPDX-License-Identifier: GPL-2.0-or-later
// Data that can be reached only through its held lock.
#pragma once

#include <mutex>
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

} // namespace sluice
