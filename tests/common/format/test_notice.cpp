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

CASE(the_strictest_level_is_told) {
    Told told;
    CHECK_EQ(told.notice()->level, "notify");
    CHECK_EQ(told.notice()->subject, "Account optics on alpha has used 83.02 % of its allocation");
    told.account.actions_taken = {"pause", "downscale", "notify"};
    CHECK_EQ(told.notice()->level, "pause");
    CHECK_EQ(told.notice()->subject, "Account optics on alpha is paused");
    told.account.actions_taken = {"restore"};
    CHECK(!told.notice());
}

CASE(an_observed_account_is_told_of_its_usage_but_not_of_a_pause) {
    Told told;
    told.account.mode = model::Mode::observe;
    told.account.actions_taken = {"pause", "downscale"};
    CHECK(!told.notice());
    told.account.actions_taken = {"pause", "downscale", "notify"};
    CHECK_EQ(told.notice()->level, "notify");
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
