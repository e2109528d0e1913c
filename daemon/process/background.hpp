// SPDX-License-Identifier: GPL-2.0-or-later
// Leaves the terminal. The process that the person started exits when the daemon is ready, or with
// the daemon's error when it cannot start.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <string>

namespace sluice::core {

class Background {
public:
    // Stays in the foreground: ready() and failed() do nothing.
    Background() = default;
    // Forks twice and returns in the daemon; the other two processes never return.
    // REQUIRES: no thread has been started.
    static Result<Background> enter();

    // The parent exits with 0; standard input and output go to /dev/null, the log to the system
    // log (one datagram a line on /dev/log).
    void ready();
    // The parent prints `text` and exits with 1.
    void failed(const std::string& text);

private:
    explicit Background(UniqueFd parent) : parent_(std::move(parent)) {}
    UniqueFd parent_;
};

} // namespace sluice::core
