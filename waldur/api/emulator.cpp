// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/emulator.hpp"

#include "waldur/api/offering.hpp"

#include <algorithm>

namespace sluice::waldur {
namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024;

std::string key_of(const std::string& account, const std::string& user,
                   const std::string& partition) {
    return account + '|' + user + '|' + partition;
}

const char* key_of(model::LimitType type) {
    return std::find_if(kLimitKeys.begin(), kLimitKeys.end(),
                        [&](const auto& limit) { return limit.type == type; })
        ->key;
}

std::map<std::string, std::int64_t>& limits_of(model::Association& row, model::LimitType type) {
    if (type == model::LimitType::max_tres_mins)
        return row.max_tres_mins;
    return type == model::LimitType::grp_tres ? row.grp_tres : row.grp_tres_mins;
}

// Slurm's own "no limit" is -1.
json::Value limits_json(const model::Command& command) {
    auto limits = json::Value::object();
    for (const auto& [tres, value] : command.limits)
        limits.set(tres, value.value_or(-1));
    return limits;
}

} // namespace

// On the cycle's own thread, which a hanging emulator must not hold for long.
HttpOptions Emulator::options() {
    HttpOptions options;
    options.connect_timeout = std::chrono::seconds{3};
    options.timeout = std::chrono::seconds{10};
    options.most_bytes = kMaxAnswer;
    return options;
}

Result<model::Structure> Emulator::structure(const std::string& cluster) {
    auto structure = real_.structure(cluster);
    if (!structure)
        return structure;
    for (auto& row : structure->associations) {
        const auto found = sent_.find(key_of(row.account, row.user, row.partition));
        if (found == sent_.end())
            continue;
        const Sent& sent = found->second;
        if (sent.qos) {
            row.qos = *sent.qos;
            row.default_qos = sent.default_qos;
        }
        for (const auto& [type, limits] : sent.limits)
            for (const auto& [tres, value] : limits)
                if (value)
                    limits_of(row, type)[tres] = *value;
                else
                    limits_of(row, type).erase(tres);
        row.shares = sent.shares.value_or(row.shares);
    }
    return structure;
}

ports::Outcomes Emulator::apply(const model::Structure&, std::span<const model::Command> commands,
                                std::size_t) {
    ports::Outcomes outcomes;
    for (const auto& command : commands) {
        outcomes.push_back(send(command));
        if (!outcomes.back())
            note(command);
    }
    return outcomes;
}

// There is no slurmctld to wait for.
Result<std::vector<bool>> Emulator::confirm(const model::Structure&,
                                            std::span<const model::Command> commands) {
    return std::vector<bool>(commands.size(), true);
}

// It has accounts but neither users of them nor jobs.
std::optional<Error> Emulator::send(const model::Command& command) {
    if (is_for_job(command.type))
        return Error{Errc::refused, "the emulator has no jobs"};
    if (!command.user.empty() || command.type == model::CommandType::submit_limit)
        return std::nullopt; // it knows neither
    auto body = json::Value::object();
    body.set("resource_id", command.account);
    if (command.type == model::CommandType::limits)
        body.set(key_of(command.limit_type), limits_json(command));
    else if (command.type == model::CommandType::fairshare)
        body.set("fairshare", command.shares);
    else if (command.type == model::CommandType::reset_usage)
        body.set("reset_raw_usage", true);
    else
        body.set("qos_default", command.default_qos.empty() ? "normal" : command.default_qos);
    return post(body);
}

std::optional<Error> Emulator::post(const json::Value& body) {
    HttpRequest request;
    request.method = "POST";
    request.url = url_ + "/api/apply-periodic-settings";
    request.body = body.compact();
    auto answer = http_.exchange(request);
    if (!answer)
        return std::move(answer).error().in("emulator");
    if (answer->status < 200 || answer->status >= 300)
        return Error{Errc::unavailable, "emulator: HTTP " + std::to_string(answer->status)};
    return std::nullopt;
}

void Emulator::note(const model::Command& command) {
    auto& sent = sent_[key_of(command.account, command.user, command.partition)];
    if (command.type == model::CommandType::qos) {
        sent.qos = command.qos;
        sent.default_qos = command.default_qos;
    } else if (command.type == model::CommandType::limits) {
        for (const auto& [tres, value] : command.limits)
            sent.limits[command.limit_type][tres] = value;
    } else if (command.type == model::CommandType::fairshare) {
        sent.shares = command.shares;
    }
}

} // namespace sluice::waldur
