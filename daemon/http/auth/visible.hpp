// SPDX-License-Identifier: GPL-2.0-or-later
// Which accounts a viewer may see: staff all; users those that they have an association with, and
// the accounts above these, whose standing bounds theirs.
#pragma once

#include "daemon/http/server/message.hpp"
#include "daemon/ports/cycle_report.hpp"

#include <set>
#include <string>
#include <vector>

namespace sluice::http {

// Of a user whom slurmctld does not know (NO_VAL): no viewer may match it.
inline constexpr std::uint32_t kNoUid = 4294967294U;

class Visible {
public:
    // Before the first cycle users see nothing, since their accounts are not known; staff see all.
    Visible(const ports::CycleReport* cycle, const Viewer& viewer);

    bool all() const { return all_; }
    bool sees(const std::string& account) const { return all_ || own_.contains(account); }
    // The accounts of a viewer who does not see all.
    const std::set<std::string>& own() const { return own_; }

private:
    bool all_ = false;
    std::set<std::string> own_;
};

// Accounts of users with this uid (or this name), and the ones above them.
std::set<std::string> accounts_of(const ports::CycleReport& cycle, std::uint32_t uid);
std::set<std::string> accounts_of(const ports::CycleReport& cycle, const std::string& user);
// Users with this uid, as slurmctld knows them.
std::set<std::string> user_names(const ports::CycleReport& cycle, std::uint32_t uid);

} // namespace sluice::http
