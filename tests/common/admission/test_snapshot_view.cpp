// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/snapshot_view.hpp"

#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using admission::in_force;
using admission::SnapshotView;

CASE(an_account_is_found_in_any_case) {
    const SnapshotView view(test::world());
    for (const std::string_view name : {"physics", "PHYSICS", "Physics"}) {
        const auto* account = view.account(name);
        CHECK(account != nullptr);
        CHECK_EQ(account->name, "physics");
        CHECK(account->standing == model::Standing::paused);
    }
    CHECK_EQ(view.account("chem")->name, "Chem");
}

CASE(what_is_not_there_is_not_found) {
    const SnapshotView view(test::world());
    for (const std::string_view name : {"", "phys", "physicss", "zzz", "\xff"})
        CHECK(view.account(name) == nullptr);
    CHECK(view.account(std::string(5000, 'p')) == nullptr);
    CHECK(view.user(9) == nullptr);
    const SnapshotView empty{model::Snapshot{}};
    CHECK(empty.account("physics") == nullptr);
    CHECK(empty.user(0) == nullptr);
}

CASE(each_of_many_accounts_is_found) {
    model::Snapshot snapshot;
    for (int i = 0; i < 3000; ++i) // equal heads: they differ after the eighth byte
        snapshot.accounts.push_back(
            {"department-" + std::to_string(i), model::Standing::normal, i, ""});
    const SnapshotView view(snapshot);
    for (int i = 0; i < 3000; ++i)
        CHECK_EQ(view.account("DEPARTMENT-" + std::to_string(i))->percent, std::int64_t{i});
}

CASE(of_two_names_that_differ_in_case_the_stricter_is_found) {
    model::Snapshot snapshot;
    snapshot.accounts = {{"LAB", model::Standing::normal, {}, ""},
                         {"Lab", model::Standing::paused, {}, ""},
                         {"lab", model::Standing::downscaled, {}, ""}};
    CHECK(SnapshotView(snapshot).account("lAb")->standing == model::Standing::paused);
}

CASE(each_phase_of_an_account_begins_on_time) {
    using model::Standing;
    const auto at = [](std::int64_t seconds) { return instant(test::kNow + seconds); };
    model::Snapshot snapshot;
    snapshot.accounts = {
        // An override to normal, then the pause by usage, then the next period.
        {"lifted",
         Standing::normal,
         12'000,
         "",
         "",
         {{at(10), Standing::paused, "lifted is paused"}, {at(20), Standing::normal, ""}}},
        {"pinned", Standing::paused, 10, "by staff", "", {{at(10), Standing::downscaled, "slow"}}},
        {"plain", Standing::paused, 10, "for ever"}};
    const SnapshotView view(snapshot);
    struct Row {
        const char* account;
        std::int64_t seconds;
        Standing standing;
        const char* text;
    };
    for (const auto& row :
         {Row{"lifted", 0, Standing::normal, ""}, Row{"lifted", 9, Standing::normal, ""},
          Row{"lifted", 10, Standing::paused, "lifted is paused"},
          Row{"lifted", 19, Standing::paused, "lifted is paused"},
          Row{"lifted", 20, Standing::normal, ""}, Row{"lifted", 1'000'000, Standing::normal, ""},
          Row{"pinned", 9, Standing::paused, "by staff"},
          Row{"pinned", 10, Standing::downscaled, "slow"},
          Row{"plain", -1'000'000, Standing::paused, "for ever"},
          Row{"plain", 1'000'000, Standing::paused, "for ever"}}) {
        const auto held = in_force(*view.account(row.account), at(row.seconds));
        CHECK(held.standing == row.standing);
        CHECK_EQ(held.text, row.text);
    }
}

CASE(a_user_has_a_default_and_accounts) {
    const SnapshotView view(test::world());
    const auto* user = view.user(1001);
    CHECK(user != nullptr);
    CHECK_EQ(user->default_account, "physics");
    std::string names;
    for (const auto& name : user->accounts)
        names += name + ' ';
    CHECK_EQ(names, "Chem bio physics ");
    CHECK_EQ(view.user(1005)->default_account, "nopolicy");
    CHECK_EQ(view.user(1003)->default_account, "");
}
