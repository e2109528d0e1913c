// SPDX-License-Identifier: GPL-2.0-or-later
// Part of the composition root: builds and holds what talks to Waldur. No rule of the product lives
// here.
#pragma once

#include "daemon/core/outbox_sender.hpp"
#include "daemon/storage/journal.hpp"
#include "waldur/api/deliverer.hpp"
#include "waldur/api/registrar.hpp"
#include "waldur/stomp/client.hpp"
#include "waldur/sync/inbox.hpp"
#include "waldur/sync/sync.hpp"

#include <memory>
#include <vector>

namespace sluice {

// Where sluiced.yaml has no `waldur:` block, it does nothing.
class WaldurLink {
public:
    // All must outlive it.
    WaldurLink(const settings::PortalSettings& settings, sqlite::SqliteJournal& journal,
               app::Sources& sources, const Clock& clock);
    WaldurLink(const WaldurLink&) = delete;
    WaldurLink& operator=(const WaldurLink&) = delete;

    // Rules of the first cycle.
    std::shared_ptr<const app::Rules> load(std::shared_ptr<const app::Rules> file);
    // Before the loop starts; then start() when it has.
    void attach(app::Loop& loop);
    void start();
    void use_file(std::shared_ptr<const app::Rules> file);
    // False: something hangs, and nothing may be destroyed.
    bool stop(std::chrono::milliseconds patience);

private:
    void connect(const settings::PortalSettings& settings, sqlite::SqliteJournal& journal,
                 app::Sources& sources, const Clock& clock);

    app::Loop* loop_ = nullptr;
    std::unique_ptr<waldur::WaldurPortal> portal_; // nullptr: no Waldur
    std::unique_ptr<waldur::WaldurDeliverer> deliverer_;
    std::unique_ptr<app::OutboxSender> courier_;
    std::unique_ptr<app::PortalInbox> inbox_; // nullptr: Waldur sends no messages
    std::unique_ptr<waldur::WaldurRegistrar> registrar_;
    std::vector<std::unique_ptr<stomp::Client>> clients_;
    std::unique_ptr<app::PortalSync> sync_;
};

} // namespace sluice
