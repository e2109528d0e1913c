// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/configuration.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

void log_notes(const settings::Settings& settings) {
    for (const auto& note : settings.notes)
        log::event(log::Level::notice, "SLUICE-0203", "settings-note", {{"note", note}});
}

} // namespace

Result<std::shared_ptr<const Rules>> make_rules(settings::Settings settings,
                                                const std::string& local_cluster, Instant now) {
    auto zone = Zone::load(settings.policies.timezone);
    if (!zone)
        return std::move(zone).error().in(settings.file + ": timezone");
    auto rules = std::make_shared<Rules>();
    rules->cluster = settings.daemon.cluster.empty() ? local_cluster : settings.daemon.cluster;
    rules->several = settings.daemon.clusters.size() > 1;
    rules->set = settings.policies;
    rules->notices = settings.notices;
    rules->zone = *zone;
    rules->interval = settings.daemon.interval;
    rules->confirm_timeout = settings.daemon.confirm_timeout;
    rules->commit_group = static_cast<std::size_t>(settings.daemon.commit_group);
    rules->retention = std::chrono::days{settings.daemon.retention_days};
    rules->loaded = now;
    rules->faults = [held = std::make_shared<const settings::Settings>(std::move(settings))](
                        const model::Structure& structure) {
        return settings::check_against(*held, structure);
    };
    return std::shared_ptr<const Rules>(std::move(rules));
}

Result<std::vector<std::shared_ptr<const Rules>>>
make_all_rules(const settings::Settings& settings, const std::string& local_cluster, Instant now) {
    auto names = settings.daemon.clusters;
    if (names.empty())
        names.push_back(local_cluster);
    std::vector<std::shared_ptr<const Rules>> all;
    for (const auto& name : names) {
        auto rules = make_rules(settings::of_cluster(settings, name), local_cluster, now);
        if (!rules)
            return std::move(rules).error();
        all.push_back(std::move(*rules));
    }
    log_notes(settings);
    return all;
}

std::vector<std::string> fixed_keys_changed(const settings::DaemonSettings& in_force,
                                            const settings::DaemonSettings& next) {
    std::vector<std::string> keys;
    const auto compare = [&](const char* key, const auto& a, const auto& b) {
        if (a != b)
            keys.emplace_back(key);
    };
    compare("clusters", in_force.clusters, next.clusters);
    compare("socket", in_force.socket, next.socket);
    compare("journal", in_force.journal, next.journal);
    compare("munge_socket", in_force.munge_socket, next.munge_socket);
    compare("notifications.mail", in_force.mail, next.mail);
    compare("notifications.webhook", in_force.webhook, next.webhook);
    compare("plugin_server.enabled", in_force.plugin_server.enabled, next.plugin_server.enabled);
    compare("plugin_server.listen", in_force.plugin_server.listen, next.plugin_server.listen);
    compare("plugin_server.user", in_force.plugin_server.user, next.plugin_server.user);
    compare("plugin_server.munge_socket", in_force.plugin_server.munge_socket,
            next.plugin_server.munge_socket);
    compare("plugin_server.key_file", in_force.plugin_server.key_file, next.plugin_server.key_file);
    compare("http", in_force.http, next.http);
    return keys;
}

std::vector<std::string> fixed_keys_changed(const settings::PortalSettings& in_force,
                                            const settings::PortalSettings& next) {
    if (in_force == next)
        return {};
    return {"waldur"};
}

void log_refused(const std::string& file, const Error& error) {
    for (const auto& line : split(error.context, '\n'))
        log::event(log::Level::error, "SLUICE-0201", "settings-refused",
                   {{"file", file}, {"error", line}});
}

std::vector<std::string> Reloader::faults(const settings::Settings& settings) const {
    std::vector<std::string> all;
    const auto look = [&](const Loop& loop) {
        const auto structure = loop.shown().structure;
        if (!structure)
            return;
        const auto own = settings::of_cluster(settings, loop.rules()->cluster);
        for (auto& fault : settings::check_against(own, *structure))
            if (std::find(all.begin(), all.end(), fault) == all.end())
                all.push_back(std::move(fault));
    };
    look(loop_);
    for (const auto& other : others_)
        look(*other.loop);
    return all;
}

Result<settings::Settings> Reloader::read() const {
    auto settings = settings::load(file_);
    if (!settings)
        return settings;
    // Loops are made at the start.
    settings->daemon.cluster = in_force_.cluster;
    if (const auto found = faults(*settings); !found.empty())
        return Error{Errc::malformed, join(found, "\n")};
    return settings;
}

void Reloader::tell(const std::string& error) {
    service_.set_config_error(error);
    for (const auto& other : others_)
        other.service->set_config_error(error);
}

bool Reloader::refused(const Error& error) {
    log_refused(file_, error);
    tell(join(split(error.context, '\n'), "; ")); // shown inside sentences and cells
    return false;
}

bool Reloader::reload(Instant now) {
    more_();
    auto settings = read();
    if (!settings)
        return refused(settings.error());
    auto fixed = fixed_keys_changed(in_force_, settings->daemon);
    for (auto& key : fixed_keys_changed(portal_, settings->portal))
        fixed.push_back(std::move(key));
    settings->daemon.clusters = in_force_.clusters;
    auto rules = make_all_rules(*settings, local_cluster_, now);
    if (!rules)
        return refused(rules.error());
    log::event(log::Level::notice, "SLUICE-0202", "settings-loaded", {{"file", file_}});
    if (!fixed.empty())
        log::event(log::Level::warning, "SLUICE-0204", "restart-needed",
                   {{"keys", join(fixed, ", ")}});
    tell("");
    if (sink_)
        sink_(std::move(rules->front()));
    else
        loop_.use(std::move(rules->front()));
    for (std::size_t i = 0; i < others_.size() && i + 1 < rules->size(); ++i)
        others_[i].loop->use(std::move((*rules)[i + 1]));
    return true;
}

} // namespace sluice::app
