// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/sources.hpp"

#include "common/base/log.hpp"

namespace sluice::core {

void Sources::up(std::string_view source, Instant now) {
    auto away = away_.lock();
    const auto found = away->find(source);
    if (found == away->end())
        return;
    const std::int64_t seconds = epoch(now) - epoch(found->second);
    away->erase(found);
    log::event(log::Level::notice, "SLUICE-0302", "source-up",
               {{"source", std::string(source)}, {"after_s", std::to_string(seconds)}});
}

void Sources::down(std::string_view source, const Error& error, Instant now) {
    if (error.code != Errc::unavailable && error.code != Errc::timeout)
        return;
    auto away = away_.lock();
    if (!away->emplace(source, now).second)
        return;
    log::event(log::Level::warning, "SLUICE-0301", "source-down",
               {{"source", std::string(source)}, {"error", error.context}});
}

std::vector<std::string> Sources::away() const {
    std::vector<std::string> names;
    auto away = away_.lock();
    for (const auto& [name, since] : *away)
        names.push_back(name);
    return names;
}

std::string_view source_of(const Error& error, std::string_view otherwise) {
    // "Protocol authentication error" means munged, here or on the peer's host, whoever was called.
    if (error.context.find("authentication") != std::string::npos)
        return "munge";
    for (const std::string_view source : {"slurmdbd", "slurmctld", "munge", "journal"})
        if (error.context.starts_with(source))
            return source;
    return otherwise;
}

} // namespace sluice::core
