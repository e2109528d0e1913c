// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "waldur/waldur.hpp"

namespace sluice {
namespace {

waldur::PortalOptions options_of(const settings::PortalSettings& settings) {
    waldur::PortalOptions options;
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

stomp::ClientOptions broker_of(const settings::PortalSettings& settings,
                               std::vector<std::string> kinds) {
    const auto& events = settings.events;
    stomp::ClientOptions options;
    options.kinds = std::move(kinds);
    options.stream.host = events.host;
    options.stream.port = events.port;
    options.stream.tls = events.tls;
    options.stream.verify = settings.verify_ssl;
    options.stream.ca_file = settings.ca_file;
    if (events.transport == settings::PortalEvents::Transport::websocket)
        options.path = events.path;
    return options;
}

} // namespace

WaldurLink::WaldurLink(const settings::PortalSettings& settings, sqlite::SqliteJournal& journal,
                       app::Sources& sources, const Clock& clock) {
    if (!settings.enabled)
        return;
    const auto options = options_of(settings);
    portal_ = std::make_unique<waldur::WaldurPortal>(options, clock);
    deliverer_ = std::make_unique<waldur::WaldurDeliverer>(
        options, clock, [this](const ports::OutboxEntry& entry) { sync_->arrived(entry); });
    courier_ = std::make_unique<app::OutboxSender>("waldur", journal.outbox(), *deliverer_, clock);
    if (settings.events.enabled)
        connect(settings, journal, sources, clock);
    sync_ = std::make_unique<app::PortalSync>(
        settings, app::PortalSync::Parts{*portal_, journal.outbox(), journal.notes(), journal,
                                         sources, clock, PACKAGE_VERSION,
                                         [this](std::shared_ptr<const app::Rules> rules) {
                                             loop_->use(std::move(rules), "waldur");
                                         },
                                         [this](std::set<std::string> accounts) {
                                             app::Order order;
                                             order.trigger = "waldur";
                                             order.by_user = std::move(accounts);
                                             (void)loop_->ask(std::move(order));
                                         },
                                         [this] { courier_->wake(); }, inbox_.get()});
}

// Waldur gives each subscription a login of its own, and a login is for a connection.
void WaldurLink::connect(const settings::PortalSettings& settings, sqlite::SqliteJournal& journal,
                         app::Sources& sources, const Clock& clock) {
    const bool unified =
        settings.events.registration == settings::PortalEvents::Registration::unified;
    const std::vector<std::string> kinds{"resource_periodic_limits", "resource",
                                         "offering_resources_sync"};
    inbox_ = std::make_unique<app::PortalInbox>(app::PortalInbox::Parts{
        journal.outbox(), sources, clock, settings.push.command_results,
        settings.emulator.empty() ? "production" : "emulator", [this] { sync_->wake(); }});
    registrar_ = std::make_unique<waldur::WaldurRegistrar>(options_of(settings), unified,
                                                           PACKAGE_VERSION, journal.notes(), clock);
    if (unified)
        clients_.push_back(
            std::make_unique<stomp::Client>(broker_of(settings, kinds), *registrar_, *inbox_));
    else
        for (const auto& kind : kinds)
            clients_.push_back(
                std::make_unique<stomp::Client>(broker_of(settings, {kind}), *registrar_, *inbox_));
}

std::shared_ptr<const app::Rules> WaldurLink::load(std::shared_ptr<const app::Rules> file) {
    return sync_ ? sync_->load(std::move(file)) : file;
}

void WaldurLink::attach(app::Loop& loop) {
    loop_ = &loop;
    if (sync_)
        loop.after_cycle([this](const app::Loop::Shown& shown) { sync_->after_cycle(shown); });
}

void WaldurLink::start() {
    if (!sync_)
        return;
    courier_->start();
    sync_->start();
    for (const auto& client : clients_)
        client->start();
}

void WaldurLink::use_file(std::shared_ptr<const app::Rules> file) {
    if (sync_)
        sync_->use_file(std::move(file));
    else
        loop_->use(std::move(file));
}

bool WaldurLink::stop(std::chrono::milliseconds patience) {
    if (!sync_)
        return true;
    bool ended = true;
    for (const auto& client : clients_)
        ended = client->stop(patience / 2) && ended;
    ended = sync_->stop(patience) && ended;
    return courier_->stop(patience) && ended;
}

} // namespace sluice
