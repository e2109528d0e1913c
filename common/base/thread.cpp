// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/thread.hpp"

#include <utility>

namespace sluice {

// Notifies under the lock: after it this object may be gone.
void Worker::start(std::function<void()> body) {
    thread_ = std::thread([this, body = std::move(body)] {
        body();
        auto ended = ended_.lock();
        *ended = true;
        changed_.notify_all();
    });
}

bool Worker::stop(std::chrono::milliseconds patience, const std::function<void()>& wake) {
    stopping_ = true;
    if (!thread_.joinable())
        return true;
    wake();
    bool done = false;
    {
        auto ended = ended_.lock();
        done = changed_.wait_for(ended.lock(), patience, [&] { return *ended; });
    }
    if (done)
        thread_.join();
    else
        thread_.detach();
    return done;
}

} // namespace sluice
