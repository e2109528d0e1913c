// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/refusal.hpp"

#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::plugin;

namespace {

std::string refusal(const model::Snapshot& snapshot, std::string_view account, std::uint32_t uid,
                    std::int64_t now = test::kNow) {
    const View view(snapshot);
    return refusal_text(view, *view.account(account), uid, instant(now));
}

} // namespace

CASE(other_accounts_are_offered_with_what_they_have_used) {
    CHECK_EQ(
        refusal(test::world(), "physics", 1001),
        "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org, or use "
        "one of your other accounts: Chem (61 % used), bio (85 % used).");
}

CASE(a_paused_account_is_not_offered_until_its_pause_ends) {
    CHECK_EQ(refusal(test::world(), "physics", 1004),
             "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org.");
    CHECK_EQ(refusal(test::world(), "forever", 1004, test::kPauseEnd),
             "account forever is paused. You can use your other account: physics (120 % used).");
}

CASE(an_account_without_a_policy_is_offered_without_a_figure) {
    CHECK_EQ(
        refusal(test::world(), "physics", 1005),
        "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org, or use "
        "your other account: nopolicy.");
}

CASE(nobody_gets_offers_of_others) {
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
    CHECK_EQ(refusal(snapshot, "physics", 1005),
             "account physics is paused. Ask for more.\nAsk hpc@example.org, or use your other "
             "account: nopolicy.");
    snapshot.accounts.back().contact.clear();
    CHECK_EQ(refusal(snapshot, "physics", 1005),
             "account physics is paused. Ask for more. You can use your other account: nopolicy.");
}

CASE(a_warning_ends_with_its_contact) {
    auto snapshot = test::world();
    snapshot.accounts[1].contact = "hpc@example.org";
    const View view(snapshot);
    const auto warning = [&view](std::string_view account) {
        return warning_text(view, view.held(*view.account(account), instant(test::kNow)));
    };
    CHECK_EQ(warning("bio"), "account bio: 85 % used\nAsk hpc@example.org.");
    CHECK_EQ(warning("geo"), "account geo: 104 % used, QOS slow");
}

CASE(a_long_list_is_cut) {
    model::Snapshot snapshot;
    snapshot.accounts = {{"a", model::Standing::paused, {}, "paused"}};
    snapshot.users = {{1, "a", {"a", "b", "c", "d", "e", "f", "g", "h"}}};
    CHECK_EQ(refusal(snapshot, "a", 1),
             "paused. You can use one of your other accounts: b, c, d, e, f and 2 more.");
}

CASE(of_thousands_of_accounts_not_all_are_read) {
    model::Snapshot snapshot;
    snapshot.accounts = {{"a", model::Standing::paused, {}, "paused"}};
    snapshot.users = {{1, "a", {"a"}}};
    for (int i = 1000; i < 9000; ++i)
        snapshot.users[0].accounts.push_back("p" + std::to_string(i));
    CHECK_EQ(
        refusal(snapshot, "a", 1),
        "paused. You can use one of your other accounts: p1000, p1001, p1002, p1003, p1004 and "
        "more.");
}

CASE(a_refusal_stays_under_500_bytes) {
    model::Snapshot snapshot;
    snapshot.accounts = {{"a", model::Standing::paused, {}, std::string(399, 'p')}};
    const std::string long_name(60, 'x');
    snapshot.users = {{1, "a", {"a", "b", long_name, long_name + "y"}}};
    const auto text = refusal(snapshot, "a", 1);
    CHECK(text.size() < 500);
    CHECK(text.ends_with(": b and 2 more."));
    snapshot.users[0].accounts = {"a", std::string(255, 'z')};
    CHECK_EQ(refusal(snapshot, "a", 1), std::string(399, 'p'));
}

CASE(names_that_are_offered_are_written_out_within_the_bound) {
    model::Snapshot snapshot;
    snapshot.accounts = {{"a", model::Standing::paused, {}, "paused."}};
    snapshot.users = {{1, "a", {"a", "e\x1b[31mvil"}}};
    CHECK_EQ(refusal(snapshot, "a", 1), "paused. You can use your other account: e\\u001b[31mvil.");
    snapshot.users = {{1, "a", {"a", std::string(100, '\x1b')}}};
    CHECK(refusal(snapshot, "a", 1).size() < 500);
}
