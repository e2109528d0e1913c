// SPDX-License-Identifier: GPL-2.0-or-later
// The couriers of notices: mail and webhook, where they are configured.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/settings/settings.hpp"
#include "daemon/core/outbox_sender.hpp"
#include "daemon/ports/deliverer.hpp"
#include "daemon/ports/outbox.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace sluice {

class Notifiers {
public:
    // Opens the files of secrets. refused: every user may read one; not_found: missing.
    // `outbox` and `clock` must outlive it.
    static Result<std::unique_ptr<Notifiers>> make(const settings::DaemonSettings& settings,
                                                   ports::Outbox& outbox, const Clock& clock);
    void start();
    // False: one hangs; nothing that it uses may be destroyed.
    bool stop(std::chrono::milliseconds patience);

private:
    struct Line {
        std::unique_ptr<ports::Deliverer> deliverer;
        std::unique_ptr<app::OutboxSender> courier;
    };
    void add(const char* target, std::unique_ptr<ports::Deliverer> deliverer, ports::Outbox& outbox,
             const Clock& clock);
    std::vector<Line> lines_;
};

} // namespace sluice
