// SPDX-License-Identifier: GPL-2.0-or-later
// Values that several tests of the wire use. Their bytes are in tests/data/wire: changing them here
// means changing them there.
#pragma once

#include "common/wire/message.hpp"

namespace sluice::test {

inline model::Snapshot sample_snapshot() {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.sequence = 42;
    snapshot.made = instant(1'790'000'000);
    snapshot.accounts = {
        {"biology", model::Standing::normal, std::nullopt, std::nullopt, ""},
        {"chem", model::Standing::normal, 6137, std::nullopt, ""},
        {"geo", model::Standing::downscaled, 10'450, std::nullopt, "account geo: 104.5 % used"},
        {"physics", model::Standing::paused, 12'000, instant(1'798'761'600),
         "account physics is paused. Ask hpc@example.org."},
    };
    snapshot.users = {
        {0, "root", {"root"}},
        {1001, "physics", {"chem", "physics"}},
        {1002, "biology", {"biology"}},
    };
    return snapshot;
}

inline wire::Delta sample_delta() {
    wire::Delta delta;
    delta.base = 42;
    delta.sequence = 43;
    delta.made = instant(1'790'000'060);
    delta.accounts = {{"alpha", model::Standing::paused, std::nullopt, std::nullopt, "paused"},
                      {"chem", model::Standing::normal, 6200, std::nullopt, ""}};
    delta.removed_accounts = {"biology"};
    delta.users = {{1001, "chem", {"chem"}}};
    delta.removed_users = {1002};
    return delta;
}

} // namespace sluice::test
