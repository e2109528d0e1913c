// SPDX-License-Identifier: GPL-2.0-or-later
// The one connection to slurmdbd, and the reopening of it after a failure.
#pragma once

#include "common/base/result.hpp"
#include "daemon/slurm/list.hpp"
#include "daemon/slurm/low_latency.hpp"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::slurm {

// Owner of libslurm's handle. One thread at a time: two threads on one connection hang for ever.
class SlurmdbConnection {
public:
    static Result<SlurmdbConnection> open();
    SlurmdbConnection(SlurmdbConnection&& other) noexcept
        : raw_(std::exchange(other.raw_, nullptr)) {}
    SlurmdbConnection& operator=(SlurmdbConnection&& other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~SlurmdbConnection();

    void* get() const noexcept { return raw_; }

private:
    explicit SlurmdbConnection(void* raw) noexcept : raw_(raw) {}
    void* raw_;
};

// What accounting and enforcer share. After any failure the connection is closed, because a dead
// one may answer "nothing there" instead of an error; the next call opens a new one.
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
    // To be called before the first read of an operation. slurmdbd keeps one MariaDB transaction
    // open for each connection, so reads see the state of the first read until something ends it:
    // without this a long-lived connection would never see what others change. In between, the
    // reads of an operation agree with each other.
    void refresh();
    void close();
    // Grows with each change that was tried through this session: what was read before is old.
    std::uint64_t writes() const { return writes_; }
    void note_write() { ++writes_; }

private:
    Result<void*> open();
    Error failed(std::string_view what, int number);

    std::optional<SlurmdbConnection> connection_;
    LowLatency latency_;
    std::uint64_t writes_ = 0;
};

// Slurm's error number as an Error: who may not is `refused` and told how to be allowed, the rest
// is `unavailable` or `timeout`.
Error slurm_error(std::string_view what, int number);
// Of the user we run as; the number where it has none.
std::string own_name();
// "ask a Slurm administrator to run: sacctmgr modify user sluice set adminlevel=operator; if ..."
// (`add user` changes nothing of a user that is there, and `modify` needs one).
std::string rights_remedy();

} // namespace sluice::slurm
