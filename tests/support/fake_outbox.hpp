// SPDX-License-Identifier: GPL-2.0-or-later
// An outbox in memory, without order and times: who added what, who retried and dropped what.
#pragma once

#include "daemon/ports/outbox.hpp"

#include <string>
#include <vector>

namespace sluice::test {

class FakeOutbox final : public ports::Outbox {
public:
    Result<std::vector<std::int64_t>> add(std::span<const ports::Message> messages) override {
        std::vector<std::int64_t> ids;
        for (const auto& message : messages) {
            if (!message.correlation.empty() && *is_known(message.correlation))
                continue;
            auto& entry = held.emplace_back();
            entry.id = static_cast<std::int64_t>(held.size());
            entry.message = message;
            ids.push_back(entry.id);
        }
        return ids;
    }
    Result<bool> is_known(const std::string& correlation) override {
        for (const auto& entry : held)
            if (entry.message.correlation == correlation)
                return true;
        return false;
    }
    Result<std::vector<ports::OutboxEntry>> due(const std::string&, Instant, std::size_t) override {
        return held;
    }
    Result<std::optional<Instant>> next_due(const std::string&) override {
        return std::optional<Instant>();
    }
    Result<std::vector<ports::OutboxEntry>> waiting(const std::string&, const std::string&,
                                                    std::size_t) override {
        return std::vector<ports::OutboxEntry>();
    }
    Result<std::vector<Instant>> deliveries(const std::string&, const std::string&, Instant,
                                            Instant, std::size_t) override {
        return std::vector<Instant>();
    }
    Result<void> succeeded_with(std::int64_t id, std::int64_t) override { return succeeded(id); }
    Result<void> put_off(std::int64_t, Instant, const std::string&) override { return {}; }
    Result<void> succeeded(std::int64_t id) override { return set(id, ports::MessageState::done); }
    Result<void> failed(std::int64_t, Instant, const std::string&) override { return {}; }
    Result<void> park(std::int64_t id, const std::string& reason) override {
        auto done = set(id, ports::MessageState::parked);
        if (done)
            held[static_cast<std::size_t>(id) - 1].error = reason;
        return done;
    }
    Result<std::vector<ports::OutboxEntry>> list(const ports::OutboxQuery& query) override {
        std::vector<ports::OutboxEntry> found;
        for (const auto& entry : held)
            if (query.state ? entry.state == *query.state : is_open(entry))
                found.push_back(entry);
        return found;
    }
    Result<std::vector<ports::OutboxCount>> counts() override {
        ports::OutboxCount count;
        count.target = "waldur";
        for (const auto& entry : held) {
            count.waiting += entry.state == ports::MessageState::waiting ? 1 : 0;
            count.parked += entry.state == ports::MessageState::parked ? 1 : 0;
        }
        if (count.waiting + count.parked == 0)
            return std::vector<ports::OutboxCount>();
        return std::vector<ports::OutboxCount>{count};
    }
    Result<void> retry(std::int64_t id) override { return set(id, ports::MessageState::waiting); }
    Result<void> drop(std::int64_t id, const std::string&) override {
        return set(id, ports::MessageState::dropped);
    }

    std::vector<ports::OutboxEntry> held;

private:
    static bool is_open(const ports::OutboxEntry& entry) {
        return entry.state == ports::MessageState::waiting ||
               entry.state == ports::MessageState::parked;
    }
    Result<void> set(std::int64_t id, ports::MessageState state) {
        if (id < 1 || id > static_cast<std::int64_t>(held.size()) ||
            !is_open(held[static_cast<std::size_t>(id) - 1]))
            return Error{Errc::not_found, "no message " + std::to_string(id)};
        held[static_cast<std::size_t>(id) - 1].state = state;
        return {};
    }
};

} // namespace sluice::test
