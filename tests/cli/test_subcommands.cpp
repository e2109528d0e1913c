// SPDX-License-Identifier: GPL-2.0-or-later
// The subcommands that show what the daemon knows.
#include "tests/cli/lab.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

using namespace sluice;
using namespace sluice::test;

CASE(status_is_a_table_below_a_health_line) {
    Lab lab;
    const auto seen = lab.run({"status", "-o",
                               "account,component,used,left,percent,standing,"
                               "cause,resets"});
    CHECK_EQ(seen.code, 0);
    CHECK_EQ(seen.err, "");
    CHECK_EQ(
        seen.out,
        "Cluster lab: last evaluation 12 s ago (timer, 35 ms), slurmdbd and slurmctld up, 1 plugin "
        "connected\n"
        "\n"
        "Account  Component    Used    Left Percent        Standing          Cause     Resets\n"
        "------- ---------- ------- ------- ------- --------------- -------------- ----------\n"
        "   chem node_hours  610.25  389.75   61.02          normal                2027-01-01\n"
        "  empty node_hours    0       0       -             normal                2027-01-01\n"
        "physics node_hours 1231    -231     123.10          paused     node_hours 2027-01-01\n"
        " optics node_hours    1      99       1.00 would be paused parent physics 2027-01-01\n");
}

CASE(status_parsable_has_exact_figures_and_no_health_line) {
    Lab lab;
    const auto seen = lab.run({"status", "-P", "physics", "-o", "account,used,resets"});
    CHECK_EQ(seen.out, "Account|Used|Resets\nphysics|1231.000277|2027-01-01\n");
    CHECK_EQ(lab.run({"status", "-np", "-A", "chem,empty", "--format=account"}).out,
             "chem|\nempty|\n");
}

CASE(format_of_the_environment_is_overridden_by_the_option) {
    Lab lab;
    lab.format = "account%3";
    CHECK_EQ(lab.run({"status", "-n", "chem"}).out, "ch+\n");
    CHECK_EQ(lab.run({"status", "-n", "chem", "-o", "account%-6"}).out, "chem\n");
}

CASE(status_reports_a_daemon_in_trouble) {
    Lab lab;
    auto cycle = sluice::test::sample_cycle();
    cycle.error = "slurmdbd: Connection refused";
    cycle.decision.now -= std::chrono::hours(3);
    cycle.problems = {{"physics", "QOS 'blocked' does not exist", "sacctmgr add qos blocked"}};
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    lab.service.daemon.down = {"slurmdbd"};
    lab.service.daemon.config_error = "sluiced.yaml:3:5: unknown key";
    lab.service.plugins = false;
    lab.clock.at = instant(sluice::test::kNow + 600);
    const auto seen = lab.run({"status"});
    CHECK_EQ(seen.code, 0);
    CHECK(has(seen.out,
              "last evaluation 10 min ago (timer, 35 ms), figures from 3 h ago, down: slurmdbd"));
    CHECK(has(seen.out, "down: slurmdbd, 0 plugins connected"));
    CHECK(has(seen.out,
              "physics: QOS 'blocked' does not exist\n      remedy: sacctmgr add qos blocked"));
    CHECK(
        has(seen.err, "sluice: warning: the last evaluation failed: slurmdbd: Connection refused"));
    CHECK(has(seen.err, "the new settings were refused"));
    CHECK(has(seen.err, "no plugin is connected"));
    CHECK(has(seen.err, "the last evaluation was 10 min ago, expected every 60 s"));
    CHECK_EQ(lab.run({"status", "-Q"}).err, "");
}

CASE(status_reports_a_running_evaluation) {
    Lab lab;
    lab.service.running = ports::UnderWay{instant(sluice::test::kNow - 18), "timer", "apply"};
    lab.clock.at = instant(sluice::test::kNow);
    lab.service.running->total = 12;
    const std::string line =
        "\nEvaluation running for 18 s (timer, phase apply, 12 changes); the figures "
        "below are of the previous evaluation\n";
    CHECK(has(lab.run({"status"}).out, line));
    CHECK(!has(lab.run({"status", "-Q"}).out, "Evaluation running"));
    CHECK(has(lab.run({"status", "--json"}).out, "\"phase\""));
    lab.service.cycle = nullptr;
    lab.service.running =
        ports::UnderWay{instant(sluice::test::kNow - 18), "start", "collect", 34, 100};
    CHECK(has(lab.run({"status"}).out,
              "no evaluation has completed yet\nFirst evaluation running for 18 s (start, phase "
              "collect, 34 of 100 accounts)\n"));
}

CASE(status_without_a_good_evaluation_shows_no_age) {
    Lab lab;
    auto cycle = sluice::test::sample_cycle();
    cycle.error = "slurmdbd: Connection refused";
    cycle.decision.now = instant(0);
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    CHECK(has(lab.run({"status"}).out, "(timer, 35 ms), no figures yet, "));
}

CASE(status_before_the_first_cycle_is_no_error) {
    Lab lab;
    lab.service.cycle = nullptr;
    const auto seen = lab.run({"status"});
    CHECK_EQ(seen.code, 0);
    CHECK(has(seen.out, "no evaluation has completed yet"));
}

CASE(an_account_that_was_not_evaluated_has_a_row_and_a_reason) {
    Lab lab;
    auto cycle = sluice::test::sample_cycle();
    cycle.decision.accounts[0].figures.clear();
    cycle.decision.accounts[0].error = "usage does not fit";
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto seen = lab.run({"status", "chem", "-P", "-o", "account,used,standing,note"});
    CHECK_EQ(seen.out, "Account|Used|Standing|Note\nchem||error|usage does not fit\n");
}

CASE(weighted_accounts_have_a_billing_row) {
    Lab lab;
    auto cycle = sluice::test::sample_cycle();
    cycle.decision.accounts[0].deciding = "billing";
    cycle.decision.accounts[0].percent = 7050;
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    CHECK_EQ(lab.run({"status", "chem", "-nP", "-o", "component,used,percent"}).out,
             "node_hours|610.25|61.02\nbilling||70.50\n");
}

CASE(json_is_the_answer_of_the_daemon) {
    Lab lab;
    for (const char* name : {"status", "history", "commands", "plugins", "balance"}) {
        const auto seen = lab.run({name, "--json"});
        CHECK_EQ(seen.code, 0);
        CHECK(has(seen.out, "\"errors\": []"));
        CHECK(has(seen.out, "\"cluster\": \"lab\""));
    }
    CHECK(has(lab.run({"explain", "chem", "--json"}).out, "\"explain\": ["));
}

CASE(evaluate_shows_changes_and_each_command_with_its_result) {
    Lab lab;
    const auto seen = lab.run({"evaluate"});
    CHECK_EQ(seen.code, 0);
    CHECK_EQ(seen.out, "Evaluation on cluster lab at 2026-11-23T00:50:00+00:00 (35 ms)\n"
                       "\nAccounts:\n"
                       "  physics: 1231 of 1000 node_hours (123.10 %), downscaled -> paused "
                       "[pause]\n"
                       "  3 accounts unchanged\n"
                       "\nCommands:\n"
                       "  done: QOS of account physics becomes blocked (grace limit reached)\n"
                       "      sacctmgr -i modify account physics cluster=lab set qos=blocked "
                       "defaultqos=blocked\n");
    CHECK_EQ(lab.service.evaluated.load(), 1);
}

CASE(status_and_commands_can_be_narrowed) {
    Lab lab;
    const auto paused = lab.run({"status", "--standing=Paused", "-nPo", "account"}).out;
    CHECK(has(paused, "physics\n"));
    CHECK(!has(paused, "chem"));
    CHECK(!has(lab.run({"status", "--standing=normal", "-nPo", "account"}).out, "physics"));
    CHECK_EQ(lab.run({"status", "--standing=observed", "-nPo", "account"}).out, "optics\n");
    CHECK_EQ(lab.run({"status", "--parent=physics", "-nPo", "account"}).out, "optics\n");
    CHECK_EQ(lab.run({"status", "--user=bob", "-nPo", "account"}).out, "chem\n");
    CHECK_EQ(lab.run({"status", "--sort=-usage", "-nPo", "account"}).out,
             "physics\nchem\noptics\nempty\n");
    const auto none = lab.run({"status", "--policy=nosuch", "-nPo", "account"});
    CHECK_EQ(none.out, "");
    CHECK(has(none.err, "no account matches"));
    const auto wrong = lab.run({"status", "--standing=stopped"});
    CHECK_EQ(wrong.code, 1);
    CHECK(has(wrong.err, "standing must be a list of normal, warned, downscaled, paused"));
    CHECK(has(lab.run({"status", "--user=nobodyx"}).err, "has no association in Slurm"));
    CHECK(has(lab.run({"status", "--sort=size"}).err, "sort must be one of account, usage"));
    CHECK_EQ(lab.run({"commands", "--failed", "-nPo", "result"}).out, "failed\n");
}

CASE(records_can_be_narrowed_to_a_time_and_a_period) {
    Lab lab;
    CHECK_EQ(lab.run({"history", "-S", "11/20/26", "-E", "now-1hour", "--period=2026-Q4"}).code, 0);
    const auto& query = lab.service.asked;
    CHECK_EQ(query.period, "2026-Q4");
    CHECK(query.from && query.until && query.from < query.until);
    CHECK_EQ(lab.run({"commands", "-S", "now-1day"}).code, 0);
    CHECK(lab.service.asked.from.has_value() && !lab.service.asked.until.has_value());
    CHECK(has(lab.run({"history", "-S", "soon"}).err, "start: 'soon' is not a time; write"));
    CHECK(has(lab.run({"history", "-S", "now", "-E", "now-1day"}).err,
              "end must not be before start"));
}

CASE(a_tree_indents_and_a_total_counts_upper_accounts_only) {
    Lab lab;
    CHECK_EQ(lab.run({"status", "-n", "--tree", "--total", "-o", "account,component,used"}).out,
             "chem     node_hours  610.25\n"
             "empty    node_hours    0\n"
             "physics  node_hours 1231\n"
             "  optics node_hours    1\n"
             "(total)  node_hours 1841.25\n");
    CHECK_EQ(lab.run({"status", "optics", "-nP", "--total", "-o", "account,used"}).out,
             "optics|1\n(total)|1\n");
}

CASE(queue_lists_the_jobs_that_wait_and_explain_says_what_releases_one) {
    Lab lab;
    lab.terminal = 80;
    const auto queue = lab.run({"queue"});
    CHECK_EQ(queue.code, 0);
    CHECK(has(queue.out, " InvalidQOS "));
    CHECK(has(lab.run({"queue", "-nPo", "jobid,user,wait,because"}).out,
              "41|alice|invalid_qos|physics\n50_[1-9]|carol|held|"));
    CHECK_EQ(lab.run({"queue", "-u", "carol", "-nPo", "jobid"}).out, "50_[1-9]\n");
    CHECK_EQ(lab.run({"queue", "chem"}).out, "No job waits because of Sluice.\n");
    const auto one = lab.run({"explain", "--job=41"});
    CHECK(has(one.out, "Job 41 of user alice (account lasers, QOS normal) waits with reason "
                       "InvalidQOS: account physics is paused"));
    CHECK(has(one.out, "The job may start when account physics is open again"));
    CHECK(has(lab.run({"explain", "--job", "9"}).out, "squeue -j 9 -o %r"));
    CHECK_EQ(lab.run({"explain", "--job=41", "chem"}).code, 1);
}

CASE(quote_shows_the_cost_the_result_and_the_longest_time) {
    Lab lab;
    const auto refused = lab.run({"quote", "-A", "optics", "-N2", "-C", "big", "-t", "11:00:00"});
    CHECK_EQ(refused.code, 0);
    CHECK(has(refused.out, "Time limit: 11:00:00\n"
                           "slurmctld would refuse the job: this job may use 22 node_hours, but "
                           "account physics has 20 left."));
    CHECK(has(refused.out, "Longest time limit that fits: --time=10:00:00\n"));
    CHECK(has(refused.err, "not read, so that the job may cost more: --constraint"));
    CHECK_EQ(lab.run({"quote", "-A", "optics", "no-such-job.sh"}).code, 1);
    CHECK(has(lab.run({"quote", "-A", "optics"}).out, "Time limit: 1:00:00 (of the partition)\n"
                                                      "The job would be accepted.\n"));
    const auto json = lab.run({"quote", "-n2", "-A", "optics", "--json"});
    CHECK_EQ((*json::parse(json.out))["result"].text(), "accepted");
    const auto not_known = lab.run({"quote", "-A", "chem"});
    CHECK_EQ(not_known.out, "Not known before the job starts: node_hours of chem.\n"
                            "The job would be accepted.\n");
    CHECK(has(refused.out, "\nNot known before the job starts: node_hours of optics.\n"));
    CHECK_EQ(lab.run({"quote", "-A", "idle"}).out,
             "No allocation bounds account idle: the job costs nothing.\n"
             "The job would be accepted.\n");
}

CASE(default_columns_fit_the_terminal_and_standings_have_a_colour) {
    Lab lab;
    lab.terminal = 80;
    lab.colour = true;
    const auto seen = lab.run({"status"}).out;
    CHECK(has(seen, "Account  Component    Used Effective    Left Percent        Standing     "
                    "Resets\n"));
    CHECK(has(seen, " \033[31mpaused\033[0m 2027-01-01\n"));
    CHECK(has(seen, " \033[2mwould be paused\033[0m 2027-01-01\n"));
    CHECK(!has(lab.run({"status", "-P"}).out, "\033"));
    for (const char* name : {"balance", "usage", "history", "commands"}) {
        lab.colour = false;
        const auto table = lab.run({name}).out;
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = table.find('\n', begin)) != std::string::npos;
             begin = end + 1)
            CHECK(end - begin <= 80);
    }
    lab.terminal = 0;
    CHECK(has(lab.run({"status"}).out, " Policy "));
    CHECK(!has(lab.run({"commands"}).out, "+\n"));
}

CASE(words_of_sacctmgr_get_a_hint) {
    Lab lab;
    CHECK(has(lab.run({"status", "format=account,used"}).err,
              "'format=account,used' is no account; write --format=account,used"));
    CHECK(has(lab.run({"status", "where", "account=physics"}).err, "leave 'where' out"));
    CHECK(has(lab.run({"status", "account=physics"}).err, "write physics"));
    CHECK(has(lab.run({"history", "start=11/01/26"}).err, "write --starttime=11/01/26"));
    CHECK(has(lab.run({"explain", "format=account"}).err, "this subcommand has no --format"));
}

CASE(evaluate_names_what_it_waits_for) {
    Lab lab;
    lab.service.running = ports::UnderWay{instant(kNow), "person", "collect", 40, 100};
    lab.service.hold();
    std::thread later([&lab] {
        std::this_thread::sleep_for(std::chrono::seconds(5));
        lab.service.let_go();
    });
    const auto seen = lab.run({"evaluate"});
    later.join();
    CHECK_EQ(seen.code, 0);
    CHECK_EQ(seen.err, "sluice: waiting for the evaluation: phase collect, 40 of 100 accounts\n");
}

CASE(evaluate_shows_twenty_of_many_changes_and_counts_the_rest) {
    Lab lab;
    auto cycle = sluice::test::sample_cycle();
    const auto physics = *cycle.decision.find("physics");
    const auto command = cycle.applied.front();
    cycle.decision.accounts.assign(10'000, physics);
    cycle.applied.assign(10'000, command);
    cycle.applied.back().success = false;
    cycle.applied.back().error = "slurmdbd: Access/permission denied";
    cycle.plan.withheld.assign(500, command.command);
    cycle.problems.clear();
    for (int i = 0; i < 7; ++i)
        cycle.problems.push_back(
            {"a" + std::to_string(i), "QOS crawl does not exist", "sacctmgr add qos crawl"});
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto seen = lab.run({"evaluate"});
    CHECK(std::count(seen.out.begin(), seen.out.end(), '\n') < 130);
    CHECK(has(seen.out, "  and 9980 more: 9980 downscaled -> paused; --json has all of them\n"));
    CHECK(has(seen.out, "Commands:\n  FAILED: QOS of account physics becomes blocked"));
    CHECK(has(seen.out, "  and 9980 more: 9980 qos done; --json has all of them\n"));
    CHECK(has(seen.out, "  and 480 more: 480 qos; --json has all of them\n"));
    CHECK(!has(seen.out, "withheld: "));
    CHECK(has(seen.out, "  a0 and 6 more accounts: QOS crawl does not exist\n"
                        "      remedy: sacctmgr add qos crawl\n"));
}

CASE(a_dry_run_marks_commands_planned_and_changes_nothing) {
    Lab lab;
    const auto seen = lab.run({"evaluate", "--dry-run", "physics"});
    CHECK_EQ(seen.code, 0);
    CHECK(seen.out.starts_with("Dry run on cluster lab"));
    CHECK(has(seen.out, "  planned: QOS of account physics becomes blocked"));
    CHECK(seen.out.ends_with("Nothing was changed.\n"));
    CHECK_EQ(lab.service.evaluated.load(), 0);
}

CASE(a_failed_command_or_cycle_is_exit_code_1) {
    Lab lab;
    auto cycle = sluice::test::sample_cycle();
    cycle.applied[0].success = false;
    cycle.applied[0].error = "slurmdbd: Access/permission denied";
    cycle.problems = {
        {"physics", "no permission", "sacctmgr modify user sluice set admin=operator"}};
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    auto seen = lab.run({"evaluate"});
    CHECK_EQ(seen.code, 1);
    CHECK(has(seen.out, "  FAILED: QOS of account physics"));
    CHECK(has(seen.out, "      error: slurmdbd: Access/permission denied"));
    CHECK(has(seen.out, "      remedy: sacctmgr modify user sluice set admin=operator"));
    cycle.applied.clear();
    cycle.error = "slurmdbd: Connection refused";
    lab.service.cycle = std::make_shared<ports::CycleReport>(cycle);
    seen = lab.run({"evaluate"});
    CHECK_EQ(seen.code, 1);
    CHECK_EQ(seen.out, "");
    CHECK_EQ(seen.err, "sluice: error: the evaluation failed: slurmdbd: Connection refused\n");
}

CASE(history_and_commands_are_tables) {
    Lab lab;
    CHECK_EQ(lab.run({"history", "physics", "-P"}).out,
             "Time|Account|Period|Percent|Grace|From|To|Actions|Trigger\n"
             "2026-11-23T00:50:00+00:00|physics|2026-Q4|123.10|120|downscaled|paused|pause,notify|"
             "timer\n");
    CHECK_EQ(lab.run({"commands", "-l", "2", "-nP", "-o", "id,result,error"}).out,
             "7|open|\n7|failed|slurmdbd: Access/permission denied\n");
    CHECK_EQ(lab.run({"commands", "chem", "-nP"}).out, "");
}

CASE(plugins_shows_snapshots_and_counters) {
    Lab lab;
    CHECK_EQ(lab.run({"plugins", "-P", "-o", "host,sequence,behind,seen,refused"}).out,
             "Host|Sequence|Behind|Seen|Refused\nctl1|11|1|12 s|3\n");
    CHECK(has(lab.run({"plugins"}).out, "Newest snapshot 12, 3 frames rejected"));
    lab.service.plugins = false;
    CHECK(has(lab.run({"plugins"}).err, "no plugin is connected"));
}

CASE(status_shows_what_would_be_after_what_is_in_force) {
    Lab lab;
    CHECK_EQ(
        lab.run({"status", "-nP", "-o", "account,mode,effective,standing,cause,qos,resets"}).out,
        "chem|enforce|1000|normal|||2027-01-01\nempty|enforce|0|normal|||2027-01-01\n"
        "physics|enforce|1000|paused|node_hours|blocked|2027-01-01\n"
        "optics|observe|100|would be paused|parent physics||2027-01-01\n");
    CHECK(has(lab.run({"status"}).out, " Effective "));
    CHECK_EQ(lab.run({"status", "physics", "-nP", "-o", "until"}).out, "2027-01-01\n");
}

CASE(balance_shows_the_accounts_of_a_user) {
    Lab lab;
    // What is in force comes first.
    CHECK_EQ(lab.run({"balance", "-u", "alice", "-nP", "-o",
                      "account,default,mode,allocation,left,standing,cause"})
                 .out,
             "physics||enforce|1000|-231.000277|paused|node_hours\n"
             "optics|yes|observe|100|99|would be paused|parent physics\n");
    CHECK(has(lab.run({"balance"}).err, "you are in no account with an allocation"));
}

CASE(settled_running_and_committed_are_three_numbers) {
    Lab lab;
    const char* fields = "settled,finished,running,committed,unlimited";
    CHECK_EQ(lab.run({"status", "chem", "physics", "-nP", "-o", fields}).out,
             "600|9|1.25|24|2\n1230|0|1.000277||0\n"); // the queue of physics is not known
    CHECK_EQ(lab.run({"balance", "-u", "bob", "-nP", "-o", fields}).out, "600|9|1.25|24|2\n");
    CHECK(!has(lab.run({"balance", "-u", "bob"}).out, "Committed"));
}

CASE(errors_name_the_remedy) {
    Lab lab;
    const auto error = [&](std::vector<std::string> words) {
        const auto seen = lab.run(std::move(words));
        CHECK_EQ(seen.code, 1);
        CHECK_EQ(seen.out, "");
        return seen.err;
    };
    CHECK_EQ(error({"status", "--jsn"}),
             "sluice: error: unrecognized option '--jsn'; did you mean --json? (sluice status "
             "--help)\n");
    CHECK_EQ(error({"status", "-x"}),
             "sluice: error: unrecognized option '-x' (sluice status --help)\n");
    CHECK_EQ(error({"status", "-o"}), "sluice: error: option '-o' needs a value\n");
    CHECK_EQ(error({"plugins", "extra"}),
             "sluice: error: unexpected argument 'extra' (sluice plugins --help)\n");
    CHECK_EQ(error({"explain"}),
             "sluice: error: no account given; usage: sluice explain ACCOUNT...\n");
    CHECK_EQ(error({"history", "-l", "0"}),
             "sluice: error: --limit takes a number from 1 to 10000, not '0'\n");
    CHECK_EQ(error({"status", "-M", "other"}),
             "sluice: error: sluiced serves cluster 'lab', not 'other'\n");
    CHECK_EQ(error({"explain", "phisics"}),
             "sluice: error: account 'phisics' is not known in Slurm; did you mean 'physics'?\n");
    lab.service.journal_away = true;
    CHECK_EQ(error({"history"}), "sluice: error: journal: database is locked\n");
    lab.server.reset();
    CHECK_EQ(error({"status"}), "sluice: error: cannot reach sluiced at " + lab.socket() +
                                    ": No such file or directory; check the service "
                                    "with: systemctl status sluiced\n");
}

CASE(help_of_every_subcommand_needs_no_daemon) {
    Lab lab;
    lab.server.reset();
    for (const auto& each : cli::subcommands()) {
        const auto seen = lab.run({each.name, "--help"});
        CHECK_EQ(seen.code, 0);
        CHECK(has(seen.out, "Usage: sluice"));
        CHECK_EQ(seen.err, "");
    }
    CHECK_EQ(lab.run({"status", "--usage"}).out, "Usage: sluice status [OPTIONS] [ACCOUNT...]\n");
    CHECK(has(lab.run({"status", "--helpformat"}).out, "\nstanding"));
    CHECK(has(lab.run({"help", "status"}).out, "Usage: sluice status"));
    CHECK_EQ(lab.run({"help", "nothing"}).code, 1);
}

CASE(every_field_can_be_shown_in_every_table) {
    Lab lab;
    using Words = std::vector<std::string>;
    for (Words words :
         {Words{"status"}, Words{"balance", "-u", "alice"}, Words{"usage"},
          Words{"usage", "physics", "--by-user"}, Words{"history"}, Words{"commands"},
          Words{"plugins"}, Words{"outbox"}, Words{"override", "list"}, Words{"adjust", "list"}}) {
        words.push_back("--helpformat");
        std::istringstream help(lab.run(words).out);
        words.back() = "-p";
        std::string format;
        std::ptrdiff_t fields = 0;
        for (std::string line; std::getline(help, line); ++fields)
            format += line.substr(0, line.find(' ')) + ',';
        CHECK(fields > 5);
        words.insert(words.end(), {"-o", format});
        std::istringstream rows(lab.run(words).out);
        for (std::string row; std::getline(rows, row);)
            CHECK_EQ(std::count(row.begin(), row.end(), '|'), fields);
    }
}

CASE(the_man_page_names_every_subcommand_and_option) {
    Lab lab;
    const char* top = std::getenv("SLUICE_SRCDIR");
    std::ifstream file(std::string(top != nullptr ? top : ".") + "/docs/man/sluice.1");
    std::ostringstream read;
    read << file.rdbuf();
    std::string page;
    for (const char c : read.str())
        if (c != '\\')
            page += c;
    for (const auto& each : cli::subcommands()) {
        const std::string name = each.name;
        CHECK(has(page, "\nfB" + name + "fR") || has(page, "\nfB" + name + " ") ||
              has(page, "\n.B " + name + "\n"));
        if (name == "help")
            continue;
        std::istringstream help(lab.run({name, "--help"}).out);
        for (std::string line; std::getline(help, line);) {
            const std::size_t at = line.find("--");
            if (at != std::string::npos && at <= 6)
                CHECK(has(page, line.substr(at, line.find_first_of("[= ", at) - at)));
        }
    }
}

CASE(waldur_shows_offerings_resources_and_what_waits) {
    Lab lab;
    CHECK(has(lab.run({"waldur"}).err, "sluiced.yaml has no block waldur"));
    lab.waldur = R"({"url": "https://w.org", "source": "waldur", "authority": "sluice",
        "interval_s": 300, "outbox": {"waiting": 2, "parked": 1},
        "offerings": [{"uuid": "a1", "policy": "main", "state": "rejected", "error": "HTTP 401",
            "answered_epoch": null, "resources": 0, "evaluated": 0, "problems": ["no staff"]}],
        "resources": [{"account": "", "name": "r", "state": "OK", "evaluated": false,
            "reason": "the resource has no backend_id"}]})";
    const auto seen = lab.run({"waldur"});
    CHECK(has(seen.out, "Waldur https://w.org, source waldur, authority sluice, every 5 min\n"));
    CHECK(has(seen.out, "Offering a1 (policy main): no answer yet\n"));
    CHECK(has(seen.out, "Outbox: 2 waiting, 1 parked\n"));
    CHECK(has(seen.err, "offering a1: Waldur's answer is not used: HTTP 401"));
    CHECK(has(seen.err, "offering a1: no staff"));
    CHECK_EQ(lab.run({"waldur", "-n", "-P", "-Q"}).out,
             "-|r|OK|-|-|no|the resource has no backend_id\n");
}

CASE(a_link_needs_an_address_that_a_browser_can_open) {
    Lab lab;
    const auto refused = lab.run({"web"});
    CHECK_EQ(refused.code, 1);
    CHECK(has(refused.err, "Set http.listen in sluiced.yaml"));
    CHECK(has(lab.run({"web", "--all"}).err, "sluice web end --all"));
    CHECK(has(lab.run({"web", "end", "--all", "3"}).err, "numbers of sessions or --all, not both"));
    CHECK_EQ(lab.run({"web", "open"}).code, 1);
}

CASE(evaluate_with_sync_runs_only_by_an_answer_of_waldur) {
    Lab lab;
    lab.waldur_refusal = "waldur: the token is rejected: HTTP 401";
    const auto refused = lab.run({"evaluate", "--sync"});
    CHECK_EQ(refused.code, 1);
    CHECK(has(refused.err, "no evaluation, because Waldur gave no answer: waldur: the token is"));
    CHECK_EQ(lab.service.evaluated.load(), 0);
    lab.waldur_refusal.clear();
    CHECK_EQ(lab.run({"evaluate", "--sync"}).code, 0);
    CHECK_EQ(lab.service.evaluated.load(), 1);
}
