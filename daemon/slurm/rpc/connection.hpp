// SPDX-License-Identifier: GPL-2.0-or-later
// The connection to slurmdbd, opened anew after a failure.
#pragma once

#include "common/base/result.hpp"
#include "daemon/slurm/rpc/handles.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice::slurm {

// Before 24.05 both ends of a slurmdbd connection write length and body separately with Nagle's
// algorithm on (slurm_persist_conn.c, slurm_persist_send_msg): each call waits 88 ms for delayed
// ACKs. This end sets TCP_NODELAY, and TCP_QUICKACK again and again while a call runs (the kernel
// forgets it), which brings a call to about 1 ms. Same thread rule as Session; has one thread of
// its own, which sleeps between calls. From 24.05 on it does nothing.
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

// The connection that SlurmAccounting and SlurmEnforcer share. After any failure the connection is
// closed, because a dead one may answer "no rows" instead of an error; the next call opens a new
// one. One thread at a time: two threads on one connection hang for ever.
class Session {
public:
    // A call that returns a list; no list is an error. `what` names it in the error.
    template <class T, class Call>
    Result<SlurmList<T>> list(std::string_view what, Call&& call) {
        Result<void*> handle = open();
        if (!handle)
            return std::move(handle).error().in(what);
        const LowLatency::Scope quick = latency_.scope();
        errno = 0;
        SlurmList<T> rows{call(*handle)};
        const int number = errno;
        if (!rows)
            return failed(what, number);
        return rows;
    }
    // A call that returns 0 for success.
    template <class Call>
    Result<void> status(std::string_view what, Call&& call) {
        Result<void*> handle = open();
        if (!handle)
            return std::move(handle).error().in(what);
        const LowLatency::Scope quick = latency_.scope();
        errno = 0;
        const int rc = call(*handle);
        const int number = errno;
        if (rc != 0)
            return failed(what, number != 0 ? number : rc);
        return {};
    }
    // Call before the first read of an operation. slurmdbd keeps one MariaDB transaction open for
    // each connection, and reads see the state of its first read until the transaction ends:
    // without this call a long-lived connection never sees what others change. In between, the
    // reads of an operation agree with each other.
    void refresh();
    void close();
    // Grows with each attempt to change Slurm through this session: earlier reads are out of date.
    std::uint64_t writes() const { return writes_; }
    void note_write() { ++writes_; }

private:
    Result<void*> open();
    Error failed(std::string_view what, int number);

    struct Close {
        void operator()(void* connection) const noexcept { slurmdb_connection_close(&connection); }
    };
    std::unique_ptr<void, Close> connection_;
    LowLatency latency_;
    std::uint64_t writes_ = 0;
};

// Slurm's error number as an Error: missing rights are `refused`, with the remedy; what slurmdbd
// says of this request alone is `conflict`; the rest is `unavailable` or `timeout`.
Error slurm_error(std::string_view what, int number);

} // namespace sluice::slurm
