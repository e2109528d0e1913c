// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/visible.hpp"

namespace sluice::http {
namespace {

// slurmctld does not know the user: no uid may match it.

void add_with_parents(const ports::TurnReport& turn, std::string account,
                      std::set<std::string>& out) {
    // A known account ends the walk, and so would a cycle.
    while (!account.empty() && out.insert(account).second) {
        const auto parent = turn.parents.find(account);
        account = parent == turn.parents.end() ? "" : parent->second;
    }
}

template <class Matches>
std::set<std::string> accounts_where(const ports::TurnReport& turn, Matches matches) {
    std::set<std::string> out;
    for (const auto& user : turn.users)
        if (matches(user))
            for (const auto& account : user.accounts)
                add_with_parents(turn, account, out);
    return out;
}

} // namespace

std::set<std::string> accounts_of(const ports::TurnReport& turn, std::uint32_t uid) {
    return accounts_where(turn,
                          [uid](const model::User& u) { return u.uid == uid && uid != kNoUid; });
}

std::set<std::string> accounts_of(const ports::TurnReport& turn, const std::string& user) {
    return accounts_where(turn, [&user](const model::User& u) { return u.name == user; });
}

Visible::Visible(const ports::TurnReport* turn, const ports::Viewer& viewer)
    : all_(viewer.sees_all()) {
    if (!all_ && turn != nullptr)
        own_ = accounts_of(*turn, viewer.uid);
}

} // namespace sluice::http
