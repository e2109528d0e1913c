// SPDX-License-Identifier: GPL-2.0-or-later
// The subcommands with which people act: overrides, adjustments, clean-up, outbox.
#include "tests/cli/lab.hpp"

using namespace sluice;
using namespace sluice::test;

CASE(entries_need_a_reason_and_report_what_was_done) {
    Lab lab;
    const auto bare = lab.run({"override", "set", "physics", "normal", "--until=now+1day"});
    CHECK_EQ(bare.code, 1);
    CHECK(has(bare.err, "no reason given"));
    const auto done =
        lab.run({"override", "set", "physics", "normal", "--until=now+1day", "--reason=deadline"});
    CHECK_EQ(done.code, 0);
    CHECK(has(done.out, "Override 4 pins account physics to normal.\n"));
    CHECK(has(done.out, "physics: 1231 of 1000"));
    CHECK_EQ(lab.service.last.reason, "deadline");
    const auto dry =
        lab.run({"adjust", "add", "chem", "node_hours=2.5", "--reason=x", "--dry-run"});
    CHECK_EQ(dry.code, 0);
    CHECK(has(dry.out, "Account chem would get node_hours=2.5.\n"));
    CHECK(has(dry.out, "Nothing was changed."));
    CHECK(lab.service.last.dry_run);
    CHECK(
        has(lab.run({"adjust", "add", "chem", "node_hours", "--reason=x"}).err, "COMPONENT=UNITS"));
    const auto moved = lab.run({"adjust", "move", "physics", "chem", "node_hours=2.5", "gpu=1",
                                "--reason=x", "--dry-run"});
    CHECK_EQ(moved.code, 0);
    CHECK(has(moved.out, "Would move node_hours=2.5, gpu=1 from account physics to chem.\n"));
    CHECK_EQ(lab.service.transferred->to, "chem");
    CHECK(has(lab.run({"adjust", "move", "physics", "chem", "node_hours=1", "--reason=x"}).out,
              "Transfer 4 moves node_hours=1 from account physics to chem.\n"));
    CHECK(has(lab.run({"adjust", "move", "physics", "node_hours=1", "--reason=x"}).err,
              "sluice adjust move FROM TO COMPONENT=UNITS..."));
    CHECK(has(lab.run({"adjust", "move", "physics", "chem", "node_hours=", "--reason=x"}).err,
              "is not COMPONENT=UNITS, such as node_hours=25\n"));
    CHECK(has(lab.run({"adjust", "move", "physics", "chem", "node_hours=1", "--period=2026-Q4",
                       "--reason=x"})
                  .err,
              "adjust move has no --period"));
    CHECK(has(lab.run({"adjust", "remove", "3", "--reason=x", "--dry-run"}).out,
              "Adjustment 3 would be canceled.\n"));
    CHECK(has(lab.run({"adjust", "remove", "1"}).err, "no reason given"));
    for (const char* word : {"physics", "1x", "-1"})
        CHECK(has(lab.run({"adjust", "remove", word, "--reason=x"}).err,
                  word[0] == '-' ? "-1" : "sluice adjust remove ID --reason=TEXT"));
    CHECK(has(lab.run({"adjust", "remove", "--reason=x"}).err, "needs the number of an entry"));
    CHECK(has(lab.run({"override", "sett"}).err, "did you mean 'set'?"));
    CHECK(has(lab.run({"override"}).err, "set, list, clear"));
    CHECK(has(lab.run({"reset", "physics"}).err, "sluice reset --period ACCOUNT"));
    CHECK(has(lab.run({"reset", "--period", "physics", "--reason=x"}).out,
              "Period reset: account physics.\n"));
}

CASE(overrides_are_listed_and_cleared_by_number_or_account) {
    Lab lab;
    const auto seen = lab.run({"override", "list", "-nP", "-o", "id,account,state,by"});
    CHECK_EQ(seen.out, "2|physics|in force|root\n");
    CHECK_EQ(lab.run({"override", "list", "--all", "-nP", "-o", "id,state"}).out,
             "2|in force\n1|ended\n");
    CHECK(has(lab.run({"override", "clear", "physics", "--reason=x"}).out, "Override 2 is ended."));
    CHECK(has(lab.run({"override", "clear", "2", "--reason=x", "--dry-run"}).out,
              "Override 2 would be ended."));
    CHECK_EQ(lab.run({"override", "clear", "9", "--reason=x"}).err,
             "sluice: error: override 9 does not exist\n");
    CHECK(has(lab.run({"override", "clear", "chem", "--reason=x"}).err, "no override of account"));
    CHECK_EQ(lab.run({"adjust", "list", "-nP", "-o", "id,units,reason"}).out,
             "3|node_hours=2.5|node failure\n");
}

CASE(usage_shows_its_parts_and_cleanup_counts_records) {
    Lab lab;
    CHECK_EQ(lab.run({"usage", "chem", "-nP", "-o", "component,settled,finished,running,used"}).out,
             "node_hours|600|9|1.25|610.25\n");
    CHECK(has(lab.run({"cleanup", "--dry-run"}).out,
              "12 evaluations and 3 commands from before 2026-08-25"));
    CHECK(lab.service.last.dry_run);
}

CASE(usage_by_user_has_a_row_for_each_and_a_total) {
    Lab lab;
    CHECK_EQ(
        lab.run({"usage", "physics", "--by-user", "-nP", "-o", "user,settled,running,used,share"})
            .out,
        "alice|1000|0|1000|81.23\n"
        "bob|220|1.000277|221.000277|17.95\n"
        "(deleted)|10|0|10|0.81\n"
        "(total)|1230|1.000277|1231.000277|100.00\n");
    CHECK(has(lab.run({"usage", "physics", "--by-user", "--json"}).out, "\"users_settled\": true"));
    CHECK(has(lab.run({"usage", "--by-user", "--helpformat"}).out, "share"));
    const auto all = lab.run({"usage", "--by-user"});
    CHECK_EQ(all.code, 1);
    CHECK_EQ(
        all.err,
        "sluice: error: --by-user needs an account; usage: sluice usage --by-user ACCOUNT...\n");
    const auto unknown = lab.run({"usage", "chem", "--by-user", "-nP", "-o", "user,used"});
    CHECK_EQ(unknown.out, "(total)|610.25\n");
    CHECK(has(unknown.err, "the settled usage is not known by user"));
}

CASE(usage_of_an_earlier_period_needs_an_account) {
    Lab lab;
    CHECK_EQ(lab.run({"usage", "physics", "--period=2026-Q3", "-nP", "-o", "period,used"}).out,
             "2026-Q3|1231.000277\n");
    CHECK_EQ(lab.run({"usage", "--period=2026-Q3"}).err,
             "sluice: error: --period needs an account; usage: sluice usage --period=LABEL "
             "ACCOUNT...\n");
    const auto wrong = lab.run({"usage", "physics", "--period=2026-Q9"});
    CHECK_EQ(wrong.code, 1);
    CHECK(has(wrong.err, "period must be one of 2026-Q4, 2026-Q3"));
}

CASE(outbox_lists_and_retries_messages) {
    Lab lab;
    CHECK(has(lab.run({"outbox"}).out, "The outbox is empty"));
    ports::Message message;
    message.target = "waldur";
    message.kind = "set_paused";
    CHECK(lab.service.post.add(std::vector{message}));
    CHECK(lab.service.post.park(1, "HTTP 403"));
    CHECK_EQ(lab.run({"outbox", "list", "-nP", "-o", "id,target,state,error"}).out,
             "1|waldur|parked|HTTP 403\n");
    CHECK(has(lab.run({"outbox", "retry", "1"}).out, "Message 1 is queued again"));
    CHECK(lab.run({"outbox", "drop", "7"}).code != 0);
    CHECK(lab.run({"outbox", "retry"}).code != 0);
}

CASE(evaluate_names_who_gets_a_notice) {
    Lab lab;
    auto cycle = sample_cycle();
    cycle.notices = {{"physics", "pause", {"office@example.org", "pi@example.org"}, true},
                     {"chem", "notify", {}, true},
                     {"x\x1b[1m", "notify", {"a@example.org"}, false}};
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto done = lab.run({"evaluate"});
    CHECK(has(done.out, "\nNotices in the outbox:\n"
                        "  physics, pause: mail to office@example.org, pi@example.org; webhook\n"
                        "  chem, notify: webhook\n"));
    CHECK(!has(done.out, "\x1b"));
    CHECK(!has(lab.run({"evaluate", "chem"}).out, "physics, pause"));
    cycle.dry_run = true;
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    CHECK(has(lab.run({"evaluate", "--dry-run"}).out, "\nNotices that would be sent:\n"));
}

CASE(a_test_mail_is_accepted_or_the_error_is_shown) {
    struct Target final : ports::Deliverer {
        ports::Delivery deliver(const ports::OutboxEntry&) override { return answer; }
        ports::Delivery answer;
    } target;
    Lab lab;
    CHECK(has(lab.run({"notify"}).err, "--send-test ADDRESS"));
    CHECK(has(lab.run({"notify", "--test", "--send-test=pi@example.org"}).err, "either"));
    CHECK(has(lab.run({"notify", "--send-test=pi@example.org"}).err, "notifications.mail"));
    lab.service.mail = &target;
    lab.restart();
    CHECK(has(lab.run({"notify", "--send-test=pi"}).err, "'pi' is no mail address"));
    CHECK(has(lab.run({"notify", "--send-test=pi@example.org", "x.yaml"}).err, "'x.yaml'"));
    const auto done = lab.run({"notify", "--send-test=pi@example.org"});
    CHECK_EQ(done.code, 0);
    CHECK_EQ(done.out, "The mail server accepted the test mail to pi@example.org.\n");
    target.answer = {ports::Delivered::target_away, "smtp://mail:587: Couldn't connect", {}};
    const auto away = lab.run({"notify", "--send-test=pi@example.org"});
    CHECK_EQ(away.code, 1);
    CHECK(has(away.err, "smtp://mail:587: Couldn't connect"));
}
