// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/notice.hpp"
#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"

using namespace sluice;

namespace {

struct Told {
    model::PolicySet set;
    model::NoticeRules rules;
    model::Decision decision;
    model::AccountDecision account;
    std::map<std::string, std::string> parents{{"optics", "physics"}, {"physics", "root"}};

    Told() {
        model::Policy policy;
        policy.name = "quarterly";
        policy.actions = {model::Action::notify_organization_owners};
        set.policies = {policy};
        rules.contacts["physics"] = {"pi@example.org"};
        decision.cluster = "alpha";
        account.account = "optics";
        account.policies = {"quarterly"};
        account.mode = model::Mode::enforce;
        account.percent = 8302;
        account.actions_taken = {"notify"};
    }
    // With figures of its own: 85 of 100 node_hours.
    void use(model::AccountDecision& one, Amount hours) {
        model::Figure figure;
        figure.component = {"node_hours", "node", Decimal::whole(60)};
        figure.effective = figure.allocation = Amount{100} * 3600;
        figure.usage.settled = hours * 3600;
        one.figures = {figure};
        one.percent = hours * 100;
        one.grace_limit = Decimal::whole(120);
        one.period = {"2026-Q4", instant(1'790'812'800), instant(1'798'761'600)};
    }
    // physics, above, is the cause.
    void below(const model::AccountDecision& above) {
        decision.accounts = {account, above};
        account.cause = {model::CauseKind::ancestor, above.account, 0};
        account.actions_taken = {"pause", "downscale"};
    }
    std::optional<model::Notice> notice() {
        return format::notice(set, rules, Zone(), decision, account, parents);
    }
};

} // namespace

CASE(the_nearest_account_with_addresses_is_written_to) {
    Told told;
    CHECK_EQ(told.notice()->recipients, std::vector<std::string>{"pi@example.org"});
    told.rules.contacts["optics"] = {"b@example.org", "a@example.org", "b@example.org"};
    CHECK_EQ(told.notice()->recipients,
             (std::vector<std::string>{"a@example.org", "b@example.org"}));
    told.rules.contacts.clear();
    CHECK(told.notice()->recipients.empty());
}

CASE(external_users_are_written_to_only_by_their_own_action) {
    Told told;
    told.set.policies[0].external_users = {"office@example.org"};
    CHECK_EQ(told.notice()->recipients.size(), 1U);
    told.set.policies[0].actions = {model::Action::notify_external_user};
    CHECK_EQ(told.notice()->recipients, std::vector<std::string>{"office@example.org"});
    told.set.policies[0].actions.clear();
    CHECK(!told.notice());
}

CASE(a_held_account_is_told_by_its_last_rules) {
    Told told;
    told.account.last_rules = std::make_shared<const model::PolicySet>(told.set);
    told.account.memory.rules.policies = {"quarterly"};
    told.account.policies.clear(); // no policy covers it any more
    told.set.policies.clear();
    CHECK_EQ(told.notice()->recipients, std::vector<std::string>{"pi@example.org"});
    told.account.last_rules.reset();
    CHECK(!told.notice());
}

CASE(the_strictest_level_is_told) {
    Told told;
    CHECK_EQ(told.notice()->level, "notify");
    CHECK_EQ(told.notice()->subject, "Account optics on alpha has used 83.02 % of its allocation");
    told.account.actions_taken = {"pause", "downscale", "notify"};
    CHECK_EQ(told.notice()->level, "pause");
    CHECK_EQ(told.notice()->subject, "Account optics on alpha is paused");
}

CASE(a_jump_has_its_day_and_the_jobs_to_look_at) {
    Told told;
    told.use(told.account, 30);
    told.account.actions_taken = {"rate"};
    told.account.jump = model::RateJump{"node_hours", instant(1'796'083'200), 2410, 81, "2026-W49"};
    CHECK_EQ(told.notice()->subject,
             "Account optics on alpha used 24.10 % of its allocation in one day");
    CHECK_EQ(told.notice()->detail, "2026-W49");
    CHECK_EQ(told.notice()->text,
             "Account optics on cluster alpha used 24.10 % of its allocation in one day.\n\n"
             "On 2026-11-30 the account used 24.10 % of its node_hours, 8.1 times the mean day of "
             "the four weeks before that week.\n"
             "Usage: 30 of 100 node_hours used in 2026-Q4 (30.00 %, grace to 120 %)\n\n"
             "If this is not expected, look at the jobs of that day: sacct -A optics -X -S "
             "2026-11-30\n\n"
             "Next period starts 2027-01-01.\n");
    told.account.mode = model::Mode::observe;
    CHECK_EQ(told.notice()->level, "rate");
    CHECK(told.notice()->recipients.empty());
    told.account.actions_taken = {"rate", "notify"};
    CHECK_EQ(told.notice()->level, "notify");
}

CASE(owners_learn_that_an_account_is_open_again) {
    Told told;
    told.use(told.account, 12);
    told.account.actions_taken = {"notify", "restore"};
    told.account.previous_flags = {true, true};
    CHECK_EQ(told.notice()->level, "restore");
    CHECK_EQ(told.notice()->subject, "Account optics on alpha is open again");
    CHECK_EQ(told.notice()->text,
             "Account optics on cluster alpha is open again.\n\n"
             "Usage: 12 of 100 node_hours used in 2026-Q4 (12.00 %, grace to 120 %)\n\n"
             "Next period starts 2027-01-01.\n");
    told.account.flags = {false, true};
    CHECK_EQ(told.notice()->subject,
             "Account optics on alpha is no longer paused, but slowed down");
    told.account.previous_flags = {false, true};
    told.account.flags = {};
    CHECK_EQ(told.notice()->subject, "Account optics on alpha is no longer slowed down");
    told.account.mode = model::Mode::observe; // nothing was done to it
    told.account.actions_taken = {"restore"};
    CHECK(!told.notice());
}

CASE(notices_of_one_level_are_told_apart) {
    Told told;
    CHECK_EQ(told.notice()->detail, "");
    told.account.notice_at = Decimal::whole(95);
    CHECK_EQ(told.notice()->detail, "95");
    told.account.actions_taken = {"downscale"};
    told.account.notice_step = "slower";
    CHECK_EQ(told.notice()->detail, "slower");
    CHECK_EQ(told.notice()->subject, "Account optics on alpha is slowed down further");
}

CASE(a_notice_names_the_account_above_as_the_cause) {
    Told told;
    told.use(told.account, 32);
    model::AccountDecision physics;
    physics.account = "physics";
    told.use(physics, 125);
    told.below(physics);
    told.account.until = instant(1'798'761'600);
    CHECK_EQ(told.notice()->subject, "Account optics on alpha is paused with account physics");
    CHECK_EQ(told.notice()->text,
             "Account optics on cluster alpha is paused with account physics.\n\n"
             "Cause: the usage of account physics\n"
             "Usage: 125 of 100 node_hours used in 2026-Q4 (125.00 %, grace to 120 %)\n\n"
             "New jobs are refused until 2027-01-01.\n\nNext period starts 2027-01-01.\n");
    CHECK_EQ(told.notice()->cause, "the usage of account physics");
}

CASE(a_notice_names_staff_as_the_cause) {
    Told told;
    told.use(told.account, 59);
    told.account.actions_taken = {"pause", "downscale"};
    told.account.in_force = model::Override{
        3, "optics", model::Standing::paused, {}, instant(1'796'443'341), "ticket 4711", "anna"};
    told.account.until = told.account.in_force->until;
    told.account.cause = {model::CauseKind::override_, "", 3};
    CHECK_EQ(told.notice()->text, "Account optics on cluster alpha is paused.\n\n"
                                  "Cause: staff (anna) until 2026-12-05T04:02:21+00:00\n\n"
                                  "New jobs are refused until 2026-12-05T04:02:21+00:00.\n");
    told.account.in_force->show_reason = true;
    CHECK(told.notice()->text.find("+00:00: ticket 4711\n") != std::string::npos);
    auto physics = told.account;
    physics.account = "physics";
    told.account.in_force.reset();
    told.below(physics);
    CHECK(told.notice()->text.find("Cause: staff (anna) until 2026-12-05T04:02:21+00:00 (account "
                                   "physics): ticket 4711\n") != std::string::npos);
}

CASE(no_notice_promises_a_period_that_brings_nothing) {
    Told told;
    told.use(told.account, 17);
    told.account.figures[0].allocation = told.account.figures[0].effective = 0;
    told.account.percent.reset();
    told.account.actions_taken = {"pause"};
    const auto text = told.notice()->text;
    CHECK(text.find("Usage: 17 of 0 node_hours used in 2026-Q4 (no allocation)\n") !=
          std::string::npos);
    CHECK(text.find("refused until further notice") != std::string::npos);
    CHECK(text.find("Next period") == std::string::npos);
}

CASE(people_get_no_notice_of_an_observed_account_unless_the_policy_says_so) {
    Told told;
    told.set.policies[0].actions.push_back(model::Action::notify_external_user);
    told.set.policies[0].external_users = {"office@example.org"};
    told.account.mode = model::Mode::observe;
    told.account.actions_taken = {"pause", "downscale"};
    CHECK(!told.notice());
    told.account.actions_taken = {"pause", "downscale", "notify"};
    CHECK_EQ(told.notice()->level, "notify"); // for the webhook
    CHECK(told.notice()->recipients.empty());
    told.set.policies[0].notify_while_observing = true;
    CHECK_EQ(told.notice()->recipients.size(), 2U);
}

CASE(a_site_writes_in_its_own_words) {
    Told told;
    told.rules.subject = "{cluster}: {account}";
    told.rules.text = "{account} {event} {{}} {percent}";
    CHECK_EQ(told.notice()->subject, "alpha: optics");
    CHECK_EQ(told.notice()->text, "optics has used 83.02 % of its allocation {} 83.02 %");
}

CASE(a_loop_in_the_tree_ends) {
    Told told;
    told.parents = {{"optics", "physics"}, {"physics", "optics"}};
    told.rules.contacts.clear();
    CHECK(told.notice()->recipients.empty());
}

CASE(a_notice_names_organization_and_project) {
    Told told;
    told.rules.subject = "{organization}: {project} {event}";
    told.rules.text = "{project}\n";
    CHECK_EQ(told.notice()->subject, "-: - has used 83.02 % of its allocation");
    told.rules.holders["physics"] = {"Institute", "Lattice"};
    CHECK_EQ(told.notice()->subject, "Institute: Lattice has used 83.02 % of its allocation");
    CHECK_EQ(told.notice()->text, "Lattice\n");
    told.rules.holders["optics"] = {"Optics", ""};
    CHECK_EQ(told.notice()->subject, "Optics: - has used 83.02 % of its allocation");
    told.rules.holders["optics"] = {std::string(5000, 'o'), "x" + test::kHostile};
    told.rules.subject = std::string(20, ' ') + "{organization}{organization}{organization}"
                                                "{organization}{organization}{organization}";
    CHECK(told.notice()->subject.size() <= 900);
    CHECK_EQ(test::harm_in(told.notice()->text), "");
    CHECK(told.notice()->text.size() < 1000);
    told.rules.text.clear();
    for (int i = 0; i < 2000; ++i)
        told.rules.text += "{organization}";
    CHECK(told.notice()->text.size() <= 90'000);
}

CASE(a_notice_does_not_steer_who_reads_it) {
    Told told;
    told.rules.contacts.clear();
    told.account.account += test::kHostile;
    told.account.contact = "hpc" + test::kHostile;
    told.decision.cluster += test::kHostile;
    CHECK_EQ(test::harm_in(told.notice()->subject), "");
    CHECK_EQ(test::harm_in(told.notice()->text), "");
    CHECK(told.notice()->subject.find('\n') == std::string::npos);
}
