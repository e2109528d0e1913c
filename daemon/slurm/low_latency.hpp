// SPDX-License-Identifier: GPL-2.0-or-later
// Before 24.05 both ends of a slurmdbd connection write length and body separately with Nagle on:
// each call costs 88 ms of waiting for delayed ACKs. Our end sets TCP_NODELAY, and TCP_QUICKACK
// again and again while a call runs (the kernel forgets it), which brings a call to about 1 ms.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace sluice::slurm {

// Same thread rule as the connection; has one thread of its own, which sleeps between calls. From
// 24.05 on it does nothing.
class LowLatency {
public:
    LowLatency() = default;
    LowLatency(const LowLatency&) = delete;
    LowLatency& operator=(const LowLatency&) = delete;
    ~LowLatency();

    // A connection was made / is about to be closed.
    void connected();
    void closed();

    class Scope {
    public:
        explicit Scope(LowLatency& owner) : owner_(owner) { owner_.set_busy(true); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        ~Scope() { owner_.set_busy(false); }

    private:
        LowLatency& owner_;
    };
    Scope scope() { return Scope{*this}; }

private:
    void set_busy(bool busy);
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::thread thread_;
    int fd_ = -1;
    bool busy_ = false;
    std::chrono::steady_clock::time_point since_{}; // when the present call began
    bool stop_ = false;
};

} // namespace sluice::slurm
