// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/accounts_query.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace sluice::http {
namespace {

const std::vector<std::string> kStandings{"normal",   "warned",     "downscaled", "paused",
                                          "observed", "overridden", "held",       "failed"};
const std::vector<std::string> kSorts{"account", "usage", "standing", "resets", "forecast"};

bool is_one_of(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

int rank(const model::AccountDecision& account) {
    static const std::vector<std::string_view> order{"observed", "normal", "warned", "downscaled",
                                                     "paused"};
    return static_cast<int>(std::find(order.begin(), order.end(), counted_as(account)) -
                            order.begin());
}

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t forecast(const model::AccountDecision& account) {
    std::int64_t first = kNever;
    for (const auto& threshold : account.thresholds)
        if (threshold.forecast.date)
            first = std::min(first, epoch(*threshold.forecast.date));
    return first;
}

using Key = std::tuple<std::int64_t, std::int64_t>;

Key key(const model::AccountDecision& account, const std::string& sort) {
    const std::int64_t usage = account.percent.value_or(-1);
    if (sort == "usage")
        return {usage, 0};
    if (sort == "standing")
        return {rank(account), usage};
    if (sort == "resets")
        return {account.period.end ? epoch(*account.period.end) : kNever, 0};
    return sort == "forecast" ? Key{forecast(account), 0} : Key{0, 0};
}

} // namespace

std::string_view counted_as(const model::AccountDecision& account) {
    return account.mode == model::Mode::observe ? "observed" : model::standing_word(account);
}

Result<AccountsQuery> AccountsQuery::read(const Request& request) {
    AccountsQuery out;
    out.search_ = lower(request.argument("search"));
    out.policy_ = request.argument("policy");
    out.parent_ = lower(request.argument("parent"));
    out.standings_ = split(lower(request.argument("standing")), ',');
    for (const auto& word : out.standings_)
        if (!is_one_of(kStandings, word))
            return Error{Errc::malformed, "standing must be a list of " + join(kStandings, ", ") +
                                              "; '" + word + "' is none of them"};
    out.sort_ = request.argument("sort");
    out.descending_ = out.sort_.starts_with('-');
    out.sort_.erase(0, out.descending_ ? 1 : 0);
    if (!out.sort_.empty() && !is_one_of(kSorts, out.sort_))
        return Error{Errc::malformed, "sort must be one of " + join(kSorts, ", ") +
                                          ", with - before it for the reverse order"};
    return out;
}

bool AccountsQuery::matches(const ports::CycleReport& cycle,
                            const model::AccountDecision& account) const {
    if (!search_.empty() && account.account.find(search_) == std::string::npos)
        return false;
    if (!policy_.empty() && !is_one_of(account.policies, policy_))
        return false;
    if (!parent_.empty()) {
        const auto parent = cycle.parents.find(account.account);
        if (parent == cycle.parents.end() || parent->second != parent_)
            return false;
    }
    return standings_.empty() || is_one_of(standings_, counted_as(account)) ||
           (account.in_force && is_one_of(standings_, "overridden")) ||
           (account.held() && is_one_of(standings_, "held")) ||
           (!account.error.empty() && !account.held() && is_one_of(standings_, "failed"));
}

// Equal ones stay in the order of the accounts, which is by name, also in the reverse order.
std::vector<std::size_t> AccountsQuery::apply(const ports::CycleReport& cycle,
                                              std::vector<std::size_t> indices) const {
    const auto& accounts = cycle.decision.accounts;
    std::erase_if(indices, [&](std::size_t i) { return !matches(cycle, accounts[i]); });
    if (sort_ == "account" && descending_)
        std::reverse(indices.begin(), indices.end());
    if (sort_.empty() || sort_ == "account")
        return indices;
    std::vector<std::pair<Key, std::size_t>> keyed;
    keyed.reserve(indices.size());
    for (const auto i : indices)
        keyed.emplace_back(key(accounts[i], sort_), i);
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        return descending_ ? b.first < a.first : a.first < b.first;
    });
    std::transform(keyed.begin(), keyed.end(), indices.begin(),
                   [](const auto& pair) { return pair.second; });
    return indices;
}

} // namespace sluice::http
