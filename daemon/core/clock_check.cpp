// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/clock_check.hpp"

#include "common/base/log.hpp"
#include "daemon/core/sources.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::core {
namespace {

using model::ClockResult;
using model::ClockState;

// While no decision depends on it.
constexpr std::chrono::minutes kCompareEvery{10};

constexpr const char* kElapsed = "elapsed";

bool is_off(std::int64_t seconds) {
    return std::llabs(seconds) > ClockCheck::kTolerance.count();
}

void object(ClockResult& result, ClockState state, const std::string& against,
            std::int64_t offset) {
    if (!result.trusted())
        return;
    result.state = state;
    result.against = against;
    result.offset_s = offset;
}

std::string readings_text(const ClockResult& result) {
    std::string text;
    for (const auto& reading : result.compared)
        text += (text.empty() ? "" : ",") + reading.source + ":" +
                (reading.ahead_s ? std::to_string(*reading.ahead_s) + "s" : "unknown");
    return text;
}

} // namespace

ClockCheck::Mark ClockCheck::mark() const {
    return {clock_.now(), elapsed_ != nullptr ? elapsed_->since_boot() : std::chrono::seconds{0}};
}

std::optional<Instant> ClockCheck::last_trusted() const {
    return base_ ? std::optional(base_->wall) : std::nullopt;
}

std::optional<Instant> ClockCheck::expected(const Mark& now) const {
    if (!base_)
        return std::nullopt;
    return base_->wall + (now.elapsed - base_->elapsed);
}

bool ClockCheck::comparison_is_due(const Mark& now, std::optional<Instant> boundary) const {
    return !compared_at_ || !last_.trusted() || is_off((now.wall - *expected(now)).count()) ||
           (boundary && *boundary <= now.wall) ||
           now.elapsed - compared_at_->elapsed >= kCompareEvery ||
           now.wall - compared_at_->wall >= kCompareEvery;
}

void ClockCheck::compare(const std::string& cluster, const Mark& now) {
    compared_ = sources_ != nullptr ? sources_->compare(cluster) : Readings{};
    compared_at_ = now;
}

void ClockCheck::check_elapsed(const Mark& now, ClockResult& result) const {
    const auto should_be = expected(now);
    if (!should_be)
        return;
    const std::int64_t ahead = (now.wall - *should_be).count();
    if (elapsed_ != nullptr)
        result.compared.push_back({kElapsed, ahead});
    if (ahead < -kTolerance.count())
        object(result, ClockState::back, kElapsed, ahead);
    else if (elapsed_ != nullptr && is_off(ahead))
        object(result, ClockState::forward, kElapsed, ahead);
}

// Over a restart of the daemon a clock may go forward, but not back.
Result<std::optional<Instant>> ClockCheck::check_journal(const std::string& cluster,
                                                         const Mark& now, ClockResult& result) {
    if (base_)
        return std::optional<Instant>{};
    auto newest = journal_.newest(cluster);
    if (!newest || !*newest)
        return newest;
    const std::int64_t ahead = (now.wall - **newest).count();
    if (ahead < -kTolerance.count()) {
        result.compared.push_back({kJournal, ahead});
        object(result, ClockState::back, kJournal, ahead);
    }
    return newest;
}

void ClockCheck::check_others(ClockResult& result) const {
    for (const auto& reading : compared_) {
        result.compared.push_back(reading);
        const auto accepted = accepted_.find(reading.source);
        const std::int64_t usual = accepted == accepted_.end() ? 0 : accepted->second;
        if (reading.ahead_s && is_off(*reading.ahead_s - usual) && is_off(*reading.ahead_s))
            object(result, ClockState::differs, reading.source, *reading.ahead_s);
    }
}

// Never before the newest time in the journal.
Instant ClockCheck::reckoned(const Mark& now, std::optional<Instant> newest) const {
    if (const auto should_be = expected(now))
        return *should_be;
    Instant best = now.wall;
    for (const auto& reading : compared_)
        if (reading.source == kSlurmctld && reading.ahead_s)
            best = now.wall - std::chrono::seconds{*reading.ahead_s};
    return newest ? std::max(best, *newest) : best;
}

Result<ClockCheck::Seen> ClockCheck::look(const std::string& cluster,
                                          std::optional<Instant> boundary) {
    const Mark now = mark();
    ClockResult result;
    check_elapsed(now, result);
    const auto newest = check_journal(cluster, now, result);
    if (!newest)
        return newest.error();
    if (comparison_is_due(now, boundary))
        compare(cluster, now);
    check_others(result);
    announce(result);
    last_ = result;
    if (!result.trusted())
        return Seen{reckoned(now, *newest), std::move(result)};
    base_ = now;
    return Seen{now.wall, std::move(result)};
}

Result<void> ClockCheck::accept(const std::string& cluster, model::ClockAccept entry) {
    const Mark now = mark();
    entry.at = now.wall;
    entry.offset_s = last_.offset_s;
    const auto id = journal_.accept_clock(cluster, entry);
    if (!id)
        return id.error();
    compare(cluster, now);
    accepted_.clear();
    for (const auto& reading : compared_)
        if (reading.ahead_s)
            accepted_[reading.source] = *reading.ahead_s;
    base_ = now;
    log::event(log::Level::notice, "SLUICE-0212", "clock-accepted",
               {{"id", std::to_string(*id)},
                {"offset_s", std::to_string(entry.offset_s)},
                {"by", entry.by},
                {"reason", entry.reason}});
    return {};
}

void ClockCheck::announce(const ClockResult& result) {
    if (result.state == last_.state && result.against == last_.against)
        return;
    if (result.trusted())
        log::event(log::Level::notice, "SLUICE-0211", "clock-trusted-again",
                   {{"compared", readings_text(result)}});
    else
        log::event(log::Level::error, "SLUICE-0210", "clock-not-trusted",
                   {{"what", model::clock_text(result)},
                    {"offset_s", std::to_string(result.offset_s)},
                    {"compared", readings_text(result)}});
}

} // namespace sluice::core
