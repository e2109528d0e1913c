// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "waldur/waldur.hpp"

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

constexpr std::chrono::seconds kAskPatience{60};

waldur::ApiOptions options_of(const settings::WaldurSettings& settings,
                              const std::string& offering = "") {
    waldur::ApiOptions options;
    options.url = settings.url;
    options.offering = offering;
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
    deliverer_ = std::make_unique<waldur::Deliverer>(
        options_of(settings), clock,
        [this](const ports::OutboxEntry& entry) { sync_->arrived(entry); });
    sender_ =
        std::make_unique<notify::OutboxSender>("waldur", journal.outbox(), *deliverer_, clock);
    links_.reserve(settings.offerings.size()); // they are pointed to
    for (const auto& offering : settings.offerings) {
        auto& link = links_.emplace_back();
        link.source = std::make_unique<waldur::OfferingClient>(
            options_of(settings, offering.uuid), clock, [&link](const std::string& queue) {
                return link.registrar && link.registrar->owns(queue);
            });
        if (settings.events.enabled)
            connect(settings, offering, link, journal, sources, clock);
    }
    std::vector<waldur::Sync::Link> links;
    for (const auto& link : links_)
        links.push_back({link.source.get(), link.inbox.get()});
    sync_ = std::make_unique<waldur::Sync>(
        settings, waldur::Sync::Parts{std::move(links), journal.outbox(), journal.notes(), journal,
                                      sources, clock, PACKAGE_VERSION,
                                      [this](std::shared_ptr<const core::Rules> rules) {
                                          loop_->use(std::move(rules), core::Trigger::waldur);
                                      },
                                      [this](std::set<std::string> accounts) {
                                          core::Order order;
                                          order.trigger = core::Trigger::waldur;
                                          order.by_user = std::move(accounts);
                                          (void)loop_->ask(std::move(order));
                                      },
                                      [this] { sender_->wake(); }});
}

// Waldur gives each subscription a login of its own, and a login is for a connection.
void WaldurModule::connect(const settings::WaldurSettings& settings,
                           const settings::WaldurOffering& offering, Link& link,
                           storage::SqliteJournal& journal, core::Sources& sources,
                           const Clock& clock) {
    const bool unified =
        settings.events.registration == settings::WaldurEvents::Registration::unified;
    const std::vector<std::string> kinds{"resource_periodic_limits", "resource",
                                         "offering_resources_sync"};
    const std::string several = settings.offerings.size() > 1 ? '-' + offering.uuid : "";
    link.inbox = std::make_unique<waldur::MessageInbox>(waldur::MessageInbox::Parts{
        journal.outbox(), sources, clock, "waldur-events" + several, offering.uuid,
        settings.push.command_results, settings.emulator.empty() ? "production" : "emulator",
        [this] { sync_->wake(); }});
    link.registrar = std::make_unique<waldur::QueueRegistrar>(
        options_of(settings, offering.uuid), unified, PACKAGE_VERSION, journal.notes(), clock);
    if (unified)
        link.clients.push_back(std::make_unique<stomp::Client>(broker_of(settings, kinds),
                                                               *link.registrar, *link.inbox));
    else
        for (const auto& kind : kinds)
            link.clients.push_back(std::make_unique<stomp::Client>(broker_of(settings, {kind}),
                                                                   *link.registrar, *link.inbox));
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
    for (const auto& link : links_)
        for (const auto& client : link.clients)
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
    for (const auto& link : links_)
        for (const auto& client : link.clients)
            ended = client->stop(patience / 2) && ended;
    ended = sync_->stop(patience) && ended;
    return sender_->stop(patience) && ended;
}

std::optional<http::waldur::Overview> WaldurModule::overview() const {
    if (!sync_)
        return std::nullopt;
    using Settings = settings::WaldurSettings;
    const Settings& settings = sync_->settings();
    http::waldur::Overview out;
    out.url = settings.url;
    out.source = settings.source == Settings::Source::waldur ? "waldur" : "file";
    out.authority = settings.authority == Settings::Authority::waldur ? "waldur" : "sluice";
    out.interval_s = settings.interval.count();
    const auto asked = sync_->asked();
    for (std::size_t i = 0; i < asked.size(); ++i)
        out.offerings.push_back({settings.offerings[i].uuid, settings.offerings[i].policy,
                                 asked[i].offering, asked[i].trouble});
    return out;
}

std::vector<http::Route> WaldurModule::routes() const {
    auto all = http::waldur::routes(
        [this] { return sync_ ? sync_->ids() : std::make_shared<const waldur::KnownIds>(); },
        [this](const ports::AgentReport& report) { return journal_.add_report(report); });
    auto more = http::waldur::overview_routes(
        [this] { return overview(); },
        [this]() -> Result<void> {
            if (!sync_)
                return Error{Errc::not_found, "sluiced.yaml has no block waldur"};
            return sync_->ask(kAskPatience);
        });
    std::move(more.begin(), more.end(), std::back_inserter(all));
    return all;
}

std::unique_ptr<ports::EmulatedSlurm> WaldurModule::emulator(ports::Accounting& accounting,
                                                             const std::string& url) {
    return std::make_unique<waldur::Emulator>(accounting, url);
}

} // namespace sluice
