// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/standings.hpp"

#include "common/model/decision.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice::policy {

using model::StandingSpan;

namespace {

constexpr const char* kNothing = "normal";

} // namespace

void Standings::note(const Evaluated& day) {
    const auto today = std::chrono::floor<std::chrono::days>(day.step.at);
    for (const auto& account : day.decision.accounts) {
        std::string now = account.error.empty() ? model::standing_text(account) : "error";
        auto [at, fresh] = open_.try_emplace(account.account);
        StandingSpan& open = at->second;
        if (!fresh && open.standing == now)
            continue;
        if (!fresh && open.standing != kNothing)
            close(open, today);
        open = {account.account,
                account.policies,
                account.period.label,
                std::move(now),
                today,
                std::nullopt,
                0,
                account.percent};
    }
    last_ = today;
}

void Standings::close(StandingSpan& open, std::optional<std::chrono::local_days> end) {
    open.end = end;
    open.days = (end.value_or(last_ + std::chrono::days{1}) - open.begin).count();
    shown_.insert(open.account);
    closed_.push_back(open);
}

std::vector<StandingSpan> Standings::finish() {
    for (auto& [account, open] : open_)
        if (open.standing != kNothing || !shown_.contains(account))
            close(open, std::nullopt);
    open_.clear();
    std::sort(closed_.begin(), closed_.end(), [](const StandingSpan& a, const StandingSpan& b) {
        return std::tie(a.account, a.begin) < std::tie(b.account, b.begin);
    });
    return std::move(closed_);
}

} // namespace sluice::policy
