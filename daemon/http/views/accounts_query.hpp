// SPDX-License-Identifier: GPL-2.0-or-later
// Which accounts of a list a request asks for, and in which order: ?search=, standing=, policy=,
// parent= and sort=.
#pragma once

#include "daemon/http/server/message.hpp"
#include "daemon/ports/cycle_report.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

// What a person counts an account as, one of: "observed" (whatever its standing is, since nothing
// is enforced), "paused", "downscaled", "warned" (normal, and notify_at is reached), "normal".
std::string_view counted_as(const model::AccountDecision& account);

class AccountsQuery {
public:
    // malformed: an unknown word in standing or sort
    static Result<AccountsQuery> read(const Request& request);
    // Those of the indices into the cycle's accounts that match, sorted.
    std::vector<std::size_t> apply(const ports::CycleReport& cycle,
                                   std::vector<std::size_t> indices) const;

private:
    bool matches(const ports::CycleReport& cycle, const model::AccountDecision& account) const;

    std::string search_; // in lower case, as names of accounts are
    std::vector<std::string> standings_;
    std::string policy_;
    std::string parent_;
    std::string sort_;
    bool descending_ = false;
};

} // namespace sluice::http
