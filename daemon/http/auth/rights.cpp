// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/auth/rights.hpp"

#include "daemon/http/auth/visible.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <grp.h>
#include <memory>
#include <pwd.h>
#include <sys/types.h>

namespace sluice::http {
namespace {

constexpr std::chrono::seconds kAskAgain{60};
constexpr std::size_t kMaxAnswers = 10'000;
constexpr int kMaxGroups = 65'536;

// The newest of what the clusters' slurmctld have: all have it from one slurmdbd.
std::shared_ptr<const ports::Roles> newest_roles(const ports::Services& services,
                                                 Rights::Clock::time_point now) {
    std::shared_ptr<const ports::Roles> newest;
    for (const auto& service : services.clusters) {
        const auto cycle = service.status.last_cycle();
        if (cycle == nullptr || cycle->roles == nullptr)
            continue;
        const auto interval = std::chrono::seconds(service.status.info().interval_s);
        const auto most = std::max<std::chrono::seconds>(Rights::kMaxAge, 2 * interval);
        if (now - cycle->roles->read <= most &&
            (newest == nullptr || cycle->roles->read > newest->read))
            newest = cycle->roles;
    }
    return newest;
}

// Calls the reentrant functions of the name service with a larger buffer until it suffices.
template <class Entry, class Call>
std::optional<bool> look_up(std::vector<char>& space, Entry& entry, const Call& call) {
    constexpr std::size_t kMaxSpace = 16UL * 1024 * 1024; // large groups have long lists
    for (space.resize(4096); space.size() <= kMaxSpace; space.resize(space.size() * 4)) {
        Entry* found = nullptr;
        const int error = call(&entry, space.data(), space.size(), &found);
        if (error == 0)
            return found != nullptr;
        if (error == ENOENT || error == ESRCH)
            return false;
        if (error != ERANGE)
            return std::nullopt;
    }
    return std::nullopt;
}

} // namespace

std::optional<bool> on_host_list(std::uint32_t uid, const StaffRules& rules) {
    std::vector<char> space;
    passwd user{};
    const auto known = look_up(space, user, [uid](auto... rest) {
        return ::getpwuid_r(static_cast<uid_t>(uid), rest...);
    });
    if (!known || !*known)
        return known;
    if (std::find(rules.users.begin(), rules.users.end(), user.pw_name) != rules.users.end())
        return true;
    if (rules.groups.empty())
        return false;
    std::vector<gid_t> own(64);
    int count = static_cast<int>(own.size());
    while (::getgrouplist(user.pw_name, user.pw_gid, own.data(), &count) < 0) {
        if (count <= static_cast<int>(own.size()) || count > kMaxGroups)
            return std::nullopt;
        own.resize(static_cast<std::size_t>(count));
    }
    own.resize(static_cast<std::size_t>(count));
    for (const auto& name : rules.groups) {
        std::vector<char> room;
        group listed{};
        const auto exists = look_up(
            room, listed, [&name](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); });
        if (!exists)
            return std::nullopt;
        if (*exists && std::find(own.begin(), own.end(), listed.gr_gid) != own.end())
            return true;
    }
    return false;
}

// The name service is asked without the lock: it may be slow.
bool Rights::listed(std::uint32_t uid, Clock::time_point now) {
    if (rules_.users.empty() && rules_.groups.empty())
        return false;
    Answer answer;
    {
        auto answers = answers_.lock();
        if (const auto found = answers->find(uid); found != answers->end())
            answer = found->second;
    }
    const bool known = answer.asked != Clock::time_point{};
    if (!known || now - answer.asked >= kAskAgain) {
        const auto fresh = lookup_(uid, rules_);
        if (fresh) {
            answer.listed = *fresh;
            answer.good = now;
        } else if (!known || now - answer.good > kMaxAge) {
            answer.listed = false;
        }
        answer.asked = now;
        auto answers = answers_.lock();
        if (answers->size() >= kMaxAnswers)
            answers->clear();
        (*answers)[uid] = answer;
    }
    return answer.listed;
}

void Rights::add_to(Viewer& viewer, const ports::Services& services, Clock::time_point now) {
    if (!viewer.name.empty() || viewer.staff || viewer.uid == kNoUid)
        return;
    if (const auto roles = newest_roles(services, now)) {
        const auto found = roles->by_uid.find(viewer.uid);
        if (found != roles->by_uid.end()) {
            const auto level = found->second.admin_level;
            viewer.granted = (rules_.administrators && level == ports::AdminLevel::administrator) ||
                             (rules_.operators && level == ports::AdminLevel::op);
            viewer.coordinates = found->second.coordinates;
        }
    }
    // A mistake in the proxy must not open everything: staff use `sluice web` there, too.
    viewer.granted =
        viewer.login != LoginKind::proxy && (viewer.granted || listed(viewer.uid, now));
    viewer.staff = viewer.granted;
}

} // namespace sluice::http
