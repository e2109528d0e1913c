// SPDX-License-Identifier: GPL-2.0-or-later
// Wiring of the Waldur module: a source of rules (its answers become the rules of the loop) and a
// listener of results (evaluations are reported to Waldur). No rule of the product lives here. With
// configure --disable-waldur daemon/without_waldur.hpp stands for it.
#pragma once

#include "daemon/notify/outbox_sender.hpp"
#include "daemon/storage/journal.hpp"
#include "waldur/api/deliverer.hpp"
#include "waldur/api/emulator.hpp"
#include "waldur/api/offering_client.hpp"
#include "waldur/api/registrar.hpp"
#include "waldur/http/overview.hpp"
#include "waldur/http/views.hpp"
#include "waldur/stomp/client.hpp"
#include "waldur/sync/sync.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// Where sluiced.yaml has no `waldur:` block, only the routes are there.
class WaldurModule {
public:
    // All must outlive it.
    WaldurModule(const settings::WaldurSettings& settings, storage::SqliteJournal& journal,
                 core::Sources& sources, const Clock& clock);
    WaldurModule(const WaldurModule&) = delete;
    WaldurModule& operator=(const WaldurModule&) = delete;

    // Rules of the first evaluation.
    std::shared_ptr<const core::Rules> load(std::shared_ptr<const core::Rules> file);
    // Before the loop starts; then start() when it has.
    void attach(core::Loop& loop);
    void start();
    void use_file(std::shared_ptr<const core::Rules> file);
    // What use_file() would put into force. Thread-safe.
    std::shared_ptr<const core::Rules>
    rules_with(const std::shared_ptr<const core::Rules>& file) const {
        return sync_ ? sync_->rules_with(*file) : file;
    }
    // False: something hangs, and nothing may be destroyed.
    bool stop(std::chrono::milliseconds patience);

    // Waldur's routes, for the HTTP server, which the module must outlive.
    std::vector<http::Route> routes() const;
    // Stands for Slurm where changes go to Waldur's emulator.
    static std::unique_ptr<ports::EmulatedSlurm> emulator(ports::Accounting& accounting,
                                                          const std::string& url);

private:
    // Of one offering. The clients go first.
    struct Link {
        std::unique_ptr<waldur::OfferingClient> source;
        std::unique_ptr<waldur::MessageInbox> inbox; // nullptr: Waldur sends no messages
        std::unique_ptr<waldur::QueueRegistrar> registrar;
        std::vector<std::unique_ptr<stomp::Client>> clients;
    };
    void connect(const settings::WaldurSettings& settings, const settings::WaldurOffering& offering,
                 Link& link, storage::SqliteJournal& journal, core::Sources& sources,
                 const Clock& clock);

    std::optional<http::waldur::Overview> overview() const;

    ports::RecordStore& journal_;
    core::Loop* loop_ = nullptr;
    std::unique_ptr<waldur::Deliverer> deliverer_; // nullptr, as the rest: no Waldur
    std::unique_ptr<notify::OutboxSender> sender_;
    std::vector<Link> links_;
    std::unique_ptr<waldur::Sync> sync_;
};

} // namespace sluice
