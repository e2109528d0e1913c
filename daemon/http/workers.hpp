// SPDX-License-Identifier: GPL-2.0-or-later
// Threads that answer, apart from those that listen: a cycle asked for by a person, or a journal
// that is locked for a while, holds up nobody else.
#pragma once

#include "common/base/thread.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

namespace sluice::http {

// A bounded queue and its threads.
class Lane {
public:
    // Runs when a thread is free: with `abandoned` when the lane stops first. Must not throw.
    using Job = std::function<void(bool abandoned)>;

    Lane(std::size_t threads, std::size_t most_waiting);
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    ~Lane();

    // False when the queue is full or the lane has stopped; the job is then not run.
    bool submit(Job job);
    // Abandons what waits and returns when what runs has ended.
    void stop();

private:
    struct State {
        std::deque<Job> waiting;
        bool stopped = false;
    };
    void work();

    const std::size_t most_waiting_;
    Guarded<State> state_;
    std::condition_variable wake_;
    std::vector<std::thread> threads_;
};

} // namespace sluice::http
