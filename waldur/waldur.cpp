// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "waldur/waldur.hpp"

namespace sluice {
namespace {

waldur::ApiOptions options_of(const settings::WaldurSettings& settings) {
    waldur::ApiOptions options;
    options.url = settings.url;
    options.offering = settings.offering;
    options.reports = settings.push.command_results;
    options.http.verify = settings.verify_ssl;
    options.http.ca_file = settings.ca_file;
    options.login.token = settings.token.inline_text;
    options.login.token_file = settings.token.file;
    options.login.oidc_token_url = settings.oidc_token_url;
    options.login.oidc_client_id = settings.oidc_client_id;
    options.login.oidc_secret = settings.oidc_client_secret.inline_text;
    options.login.oidc_secret_file = settings.oidc_client_secret.file;
    return options;
}

stomp::ClientOptions broker_of(const settings::WaldurSettings& settings,
                               std::vector<std::string> kinds) {
    const auto& events = settings.events;
    stomp::ClientOptions options;
    options.kinds = std::move(kinds);
    options.stream.host = events.host;
    options.stream.port = events.port;
    options.stream.tls = events.tls;
    options.stream.verify = settings.verify_ssl;
    options.stream.ca_file = settings.ca_file;
    if (events.transport == settings::WaldurEvents::Transport::websocket)
        options.path = events.path;
    return options;
}

} // namespace

WaldurModule::WaldurModule(const settings::WaldurSettings& settings,
                           storage::SqliteJournal& journal, core::Sources& sources,
                           const Clock& clock)
    : journal_(journal) {
    if (!settings.enabled)
        return;
    const auto options = options_of(settings);
    source_ = std::make_unique<waldur::OfferingClient>(options, clock);
    deliverer_ = std::make_unique<waldur::Deliverer>(
        options, clock, [this](const ports::OutboxEntry& entry) { sync_->arrived(entry); });
    sender_ =
        std::make_unique<notify::OutboxSender>("waldur", journal.outbox(), *deliverer_, clock);
    if (settings.events.enabled)
        connect(settings, journal, sources, clock);
    sync_ = std::make_unique<waldur::Sync>(
        settings, waldur::Sync::Parts{*source_, journal.outbox(), journal.notes(), journal, sources,
                                      clock, PACKAGE_VERSION,
                                      [this](std::shared_ptr<const core::Rules> rules) {
                                          loop_->use(std::move(rules), core::Trigger::waldur);
                                      },
                                      [this](std::set<std::string> accounts) {
                                          core::Order order;
                                          order.trigger = core::Trigger::waldur;
                                          order.by_user = std::move(accounts);
                                          (void)loop_->ask(std::move(order));
                                      },
                                      [this] { sender_->wake(); }, inbox_.get()});
}

// Waldur gives each subscription a login of its own, and a login is for a connection.
void WaldurModule::connect(const settings::WaldurSettings& settings,
                           storage::SqliteJournal& journal, core::Sources& sources,
                           const Clock& clock) {
    const bool unified =
        settings.events.registration == settings::WaldurEvents::Registration::unified;
    const std::vector<std::string> kinds{"resource_periodic_limits", "resource",
                                         "offering_resources_sync"};
    inbox_ = std::make_unique<waldur::MessageInbox>(waldur::MessageInbox::Parts{
        journal.outbox(), sources, clock, settings.offering, settings.push.command_results,
        settings.emulator.empty() ? "production" : "emulator", [this] { sync_->wake(); }});
    registrar_ = std::make_unique<waldur::QueueRegistrar>(options_of(settings), unified,
                                                          PACKAGE_VERSION, journal.notes(), clock);
    if (unified)
        clients_.push_back(
            std::make_unique<stomp::Client>(broker_of(settings, kinds), *registrar_, *inbox_));
    else
        for (const auto& kind : kinds)
            clients_.push_back(
                std::make_unique<stomp::Client>(broker_of(settings, {kind}), *registrar_, *inbox_));
}

std::shared_ptr<const core::Rules> WaldurModule::load(std::shared_ptr<const core::Rules> file) {
    return sync_ ? sync_->load(std::move(file)) : file;
}

void WaldurModule::attach(core::Loop& loop) {
    loop_ = &loop;
    if (sync_)
        loop.after_cycle([this](const core::Loop::Shown& shown) { sync_->after_cycle(shown); });
}

void WaldurModule::start() {
    if (!sync_)
        return;
    sender_->start();
    sync_->start();
    for (const auto& client : clients_)
        client->start();
}

void WaldurModule::use_file(std::shared_ptr<const core::Rules> file) {
    if (sync_)
        sync_->use_file(std::move(file));
    else
        loop_->use(std::move(file));
}

bool WaldurModule::stop(std::chrono::milliseconds patience) {
    if (!sync_)
        return true;
    bool ended = true;
    for (const auto& client : clients_)
        ended = client->stop(patience / 2) && ended;
    ended = sync_->stop(patience) && ended;
    return sender_->stop(patience) && ended;
}

std::vector<http::Route> WaldurModule::routes() const {
    return http::waldur::routes(
        [this] { return sync_ ? sync_->ids() : std::make_shared<const waldur::KnownIds>(); },
        [this](const ports::AgentReport& report) { return journal_.add_report(report); });
}

std::unique_ptr<ports::EmulatedSlurm> WaldurModule::emulator(ports::Accounting& accounting,
                                                             const std::string& url) {
    return std::make_unique<waldur::Emulator>(accounting, url);
}

} // namespace sluice
