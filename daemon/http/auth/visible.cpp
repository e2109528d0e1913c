// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/auth/visible.hpp"

namespace sluice::http {
namespace {

void add_with_parents(const ports::CycleReport& cycle, std::string account,
                      std::set<std::string>& out) {
    // A known account ends the walk, and so would a cycle.
    while (!account.empty() && out.insert(account).second) {
        const auto parent = cycle.parents.find(account);
        account = parent == cycle.parents.end() ? "" : parent->second;
    }
}

template <class Matches>
std::set<std::string> accounts_where(const ports::CycleReport& cycle, Matches matches) {
    std::set<std::string> out;
    for (const auto& user : cycle.users)
        if (matches(user))
            for (const auto& account : user.accounts)
                add_with_parents(cycle, account, out);
    return out;
}

} // namespace

std::set<std::string> accounts_of(const ports::CycleReport& cycle, std::uint32_t uid) {
    return accounts_where(cycle,
                          [uid](const model::User& u) { return u.uid == uid && uid != kNoUid; });
}

std::set<std::string> accounts_of(const ports::CycleReport& cycle, const std::string& user) {
    return accounts_where(cycle, [&user](const model::User& u) { return u.name == user; });
}

std::set<std::string> user_names(const ports::CycleReport& cycle, std::uint32_t uid) {
    std::set<std::string> names;
    for (const auto& user : cycle.users)
        if (user.uid == uid && uid != kNoUid)
            names.insert(user.name);
    return names;
}

Visible::Visible(const ports::CycleReport* cycle, const Viewer& viewer) : all_(viewer.sees_all()) {
    if (!all_ && cycle != nullptr)
        own_ = accounts_of(*cycle, viewer.uid);
}

} // namespace sluice::http
