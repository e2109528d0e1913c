// SPDX-License-Identifier: GPL-2.0-or-later
// Which accounts a viewer may see: staff all of them; users those that they have an association
// with, and the accounts above these, whose standing bounds theirs.
#pragma once

#include "daemon/ports/service.hpp"

#include <set>
#include <string>
#include <vector>

namespace sluice::http {

inline constexpr std::uint32_t kNoUid = 4294967294U; // a user whom slurmctld does not know

class Visible {
public:
    // Without a cycle nothing is known about users: they see nothing, staff everything.
    Visible(const ports::CycleReport* cycle, const ports::Viewer& viewer);

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

} // namespace sluice::http
