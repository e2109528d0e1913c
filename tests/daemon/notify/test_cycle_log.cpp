// SPDX-License-Identifier: GPL-2.0-or-later
// What a cycle writes to the log: one summary, and details of what changed, bounded.
#include "daemon/notify/cycle_log.hpp"

#include "common/base/files.hpp"
#include "tests/support/case.hpp"

#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// What is written to standard error while it lives.
class ErrorOutput {
public:
    ErrorOutput() : before_(::dup(STDERR_FILENO)), file_(::memfd_create("log", 0)) {
        CHECK(::dup2(file_.get(), STDERR_FILENO) >= 0);
    }
    ErrorOutput(const ErrorOutput&) = delete;
    ErrorOutput& operator=(const ErrorOutput&) = delete;
    ~ErrorOutput() { ::dup2(before_.get(), STDERR_FILENO); }

    std::string text() const {
        std::string out(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_CUR)), '\0');
        CHECK(::pread(file_.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
        return out;
    }

private:
    UniqueFd before_;
    UniqueFd file_;
};

int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
        ++found;
    return found;
}

model::AccountDecision account(int number) {
    model::AccountDecision out;
    out.account = "a" + std::to_string(number);
    out.policies = {"quarterly"};
    out.period.label = "2026-Q1";
    out.mode = model::Mode::enforce;
    return out;
}

void pause(model::AccountDecision& account) {
    account.flags.paused = true;
    account.actions_taken = {"pause"};
    account.noteworthy = true;
}

ports::CommandRecord set_job_qos(int number, const std::string& account) {
    ports::CommandRecord out;
    out.id = number;
    out.command.type = model::CommandType::set_job_qos;
    out.command.account = account;
    out.command.sacctmgr = "scontrol update jobid=" + std::to_string(number) + " qos=slowdown";
    out.success = true;
    return out;
}

std::string logged(notify::CycleLog& log, const ports::CycleReport& report) {
    const ErrorOutput errors;
    log.done(report);
    return errors.text();
}

} // namespace

CASE(a_cycle_that_changed_nothing_has_one_line) {
    notify::CycleLog log;
    ports::CycleReport report;
    report.trigger = "timer";
    report.duration_ms = 35;
    for (int i = 0; i < 1000; ++i)
        report.decision.accounts.push_back(account(i));
    CHECK_EQ(logged(log, report),
             "SLUICE-0404 evaluation-done trigger=timer duration_ms=35 accounts=1000 paused=0 "
             "downscaled=0 changed=0 commands=0 failed=0 problems=0 not_listed=0\n");
}

CASE(ten_thousand_changed_accounts_are_counted_and_a_hundred_are_listed) {
    notify::CycleLog log;
    ports::CycleReport report;
    for (int i = 0; i < 10'000; ++i) {
        report.decision.accounts.push_back(account(i));
        pause(report.decision.accounts.back());
        report.decision.accounts.back().mode = model::Mode::observe;
    }
    report.decision.accounts.back().mode = model::Mode::enforce;
    report.decision.accounts.back().enforced.paused = true;
    const auto text = logged(log, report);
    CHECK_EQ(count(text, "SLUICE-0412"), 100);
    CHECK_EQ(count(text, "\n"), 301);
    CHECK(text.find("standing-changed account=a9999 ") != std::string::npos);
    CHECK(text.find("paused=1 downscaled=0 changed=10000") != std::string::npos);
    CHECK(text.find("not_listed=9900\n") != std::string::npos);
}

CASE(commands_for_the_jobs_of_an_account_have_one_line) {
    notify::CycleLog log;
    ports::CycleReport report;
    for (int i = 1; i <= 10'000; ++i)
        report.applied.push_back(set_job_qos(i, "physics"));
    report.applied.push_back(set_job_qos(10'001, "chem"));
    report.applied[4].success = false;
    report.applied[4].error = "Invalid job id specified";
    const auto text = logged(log, report);
    CHECK_EQ(count(text, "\n"), 4);
    CHECK(text.find("SLUICE-0422 command-failed command=5 type=set_job_qos account=physics "
                    "error=\"Invalid job id specified\"") != std::string::npos);
    CHECK(text.find("command=1 type=set_job_qos account=physics reason=\"\" "
                    "same_as=\"scontrol update jobid=1 qos=slowdown\" count=9999") !=
          std::string::npos);
    CHECK(text.find("account=chem") != std::string::npos);
    CHECK(text.find("commands=10001 failed=1 problems=0 not_listed=0\n") != std::string::npos);
}

CASE(failed_commands_are_listed_before_those_that_succeeded) {
    notify::CycleLog log;
    ports::CycleReport report;
    for (int i = 1; i <= 150; ++i) {
        report.applied.push_back(set_job_qos(i, "a" + std::to_string(i)));
        report.applied.back().command.type = model::CommandType::qos;
    }
    report.applied.back().success = false;
    const auto text = logged(log, report);
    CHECK_EQ(count(text, "SLUICE-0421"), 99);
    CHECK_EQ(count(text, "SLUICE-0422"), 1);
    CHECK(text.find("not_listed=50\n") != std::string::npos);
}

CASE(ten_thousand_problems_are_counted_and_a_hundred_are_listed) {
    notify::CycleLog log;
    ports::CycleReport report;
    for (int i = 0; i < 10'000; ++i)
        report.problems.push_back({"a" + std::to_string(i), "QOS x does not exist", ""});
    const auto text = logged(log, report);
    CHECK_EQ(count(text, "SLUICE-0431"), 100);
    CHECK(text.find("problems=10000 not_listed=9900\n") != std::string::npos);
    CHECK_EQ(count(logged(log, report), "\n"), 1); // not again
    report.problems.clear();
    CHECK_EQ(count(logged(log, report), "SLUICE-0432"), 100);
}

CASE(a_long_evaluation_is_logged_after_half_a_minute_and_then_each_minute) {
    notify::ProgressLog log;
    const ports::UnderWay running{instant(0), "start", "collect", 3400, 10'104};
    const ErrorOutput errors;
    log.look(std::nullopt, 0s);
    for (int seconds = 0; seconds <= 100; seconds += 10)
        log.look(running, std::chrono::seconds(seconds));
    CHECK_EQ(errors.text(), "SLUICE-0405 evaluation-running trigger=start seconds=30 "
                            "phase=collect done=3400 total=10104\n"
                            "SLUICE-0405 evaluation-running trigger=start seconds=90 "
                            "phase=collect done=3400 total=10104\n");
    log.look(running, 20s); // another one
    CHECK_EQ(count(errors.text(), "\n"), 2);
    log.look(running, 40s);
    CHECK_EQ(count(errors.text(), "\n"), 3);
}

CASE(progress_of_an_evaluation_reads_as_text) {
    CHECK_EQ((ports::UnderWay{{}, "start", "collect", 3400, 10'104}).progress(),
             "collect, 3400 of 10104 accounts");
    CHECK_EQ((ports::UnderWay{{}, "start", "apply", 0, 1}).progress(), "apply, 1 change");
    CHECK_EQ((ports::UnderWay{{}, "start", "decide", 0, 0}).progress(), "decide");
}
