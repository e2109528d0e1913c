// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/retry.hpp"

#include "common/base/log.hpp"
#include "common/model/history.hpp"
#include "common/policy/plan/limits.hpp"
#include "common/policy/plan/qos.hpp"

#include <algorithm>

namespace sluice::core {
namespace {

using model::Command;
using model::CommandType;
using Steady = std::chrono::steady_clock;

constexpr const char* kRetried = "slurmctld does not show it";

bool has_limits(const model::Association& row, const Command& command) {
    const auto& present = row.limits(command.limit_type);
    return std::all_of(command.limits.begin(), command.limits.end(), [&](const auto& limit) {
        const auto found = present.find(limit.first);
        return limit.second ? found != present.end() && found->second == *limit.second
                            : found == present.end();
    });
}

// slurmdbd has what the command asks for.
bool holds(const model::Structure& structure, const Command& command) {
    for (const auto& row : structure.associations) {
        if (row.account != command.account || row.user != command.user ||
            row.partition != command.partition)
            continue;
        switch (command.type) {
        case CommandType::qos:
            return policy::has_qos(row, model::SavedQos{command.qos, command.default_qos});
        case CommandType::limits:
            return has_limits(row, command);
        case CommandType::submit_limit: {
            const auto jobs = row.submit_jobs ? std::optional<std::int64_t>(*row.submit_jobs)
                                              : std::optional<std::int64_t>();
            return jobs == command.limits.begin()->second;
        }
        case CommandType::fairshare:
            return row.shares == command.shares;
        default:
            return false;
        }
    }
    return false;
}

std::string lateness(const Command& command, std::int64_t milliseconds) {
    return "slurmctld does not show the " + std::string(model::name(command.type)) +
           " of account " + command.account + (command.user.empty() ? "" : ", user ") +
           command.user + " after " + std::to_string(milliseconds / 1000) + " s";
}

std::int64_t milliseconds_between(Confirmations::Time from, Confirmations::Time to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

} // namespace

std::string command_key(const model::Command& command) {
    std::string key = model::association_key(command.account, command.user, command.partition) +
                      '|' + std::string(model::name(command.type));
    if (command.type == model::CommandType::limits)
        key += '|' + std::to_string(static_cast<int>(command.limit_type));
    if (model::is_for_job(command.type))
        key += '|' + command.job;
    return key;
}

const std::string* CommandBackoff::waits(const model::Command& command, Instant now) const {
    const auto found = failed_.find(command_key(command));
    if (found == failed_.end() || now >= found->second.next || !(found->second.command == command))
        return nullptr;
    return &found->second.why;
}

void CommandBackoff::note(const model::Command& command, const std::optional<Error>& failure,
                          Instant now) {
    if (!failure) {
        failed_.erase(command_key(command));
        return;
    }
    const auto [entry, is_new] = failed_.try_emplace(command_key(command));
    auto& failed = entry->second;
    const bool again = !is_new && failed.command == command;
    failed.repeats = again ? failed.repeats + 1 : 0;
    failed.command = command;
    failed.why = failure->context;
    failed.next = again ? now + kBackoff.wait(failed.repeats) : now;
}

void Confirmations::restore(const std::string& cluster, std::chrono::seconds timeout) {
    if (restored_)
        return;
    const auto records = journal_.unconfirmed(cluster);
    if (!records)
        return;
    restored_ = true;
    Closed closed;
    for (const auto& record : *records)
        watch(record, Steady::now() - (clock_.now() - record.requested), Steady::now() + timeout,
              closed);
    write(closed);
}

void Confirmations::expect(std::span<const ports::CommandRecord> records, Time decided,
                           std::chrono::seconds timeout) {
    Closed closed;
    for (const auto& record : records)
        if (record.success == true)
            watch(record, decided, Steady::now() + timeout, closed);
    write(closed);
}

void Confirmations::watch(const ports::CommandRecord& record, Time decided, Time deadline,
                          Closed& closed) {
    auto& watched = watched_[command_key(record.command)];
    if (watched.id != 0 && !watched.late)
        closed.push_back(
            result(watched, Error{Errc::conflict, "replaced before slurmctld showed it"}));
    watched = {record.id, record.command, decided, deadline, false};
    due_ = Steady::now();
}

void Confirmations::check(const model::Structure& structure, std::chrono::seconds timeout,
                          CommandBackoff& backoff) {
    due_.reset();
    if (watched_.empty())
        return;
    std::vector<Command> commands;
    for (const auto& [key, watched] : watched_)
        commands.push_back(watched.command);
    const auto shown = enforcer_.confirm(structure, commands);
    const Time now = Steady::now();
    if (!shown || shown->size() != commands.size()) {
        for (auto& [key, watched] : watched_)
            watched.deadline = now + timeout;
        return;
    }
    std::size_t i = 0;
    Closed closed;
    for (auto it = watched_.begin(); it != watched_.end(); ++i)
        it = settle(it->second, (*shown)[i], now, backoff, closed) ? watched_.erase(it)
                                                                   : std::next(it);
    write(closed);
    const bool waiting = std::any_of(watched_.begin(), watched_.end(),
                                     [](const auto& entry) { return !entry.second.late; });
    if (waiting)
        due_ = now + kEvery;
}

// True: done with this command.
bool Confirmations::settle(Watched& watched, bool shown, Time now, CommandBackoff& backoff,
                           Closed& closed) {
    if (shown) {
        if (watched.late)
            log::event(log::Level::notice, "SLUICE-0424", "command-in-force",
                       {{"command", std::to_string(watched.id)},
                        {"type", std::string(model::name(watched.command.type))},
                        {"account", watched.command.account}});
        else
            closed.push_back(result(watched, std::nullopt));
        return true;
    }
    if (watched.late || now < watched.deadline)
        return false;
    watched.late = true;
    Error failure{Errc::conflict,
                  lateness(watched.command, milliseconds_between(watched.decided, now))};
    log::event(log::Level::error, "SLUICE-0423", "command-not-in-force",
               {{"command", std::to_string(watched.id)},
                {"type", std::string(model::name(watched.command.type))},
                {"account", watched.command.account},
                {"error", failure.context}});
    watched.command.reason = kRetried;
    backoff.note(watched.command, failure, clock_.now());
    closed.push_back(result(watched, std::move(failure)));
    return false;
}

ports::Confirmation Confirmations::result(const Watched& watched,
                                          std::optional<Error> failure) const {
    return {watched.id, clock_.now(), milliseconds_between(watched.decided, Steady::now()),
            std::move(failure)};
}

// Where the journal does not record it now, restore() finds the commands again.
void Confirmations::write(const Closed& closed) {
    if (!closed.empty() && !journal_.confirm_commands(closed))
        restored_ = false;
}

void Confirmations::retry(const model::Structure& structure, model::Plan& plan) {
    // Planned because slurmctld does not show it, and waited for already: slurmctld has its time,
    // and then it is late.
    std::erase_if(plan.commands, [&](const Command& command) {
        return watched_.contains(command_key(command)) && holds(structure, command);
    });
    for (auto it = watched_.begin(); it != watched_.end();) {
        const auto& [key, watched] = *it;
        if (!watched.late ||
            std::any_of(plan.commands.begin(), plan.commands.end(), [&](const Command& command) {
                return command_key(command) == it->first;
            })) {
            ++it;
            continue;
        }
        if (!holds(structure, watched.command)) { // changed by another since: left alone
            it = watched_.erase(it);
            continue;
        }
        plan.commands.push_back(watched.command);
        plan.problems.push_back(
            {watched.command.account,
             "slurmctld does not show a change that slurmdbd has: " + watched.command.description,
             "run scontrol reconfigure, which makes slurmctld read all associations; see the log "
             "of "
             "slurmdbd, and: scontrol show assoc_mgr accounts=" +
                 watched.command.account});
        ++it;
    }
}

std::optional<Confirmations::Time> Confirmations::due() const {
    return due_;
}

} // namespace sluice::core
