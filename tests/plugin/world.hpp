// SPDX-License-Identifier: GPL-2.0-or-later
// A small cluster that the plugin's tests share.
#pragma once

#include "common/model/snapshot.hpp"

namespace sluice::test {

inline constexpr std::int64_t kNow = 1'790'000'000;
inline constexpr std::int64_t kPauseEnd = kNow + 1000;

inline model::Snapshot world() {
    using model::Standing;
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.sequence = 7;
    snapshot.made = instant(kNow);
    snapshot.accounts = {
        {"Chem", Standing::normal, 6199, ""},
        {"bio", Standing::normal, 8500, "account bio: 85 % used"},
        {"forever", Standing::paused, std::nullopt, "account forever is paused"},
        {"geo", Standing::downscaled, 10'400, "account geo: 104 % used, QOS slow"},
        {"physics",
         Standing::paused,
         12'000,
         "account physics is paused: 1231 of 1200 node_hours used.",
         "hpc@example.org",
         {{instant(kPauseEnd), Standing::normal, ""}}},
    };
    snapshot.users = {
        {0, "physics", {"physics"}},
        {1001, "physics", {"Chem", "bio", "physics"}},
        {1002, "geo", {"geo"}},
        {1003, "", {"physics"}},
        {1004, "PHYSICS", {"forever", "physics"}},
        {1005, "nopolicy", {"nopolicy", "physics"}},
    };
    return snapshot;
}

} // namespace sluice::test
