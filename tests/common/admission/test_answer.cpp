// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/answer.hpp"

#include "common/base/zone.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::admission;

namespace {

std::string refusal(const model::Snapshot& snapshot, std::string_view account, std::uint32_t uid,
                    std::int64_t now = test::kNow) {
    const SnapshotView view(snapshot);
    return refusal_text(view, *view.account(account), uid, true, instant(now));
}

} // namespace

CASE(other_accounts_are_suggested_with_what_they_have_used) {
    CHECK_EQ(
        refusal(test::world(), "physics", 1001),
        "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org, or use "
        "one of your other accounts: Chem (61 % used), bio (85 % used).");
}

CASE(the_default_account_is_marked_among_the_other_accounts) {
    const auto snapshot = test::world();
    const SnapshotView view(snapshot);
    CHECK(refusal_text(view, *view.account("physics"), 1001, true, instant(test::kNow), "CHEM")
              .ends_with("accounts: Chem (61 % used, your default account), bio (85 % used)."));
}

CASE(a_paused_account_is_not_suggested) {
    CHECK_EQ(refusal(test::world(), "physics", 1004),
             "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org.");
    CHECK_EQ(refusal(test::world(), "forever", 1004, test::kPauseEnd),
             "account forever is paused"); // physics is used up
}

CASE(only_accounts_with_something_left_are_suggested) {
    auto snapshot = test::world();
    snapshot.users = {{1, "physics", {"Chem", "bio", "geo", "nopolicy", "physics", "zoo"}}};
    snapshot.accounts.push_back({"zoo", model::Standing::normal, 9'999, ""});
    const std::string head =
        "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org, or use ";
    // geo is slowed down, nopolicy has no allocation
    CHECK_EQ(refusal(snapshot, "physics", 1),
             head +
                 "one of your other accounts: Chem (61 % used), bio (85 % used), zoo (99 % used).");
    snapshot.accounts[5].percent = 10'000;
    snapshot.accounts[1].percent.reset(); // bounded by an account above, or by nothing
    CHECK_EQ(refusal(snapshot, "physics", 1), head + "your other account: Chem (61 % used).");
}

CASE(a_refusal_without_suggestions_ends_with_the_contact) {
    const SnapshotView view(test::world());
    CHECK_EQ(refusal_text(view, *view.account("physics"), 1001, false, instant(test::kNow)),
             "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org.");
}

CASE(a_stranger_reads_no_figures) {
    const SnapshotView view(test::world());
    const auto& physics = *view.account("physics");
    CHECK(is_member(view, physics, 1001));
    CHECK(is_member(view, *view.account("chem"), 1001));
    CHECK(!is_member(view, physics, 1002));
    CHECK(!is_member(view, physics, 4242));
    CHECK_EQ(stranger_text(physics), "account physics does not exist, or you do not belong to it.");
}

CASE(an_unknown_user_gets_no_suggestions) {
    CHECK_EQ(refusal(test::world(), "physics", 4242),
             "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org.");
}

CASE(a_missing_text_is_made_up_for) {
    auto snapshot = test::world();
    snapshot.accounts.back().text.clear();
    CHECK_EQ(refusal(snapshot, "physics", 42), "account physics is paused.\nAsk hpc@example.org.");
}

CASE(words_of_the_text_do_not_change_what_follows) {
    auto snapshot = test::world();
    snapshot.accounts.back().text = "account physics is paused. Ask for more.";
    snapshot.accounts[1].percent.reset();
    CHECK_EQ(refusal(snapshot, "physics", 1001),
             "account physics is paused. Ask for more.\nAsk hpc@example.org, or use your other "
             "account: Chem (61 % used).");
    snapshot.accounts.back().contact.clear();
    CHECK_EQ(refusal(snapshot, "physics", 1001), "account physics is paused. Ask for more. You can "
                                                 "use your other account: Chem (61 % used).");
}

CASE(a_refusal_has_a_part_for_programs) {
    auto snapshot = test::world();
    auto& physics = snapshot.accounts.back();
    physics.name = "ph ys]";
    const Instant now = instant(test::kNow);
    physics.later = {{now - std::chrono::hours{1}, model::Standing::normal},
                     {now + std::chrono::hours{1}, model::Standing::paused},
                     {now + std::chrono::hours{2}, model::Standing::downscaled}};
    CHECK_EQ(pause_code(physics, now), "\n[sluice: paused account=ph%20ys%5D until=" +
                                           utc_text(now + std::chrono::hours{2}) + "]");
    physics.later.clear();
    CHECK_EQ(pause_code(physics, now), "\n[sluice: paused account=ph%20ys%5D]");
}

CASE(a_warning_ends_with_its_contact) {
    auto snapshot = test::world();
    snapshot.accounts[1].contact = "hpc@example.org";
    const SnapshotView view(snapshot);
    const auto warning = [&view](std::string_view account) {
        return warning_text(in_force(*view.account(account), instant(test::kNow)));
    };
    CHECK_EQ(warning("bio"), "account bio: 85 % used Ask hpc@example.org for more.");
    CHECK_EQ(warning("geo"), "account geo: 104 % used, QOS slow");
}

namespace {

// Account a is paused; the user belongs to it and to the others, each with nothing used.
model::Snapshot beside(const std::vector<std::string>& others, std::string text = "paused") {
    model::Snapshot snapshot;
    snapshot.accounts = {{"a", model::Standing::paused, {}, std::move(text)}};
    snapshot.users = {{1, "a", {"a"}}};
    for (const auto& name : others) {
        snapshot.accounts.push_back({name, model::Standing::normal, 0, ""});
        snapshot.users[0].accounts.push_back(name);
    }
    return snapshot;
}

} // namespace

CASE(a_long_list_is_cut) {
    CHECK_EQ(refusal(beside({"b", "c", "d", "e", "f", "g", "h"}), "a", 1),
             "paused. You can use one of your other accounts: b (0 % used), c (0 % used), d (0 % "
             "used), e (0 % used), f (0 % used) and 2 more.");
}

CASE(of_thousands_of_accounts_not_all_are_read) {
    std::vector<std::string> others;
    for (int i = 1000; i < 9000; ++i)
        others.push_back("p" + std::to_string(i));
    CHECK_EQ(refusal(beside(others), "a", 1),
             "paused. You can use one of your other accounts: p1000 (0 % used), p1001 (0 % used), "
             "p1002 (0 % used), p1003 (0 % used), p1004 (0 % used) and more.");
}

CASE(a_refusal_stays_under_500_bytes) {
    const std::string long_name(60, 'x');
    const auto text =
        refusal(beside({"b", long_name, long_name + "y"}, std::string(388, 'p')), "a", 1);
    CHECK(text.size() < 500);
    CHECK(text.ends_with(": b (0 % used) and 2 more."));
    CHECK_EQ(refusal(beside({std::string(255, 'z')}, std::string(399, 'p')), "a", 1),
             std::string(399, 'p'));
}

CASE(names_that_are_suggested_are_written_out_within_the_bound) {
    CHECK_EQ(refusal(beside({"e\x1b[31mvil"}, "paused."), "a", 1),
             "paused. You can use your other account: e\\u001b[31mvil (0 % used).");
    CHECK(refusal(beside({std::string(100, '\x1b')}, "paused."), "a", 1).size() < 500);
}
