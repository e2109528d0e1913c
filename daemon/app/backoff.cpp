// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/app/backoff.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

std::string key(const model::Command& command) {
    return command.account + '|' + command.user + '|' + command.partition + '|' +
           std::string(model::name(command.type));
}

} // namespace

const std::string* Backoff::waits(const model::Command& command, Instant now) const {
    const auto found = failed_.find(key(command));
    if (found == failed_.end() || now >= found->second.next || !(found->second.command == command))
        return nullptr;
    return &found->second.why;
}

void Backoff::note(const model::Command& command, const std::optional<Error>& failure,
                   Instant now) {
    if (!failure) {
        failed_.erase(key(command));
        return;
    }
    const auto [entry, is_new] = failed_.try_emplace(key(command));
    auto& failed = entry->second;
    if (is_new || !(failed.command == command))
        failed.wait = std::chrono::seconds{0};
    else
        failed.wait = std::clamp(failed.wait * 2, kFirst, kLongest);
    failed.command = command;
    failed.why = failure->context;
    failed.next = now + failed.wait;
}

} // namespace sluice::app
