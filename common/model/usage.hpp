// SPDX-License-Identifier: GPL-2.0-or-later
// What an account and its descendants used inside a window, by where the figure comes from.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::model {

// TRES-seconds inside one window.
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
    // `settled` is there only when it was asked for: it costs a question for each account.
    std::map<std::string, TresUsage> users;
    bool users_settled = false; // `settled` of the users is there; they sum up to `tres`
};

// All accounts in one window. An account that is absent used nothing.
struct WindowUsage {
    Window window;
    std::optional<Instant> settled_until; // end of what the rollups answered for; nullopt: nothing
    std::map<std::string, AccountUsage> accounts; // by account name
};

} // namespace sluice::model
