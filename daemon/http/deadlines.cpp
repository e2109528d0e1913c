// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/deadlines.hpp"

#include <algorithm>
#include <sys/socket.h>

namespace sluice::http {

Deadlines::Deadlines(std::chrono::milliseconds receive, std::chrono::milliseconds send)
    : receive_(receive), send_(send), worker_([this] { work(); }) {}

Deadlines::~Deadlines() {
    state_.lock()->stopping = true;
    wake_.notify_all();
    worker_.join();
}

Deadlines::Id Deadlines::opened(int fd) {
    auto state = state_.lock();
    state->held.emplace(++state->last, Held{fd, Clock::now() + receive_});
    return state->last;
}

void Deadlines::closed(Id id) {
    state_.lock()->held.erase(id);
}

void Deadlines::receives(Id id) {
    move(id, Clock::now() + receive_);
}

void Deadlines::waits(Id id) {
    move(id, Clock::time_point::max());
}

void Deadlines::sends(Id id) {
    move(id, Clock::now() + send_);
}

void Deadlines::move(Id id, Clock::time_point until) {
    auto state = state_.lock();
    if (const auto found = state->held.find(id); found != state->held.end())
        found->second.until = until;
}

// Shut down under the lock: closed() comes before the number of the descriptor can mean another.
void Deadlines::work() {
    const auto look = std::clamp(std::min(receive_, send_) / 4, std::chrono::milliseconds(10),
                                 std::chrono::milliseconds(1000));
    auto state = state_.lock();
    while (!state->stopping) {
        wake_.wait_for(state.lock(), look, [&] { return state->stopping; });
        const auto now = Clock::now();
        for (auto& [id, held] : state->held)
            if (held.until <= now) {
                ::shutdown(held.fd, SHUT_RDWR);
                held.until = Clock::time_point::max();
            }
    }
}

} // namespace sluice::http
