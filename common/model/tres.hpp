// SPDX-License-Identifier: GPL-2.0-or-later
// TRES and QOS as slurmdbd numbers them, the components that a site grants in terms of one TRES,
// and usage. Amounts are TRES-seconds.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

struct Tres {
    std::uint32_t id = 0; // slurmdbd's: 1 cpu, 2 mem, 4 node, 5 billing, 1001.. gres
    std::string name; // "cpu", "mem", "node", "billing", "gres/gpu", "gres/gpu:a100", "license/x"
};

struct Qos {
    std::uint32_t id = 0;
    std::string name;
};

enum class LimitType { grp_tres_mins, max_tres_mins, grp_tres };

inline constexpr LimitType kLimitTypes[] = {LimitType::grp_tres_mins, LimitType::max_tres_mins,
                                            LimitType::grp_tres};

// As sacctmgr writes it.
constexpr std::string_view name(LimitType type) {
    if (type == LimitType::grp_tres)
        return "GrpTRES";
    return type == LimitType::max_tres_mins ? "MaxTRESMins" : "GrpTRESMins";
}

// What the site grants. One unit is `unit_factor` TRES-minutes (60: hours, the default).
struct Component {
    std::string name; // "node_hours"
    std::string tres; // "node"
    Decimal unit_factor = Decimal::whole(60);
};

inline constexpr int kUnitPlaces = 6;

// Millionths of the component's unit, further digits cut off, for people and programs to read:
// nothing is decided from it. nullopt: does not fit. unit_factor is in TRES-minutes, hence the 60.
inline std::optional<std::int64_t> unit_millionths(Amount amount, const Component& component) {
    if (component.unit_factor.scaled() <= 0)
        return std::nullopt;
    const Wide numerator = Wide{amount} * Decimal::kScale * 1'000'000;
    return narrow(numerator / (Wide{component.unit_factor.scaled()} * 60));
}

// Usage inside one window, by where the figure comes from.
struct UsageSplit {
    Amount settled = 0;  // slurmdbd's rollups
    Amount finished = 0; // job records that ended after the last complete rollup
    Amount running = 0;  // jobs that still run, from their start (or the window's) to `now`

    Amount total() const { return settled + finished + running; }
};

using TresUsage = std::map<std::string, UsageSplit>; // by TRES name

struct AccountUsage {
    TresUsage tres; // descendants included
    // By user name, users of descendants and deleted users included; "": of deleted accounts.
    // `settled` is filled in only on request: it costs a question for each account.
    std::map<std::string, TresUsage> users;
    bool users_settled = false; // `settled` of the users is filled in; they sum up to `tres`
};

// All accounts in one window. An account that is absent used nothing.
struct WindowUsage {
    Window window;
    std::optional<Instant> settled_until; // end of what the rollups answered for; nullopt: nothing
    std::map<std::string, AccountUsage> accounts; // by account name
};

} // namespace sluice::model
