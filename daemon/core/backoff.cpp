// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/backoff.hpp"

#include "common/model/history.hpp"

#include <algorithm>

namespace sluice::app {

std::string command_key(const model::Command& command) {
    std::string key = model::association_key(command.account, command.user, command.partition) +
                      '|' + std::string(model::name(command.type));
    if (command.type == model::CommandType::limits)
        key += '|' + std::to_string(static_cast<int>(command.limit_type));
    if (model::is_for_job(command.type))
        key += '|' + command.job;
    return key;
}

const std::string* Backoff::waits(const model::Command& command, Instant now) const {
    const auto found = failed_.find(command_key(command));
    if (found == failed_.end() || now >= found->second.next || !(found->second.command == command))
        return nullptr;
    return &found->second.why;
}

void Backoff::note(const model::Command& command, const std::optional<Error>& failure,
                   Instant now) {
    if (!failure) {
        failed_.erase(command_key(command));
        return;
    }
    const auto [entry, is_new] = failed_.try_emplace(command_key(command));
    auto& failed = entry->second;
    if (is_new || !(failed.command == command))
        failed.wait = std::chrono::seconds{0};
    else
        failed.wait = std::clamp(failed.wait * 2, kFirst, kMax);
    failed.command = command;
    failed.why = failure->context;
    failed.next = now + failed.wait;
}

} // namespace sluice::app
