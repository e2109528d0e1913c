// SPDX-License-Identifier: GPL-2.0-or-later
// Ends connections that take too long as a whole: the library only ends those that are silent, and
// a byte now and then keeps one open for ever. Knows nothing of HTTP.
#pragma once

#include "common/base/thread.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <thread>

namespace sluice::http {

// Thread-safe.
class Deadlines {
public:
    // `receive`: from the beginning of a connection, or the end of the last answer, to the end of
    // a request. `send`: of an answer.
    Deadlines(std::chrono::milliseconds receive, std::chrono::milliseconds send);
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;
    ~Deadlines();

    using Id = std::uint64_t;
    // The caller owns `fd` and must call closed() before it closes it.
    Id opened(int fd);
    void closed(Id id);
    void receives(Id id);
    // We work on the answer: no deadline.
    void waits(Id id);
    void sends(Id id);

private:
    using Clock = std::chrono::steady_clock;
    struct Held {
        int fd = -1;
        Clock::time_point until;
    };
    struct State {
        bool stopping = false;
        Id last = 0;
        std::map<Id, Held> held;
    };
    void move(Id id, Clock::time_point until);
    void work();

    const std::chrono::milliseconds receive_;
    const std::chrono::milliseconds send_;
    Guarded<State> state_;
    std::condition_variable wake_;
    std::thread worker_;
};

} // namespace sluice::http
