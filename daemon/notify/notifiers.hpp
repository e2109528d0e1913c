// SPDX-License-Identifier: GPL-2.0-or-later
// Delivery of notices: by mail and webhook, where they are configured.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/settings/settings.hpp"
#include "daemon/notify/outbox_sender.hpp"
#include "daemon/ports/outbox.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace sluice::notify {

class Notifiers {
public:
    // Reads the files of secrets. refused: one is readable by all users; not_found: it is missing.
    // `outbox` and `clock` must outlive it.
    static Result<std::unique_ptr<Notifiers>> make(const settings::DaemonSettings& settings,
                                                   ports::Outbox& outbox, const Clock& clock);
    // Delivers a mail that is not in the outbox; nullptr: no mail is configured. From any thread.
    ports::Deliverer* mail() const { return mail_; }
    void start();
    // False: a sender hangs; nothing that it uses may be destroyed.
    bool stop(std::chrono::milliseconds patience);

private:
    struct Line {
        std::unique_ptr<ports::Deliverer> deliverer;
        std::unique_ptr<OutboxSender> sender;
    };
    std::vector<Line> lines_;
    ports::Deliverer* mail_ = nullptr; // of a line
};

} // namespace sluice::notify
