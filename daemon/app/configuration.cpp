// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/app/configuration.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"

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
    log_notes(settings);
    auto rules = std::make_shared<Rules>();
    rules->cluster = settings.daemon.cluster.empty() ? local_cluster : settings.daemon.cluster;
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

std::vector<std::string> fixed_keys_changed(const settings::DaemonSettings& in_force,
                                            const settings::DaemonSettings& next) {
    std::vector<std::string> keys;
    const auto compare = [&](const char* key, const auto& a, const auto& b) {
        if (a != b)
            keys.emplace_back(key);
    };
    compare("socket", in_force.socket, next.socket);
    compare("journal", in_force.journal, next.journal);
    compare("munge_socket", in_force.munge_socket, next.munge_socket);
    compare("notifications.mail", in_force.mail, next.mail);
    compare("notifications.webhook", in_force.webhook, next.webhook);
    compare("gate.enabled", in_force.gate.enabled, next.gate.enabled);
    compare("gate.listen", in_force.gate.listen, next.gate.listen);
    compare("gate.user", in_force.gate.user, next.gate.user);
    compare("gate.munge_socket", in_force.gate.munge_socket, next.gate.munge_socket);
    compare("gate.key_file", in_force.gate.key_file, next.gate.key_file);
    compare("http", in_force.http, next.http);
    return keys;
}

void log_refused(const std::string& file, const Error& error) {
    for (const auto& line : split(error.context, '\n'))
        log::event(log::Level::error, "SLUICE-0201", "settings-refused",
                   {{"file", file}, {"error", line}});
}

Result<settings::Settings> Reloader::read() const {
    auto settings = settings::load(file_);
    if (!settings)
        return settings;
    if (const auto structure = loop_.shown().structure) {
        const auto faults = settings::check_against(*settings, *structure);
        if (!faults.empty())
            return Error{Errc::malformed, join(faults, "\n")};
    }
    return settings;
}

bool Reloader::reload(Instant now) {
    more_();
    auto settings = read();
    if (!settings) {
        log_refused(file_, settings.error());
        service_.set_config_error(settings.error().context);
        return false;
    }
    const auto fixed = fixed_keys_changed(in_force_, settings->daemon);
    auto rules = make_rules(std::move(*settings), local_cluster_, now);
    if (!rules) {
        log_refused(file_, rules.error());
        service_.set_config_error(rules.error().context);
        return false;
    }
    log::event(log::Level::notice, "SLUICE-0202", "settings-loaded", {{"file", file_}});
    if (!fixed.empty())
        log::event(log::Level::warning, "SLUICE-0204", "restart-needed",
                   {{"keys", join(fixed, ", ")}});
    service_.set_config_error("");
    if (sink_)
        sink_(std::move(*rules));
    else
        loop_.use(std::move(*rules));
    return true;
}

} // namespace sluice::app
