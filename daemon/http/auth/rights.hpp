// SPDX-License-Identifier: GPL-2.0-or-later
// What a viewer whose uid is proven may do: by Slurm's roles, and by the staff list of
// sluiced.yaml. The one place where a role becomes a right. What cannot be read gives no right; the
// last good answer counts for kMaxAge, or for two intervals of the evaluation.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/http/server/message.hpp"
#include "daemon/ports/services.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::http {

struct StaffRules {
    bool administrators = true; // by AdminLevel in slurmdbd
    bool operators = true;
    std::vector<std::string> users; // of this host
    std::vector<std::string> groups;
};

// Whether the name service of this host has the user or one of its groups on the list. nullopt: the
// name service does not answer. May block as long as that does.
using HostLookup = std::function<std::optional<bool>(std::uint32_t uid, const StaffRules& rules)>;
std::optional<bool> on_host_list(std::uint32_t uid, const StaffRules& rules);

// Thread-safe.
class Rights {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::minutes kMaxAge{10};

    explicit Rights(StaffRules rules, HostLookup lookup = on_host_list)
        : rules_(std::move(rules)), lookup_(std::move(lookup)) {}

    // Adds to `viewer` what its uid has. REQUIRES: the uid is proven. A token keeps its own role.
    void add_to(Viewer& viewer, const ports::Services& services, Clock::time_point now);

private:
    struct Answer {
        bool listed = false;
        Clock::time_point asked{};
        Clock::time_point good{}; // when the name service answered
    };
    bool listed(std::uint32_t uid, Clock::time_point now);

    const StaffRules rules_;
    const HostLookup lookup_;
    Guarded<std::map<std::uint32_t, Answer>> answers_;
};

} // namespace sluice::http
