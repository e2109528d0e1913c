// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/json/json.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

std::vector<ports::Message> told(const test::Bench& bench) {
    std::vector<ports::Message> all;
    for (const auto& record : bench.journal.evaluated)
        all.insert(all.end(), record.messages.begin(), record.messages.end());
    return all;
}

} // namespace

CASE(a_level_is_told_in_the_transaction_that_records_it) {
    test::Bench bench;
    bench.rules.notices.by_mail = bench.rules.notices.by_webhook = true;
    bench.rules.notices.contacts["physics"] = {"pi@example.org"};
    bench.use_hours(500);
    bench.run();
    CHECK(told(bench).empty());
    bench.use_hours(850);
    bench.run();
    const auto messages = told(bench);
    CHECK_EQ(messages.size(), 2U);
    CHECK_EQ(messages[0].target, "mail");
    CHECK_EQ(messages[0].kind, "notify");
    CHECK_EQ(messages[0].correlation, "mail/c1/physics/2026-Q1/notify@80/pi@example.org");
    const auto mail = json::parse(messages[0].body);
    CHECK_EQ((*mail)["to"].text(), "pi@example.org");
    CHECK_EQ((*mail)["subject"].text(), "Account physics on c1 has used 85.00 % of its allocation");
    CHECK_EQ(messages[1].target, "webhook");
    CHECK_EQ((*json::parse(messages[1].body))["percent"].number(), 85.0);
    bench.run();
    CHECK_EQ(told(bench).size(), 2U);
}

CASE(nothing_is_written_where_nobody_is_to_be_told) {
    test::Bench bench;
    bench.rules.notices.contacts["physics"] = {"pi@example.org"};
    bench.use_hours(2000);
    bench.run();
    CHECK(told(bench).empty());
}

CASE(a_dry_run_names_recipients_and_tells_nobody) {
    test::Bench bench;
    bench.rules.notices.by_mail = bench.rules.notices.by_webhook = true;
    bench.rules.notices.contacts["physics"] = {"pi@example.org", "office@example.org"};
    bench.use_hours(2000);
    const auto report = bench.run({core::Trigger::person, true, {}});
    CHECK(told(bench).empty());
    CHECK_EQ(report->notices.size(), 1U);
    const auto& notice = report->notices.front();
    CHECK_EQ(notice.account, "physics");
    CHECK_EQ(notice.level, "pause");
    CHECK_EQ(notice.recipients, (std::vector<std::string>{"office@example.org", "pi@example.org"}));
    CHECK(notice.webhook);
    const auto done = bench.run();
    CHECK_EQ(done->notices.size(), 1U);
    CHECK_EQ(told(bench).size(), 3U);
    CHECK(bench.run()->notices.empty());
}

CASE(a_week_has_one_mail_for_each_recipient) {
    test::Bench bench; // Tuesday, 2026-02-10
    bench.rules.notices.by_mail = bench.rules.notices.weekly = true;
    bench.rules.notices.contacts["physics"] = {"office@example.org", "pi@example.org"};
    bench.use_hours(300);
    const auto weekly = [&] {
        std::vector<std::string> found;
        for (const auto& entry : bench.outbox.held)
            if (entry.message.kind == "weekly")
                found.push_back(entry.message.correlation);
        return found;
    };
    bench.run({core::Trigger::person, true, {}});
    CHECK(weekly().empty());
    bench.faults.fail_all("usage");
    bench.run();
    bench.faults.clear();
    CHECK(weekly().empty());
    bench.run();
    CHECK_EQ(weekly(), (std::vector<std::string>{"mail/c1/weekly/2026-W07/office@example.org",
                                                 "mail/c1/weekly/2026-W07/pi@example.org"}));
    CHECK_EQ((*json::parse(bench.outbox.held.back().message.body))["subject"].text(),
             "Week 2026-W07: 1 account on c1");
    bench.run();
    CHECK_EQ(weekly().size(), 2U);
    // After a restart the outbox has them already.
    core::Cycle again{bench.ports, bench.sources};
    again.run(bench.rules, {});
    CHECK_EQ(weekly().size(), 2U);
    bench.clock.advance(std::chrono::hours{24 * 6 + 7}); // Monday at seven
    bench.run();
    CHECK_EQ(weekly().size(), 2U);
    bench.clock.advance(std::chrono::hours{1});
    bench.run();
    CHECK_EQ(weekly().size(), 4U);
}

CASE(a_dry_run_leaves_out_what_was_sent_in_the_period) {
    test::Bench bench;
    bench.rules.notices.by_mail = true;
    bench.rules.notices.contacts["physics"] = {"new@example.org", "pi@example.org"};
    ports::Message sent;
    sent.target = "mail";
    sent.correlation = "mail/c1/physics/2026-Q1/pause/pi@example.org";
    CHECK(bench.outbox.add(std::vector{sent}));
    bench.use_hours(2000);
    const auto report = bench.run({core::Trigger::person, true, {}});
    CHECK_EQ(report->notices.size(), 1U);
    CHECK_EQ(report->notices.front().recipients, std::vector<std::string>{"new@example.org"});
    CHECK(!report->notices.front().webhook);
}
