// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/weekly.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

namespace {

Instant utc(int y, unsigned m, unsigned d, int hour = 0) {
    using namespace std::chrono;
    return sys_days{year{y} / month{m} / day{d}} + hours{hour};
}

std::string due(Instant now) {
    return format::week_due(Zone(), now).value_or("none");
}

struct Lab {
    model::PolicySet set;
    model::NoticeRules rules;
    model::Decision decision;
    std::map<std::string, std::string> parents{{"optics", "physics"}};

    Lab() {
        model::Policy policy;
        policy.name = "quarterly";
        policy.actions = {model::Action::notify_organization_owners};
        set.policies = {policy};
        rules.contacts["physics"] = {"pi@example.org"};
        rules.contacts["chem"] = {"pi@example.org", "chem@example.org"};
        decision.cluster = "alpha";
        add("bio", 99); // without an address
        add("chem", 20);
        add("optics", 85);
        add("physics", 50);
    }
    void add(const std::string& name, Amount hours) {
        auto& account = decision.accounts.emplace_back();
        account.account = name;
        account.policies = {"quarterly"};
        account.mode = model::Mode::enforce;
        account.deciding = "node_hours";
        auto& figure = account.figures.emplace_back();
        figure.component = {"node_hours", "node", Decimal::whole(60)};
        figure.effective = figure.allocation = Amount{100} * 3600;
        figure.usage.settled = hours * 3600;
        account.percent = hours * 100;
        account.grace_limit = Decimal::whole(120);
        account.period = {"2026-Q4", utc(2026, 10, 1), utc(2027, 1, 1)};
    }
    std::vector<format::WeeklySummary> mails() const {
        return format::weekly_summaries(set, rules, Zone(), decision, parents, "2026-W49");
    }
};

} // namespace

CASE(weeks_are_those_of_the_calendar_and_begin_on_monday_at_eight) {
    CHECK_EQ(due(utc(2026, 11, 30, 7)), "none");
    CHECK_EQ(due(utc(2026, 11, 30, 8)), "2026-W49");
    CHECK_EQ(due(utc(2026, 12, 6, 23)), "2026-W49");
    CHECK_EQ(due(utc(2026, 12, 28, 8)), "2026-W53");
    CHECK_EQ(due(utc(2027, 1, 3, 23)), "2026-W53");
    CHECK_EQ(due(utc(2027, 1, 4, 7)), "none");
    CHECK_EQ(due(utc(2027, 1, 4, 8)), "2027-W01");
    CHECK_EQ(due(utc(2024, 12, 30, 9)), "2025-W01");
    CHECK_EQ(due(utc(2026, 1, 1, 9)), "2026-W01");
    CHECK_EQ(due(utc(2021, 1, 1, 9)), "2020-W53");
}

CASE(a_recipient_gets_one_mail_with_the_most_used_account_first) {
    Lab lab;
    lab.decision.accounts[2].thresholds = {
        {"pause", Decimal::whole(120), false, {}, {utc(2026, 12, 20), {}, {}}},
        {"downscale", Decimal::whole(100), false, {}, {utc(2026, 12, 8), {}, {}}}};
    const auto mails = lab.mails();
    CHECK_EQ(mails.size(), 2U);
    CHECK_EQ(mails[0].recipient, "chem@example.org");
    CHECK_EQ(mails[0].subject, "Week 2026-W49: 1 account on alpha");
    CHECK_EQ(mails[1].recipient, "pi@example.org");
    CHECK_EQ(mails[1].subject, "Week 2026-W49: 3 accounts on alpha");
    CHECK_EQ(mails[1].text,
             "Usage of your accounts on cluster alpha, week 2026-W49.\n\n"
             "optics: normal. 85 of 100 node_hours used in 2026-Q4 (85.00 %, grace to 120 %); "
             "100 % about 2026-12-08. Next period starts 2027-01-01.\n"
             "physics: normal. 50 of 100 node_hours used in 2026-Q4 (50.00 %, grace to 120 %). "
             "Next period starts 2027-01-01.\n"
             "chem: normal. 20 of 100 node_hours used in 2026-Q4 (20.00 %, grace to 120 %). Next "
             "period starts 2027-01-01.\n"
             "\nThe present figures: sluice balance\n");
}

CASE(an_observed_account_is_in_no_mail_and_one_without_figures_keeps_its_standing) {
    Lab lab;
    for (auto& account : lab.decision.accounts)
        account.mode = model::Mode::observe;
    CHECK_EQ(lab.mails().size(), 0U);
    lab.set.policies[0].notify_while_observing = true;
    CHECK_EQ(lab.mails().size(), 2U);
    lab.decision.accounts[1].figures.clear();
    CHECK(lab.mails()[0].text.find("chem: normal. No figures of this period are known.\n") !=
          std::string::npos);
}

CASE(the_first_of_clusters_that_share_an_allocation_reports_it) {
    Lab lab;
    lab.decision.accounts[1].span = {{"beta"}, {"alpha"}};
    CHECK_EQ(lab.mails().size(), 1U);
    lab.decision.accounts[1].span = {{"alpha"}, {"beta"}};
    CHECK_EQ(lab.mails().size(), 2U);
}

CASE(ten_thousand_accounts_fit_into_a_mail) {
    Lab lab;
    for (int i = 0; i < 10'000; ++i) {
        lab.add("zz" + std::to_string(i), 1);
        lab.parents["zz" + std::to_string(i)] = "physics";
    }
    const auto mails = lab.mails();
    CHECK_EQ(mails[1].subject, "Week 2026-W49: 10003 accounts on alpha");
    CHECK(mails[1].text.size() < 91'000);
    CHECK(mails[1].text.find("\n... and ") != std::string::npos);
}

CASE(names_that_are_not_plain_are_printable) {
    Lab lab;
    lab.decision.cluster = "al\npha";
    lab.decision.accounts[1].account = "che\x1b[2Jm";
    lab.rules.contacts["che\x1b[2Jm"] = {"x@example.org"};
    for (const auto& mail : lab.mails())
        CHECK(mail.text.find('\x1b') == std::string::npos &&
              mail.subject.find('\n') == std::string::npos);
}
