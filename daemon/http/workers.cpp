// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/workers.hpp"

namespace sluice::http {

Lane::Lane(std::size_t threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this] { work(); });
}

Lane::~Lane() {
    stop();
}

bool Lane::submit(Job job) {
    auto state = state_.lock();
    if (state->stopped || state->waiting.size() >= most_waiting_)
        return false;
    state->waiting.push_back(std::move(job));
    wake_.notify_one();
    return true;
}

void Lane::stop() {
    std::deque<Job> left;
    {
        auto state = state_.lock();
        state->stopped = true;
        left.swap(state->waiting);
    }
    wake_.notify_all();
    for (const auto& job : left)
        job(true);
    for (auto& thread : threads_)
        if (thread.joinable())
            thread.join();
}

void Lane::work() {
    while (true) {
        Job job;
        {
            auto state = state_.lock();
            wake_.wait(state.lock(), [&] { return state->stopped || !state->waiting.empty(); });
            if (state->waiting.empty())
                return;
            job = std::move(state->waiting.front());
            state->waiting.pop_front();
        }
        job(false);
    }
}

} // namespace sluice::http
