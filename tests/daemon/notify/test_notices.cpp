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

CASE(a_dry_run_tells_nobody) {
    test::Bench bench;
    bench.rules.notices.by_webhook = true;
    bench.use_hours(2000);
    bench.run({core::Trigger::person, true, {}});
    CHECK(told(bench).empty());
}
