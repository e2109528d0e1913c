// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/clock_check.hpp"

#include "common/base/log.hpp"
#include "daemon/core/sources.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::app {
namespace {

using model::ClockState;
using model::ClockVerdict;

// While nothing hangs on it.
constexpr std::chrono::minutes kCompareEvery{10};

constexpr const char* kElapsed = "elapsed";

bool is_off(std::int64_t seconds) {
    return std::llabs(seconds) > ClockCheck::kTolerance.count();
}

void object(ClockVerdict& verdict, ClockState state, const std::string& against,
            std::int64_t offset) {
    if (!verdict.trusted())
        return;
    verdict.state = state;
    verdict.against = against;
    verdict.offset_s = offset;
}

std::string readings_text(const ClockVerdict& verdict) {
    std::string text;
    for (const auto& reading : verdict.compared)
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

void ClockCheck::judge_elapsed(const Mark& now, ClockVerdict& verdict) const {
    const auto should_be = expected(now);
    if (!should_be)
        return;
    const std::int64_t ahead = (now.wall - *should_be).count();
    if (elapsed_ != nullptr)
        verdict.compared.push_back({kElapsed, ahead});
    if (ahead < -kTolerance.count())
        object(verdict, ClockState::back, kElapsed, ahead);
    else if (elapsed_ != nullptr && is_off(ahead))
        object(verdict, ClockState::forward, kElapsed, ahead);
}

// Over a restart of the daemon: that time went on is no surprise, that it went back is.
Result<std::optional<Instant>> ClockCheck::judge_journal(const std::string& cluster,
                                                         const Mark& now, ClockVerdict& verdict) {
    if (base_)
        return std::optional<Instant>{};
    auto newest = journal_.newest(cluster);
    if (!newest || !*newest)
        return newest;
    const std::int64_t ahead = (now.wall - **newest).count();
    if (ahead < -kTolerance.count()) {
        verdict.compared.push_back({kJournal, ahead});
        object(verdict, ClockState::back, kJournal, ahead);
    }
    return newest;
}

void ClockCheck::judge_others(ClockVerdict& verdict) const {
    for (const auto& reading : compared_) {
        verdict.compared.push_back(reading);
        const auto accepted = accepted_.find(reading.source);
        const std::int64_t usual = accepted == accepted_.end() ? 0 : accepted->second;
        if (reading.ahead_s && is_off(*reading.ahead_s - usual) && is_off(*reading.ahead_s))
            object(verdict, ClockState::differs, reading.source, *reading.ahead_s);
    }
}

// Never before what the journal knows to be over.
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
    ClockVerdict verdict;
    judge_elapsed(now, verdict);
    const auto newest = judge_journal(cluster, now, verdict);
    if (!newest)
        return newest.error();
    if (comparison_is_due(now, boundary))
        compare(cluster, now);
    judge_others(verdict);
    announce(verdict);
    last_ = verdict;
    if (!verdict.trusted())
        return Seen{reckoned(now, *newest), std::move(verdict)};
    base_ = now;
    return Seen{now.wall, std::move(verdict)};
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

void ClockCheck::announce(const ClockVerdict& verdict) {
    if (verdict.state == last_.state && verdict.against == last_.against)
        return;
    if (verdict.trusted())
        log::event(log::Level::notice, "SLUICE-0211", "clock-trusted-again",
                   {{"compared", readings_text(verdict)}});
    else
        log::event(log::Level::error, "SLUICE-0210", "clock-not-trusted",
                   {{"what", model::clock_text(verdict)},
                    {"offset_s", std::to_string(verdict.offset_s)},
                    {"compared", readings_text(verdict)}});
}

} // namespace sluice::app
