// SPDX-License-Identifier: GPL-2.0-or-later
// Each job counts once, whether slurmctld or slurmdbd reports it first.
#include "daemon/slurm/usage/job_tracker.hpp"

#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

using slurm::EndedJob;
using slurm::LiveJob;

struct Bench {
    model::Structure cluster = test::small_cluster();
    model::AccountTree tree{cluster};
    slurm::TresNames names{cluster.tres};
    slurm::JobTracker tracker;
    slurm::Suspensions suspensions;

    model::UsageSplit used(std::int64_t begin, std::int64_t end, const std::string& tres = "cpu") {
        const slurm::DeletedAccounts none;
        slurm::JobSum sum{tree, names, none};
        tracker.add({instant(begin), instant(end)}, suspensions, sum);
        model::WindowUsage usage;
        usage.accounts["physics"];
        CHECK(sum.into(usage));
        return usage.accounts["physics"].tres[tres];
    }
};

LiveJob live(std::uint32_t id, std::int64_t begin) {
    LiveJob job;
    job.job_id = id;
    job.account = "physics";
    job.user = "games";
    job.begin = instant(begin);
    job.tres = "1=2,4=1";
    return job;
}

EndedJob ended(std::uint64_t index, std::uint32_t id, std::int64_t begin, std::int64_t end) {
    EndedJob job;
    job.db_index = index;
    job.job_id = id;
    job.account = "physics";
    job.user = "games";
    job.begin = instant(begin);
    job.end = instant(end);
    job.tres = "1=2,4=1";
    return job;
}

CASE(a_running_job_counts_from_its_start_or_the_ranges) {
    Bench bench;
    bench.tracker.note_live({live(1, 1000), live(2, 50)}, instant(1100));
    CHECK_EQ(bench.used(100, 1100).running, 2 * (100 + 1000));
    CHECK_EQ(bench.used(100, 1100).finished, 0);
}

CASE(an_ended_job_that_straddles_the_range_counts_inside_it) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 1, 500, 1500));
    CHECK_EQ(bench.used(1000, 2000).finished, 2 * 500);
    CHECK_EQ(bench.used(0, 1000).finished, 2 * 500);
}

CASE(a_record_read_twice_counts_once) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 1, 1000, 1100));
    bench.tracker.note_ended(ended(1, 1, 1000, 1100));
    CHECK_EQ(bench.used(0, 2000).finished, 200);
}

CASE(a_job_that_ended_between_the_two_questions_counts_by_its_record) {
    Bench bench;
    bench.tracker.note_ended(ended(7, 1, 1000, 1090));
    bench.tracker.note_live({live(1, 1000)}, instant(1100));
    CHECK_EQ(bench.used(0, 1100).total(), 2 * 90);
}

CASE(a_job_that_ended_in_slurmctld_counts_before_its_record_comes) {
    Bench bench;
    LiveJob job = live(1, 1000);
    job.end = instant(1060);
    bench.tracker.note_live({job}, instant(1100));
    CHECK_EQ(bench.used(0, 1100).finished, 120);
    bench.tracker.note_ended(ended(7, 1, 1000, 1060));
    bench.tracker.note_live({job}, instant(1160));
    CHECK_EQ(bench.used(0, 1160).finished, 120);
}

CASE(a_job_that_vanished_without_a_record_counts_up_to_where_it_was_seen) {
    Bench bench;
    bench.tracker.note_live({live(1, 1000)}, instant(1100));
    bench.tracker.note_live({}, instant(1200));
    CHECK_EQ(bench.used(0, 1200).total(), 200);
    CHECK(bench.tracker.oldest_missing() == instant(1100));
    bench.tracker.note_ended(ended(7, 1, 1000, 1150)); // late
    bench.tracker.note_live({}, instant(1300));
    CHECK_EQ(bench.used(0, 1300).total(), 300);
    CHECK(!bench.tracker.oldest_missing());
}

CASE(a_job_id_that_is_used_again_does_not_end_the_lost_job) {
    Bench bench;
    bench.tracker.note_live({live(5, 1000)}, instant(1100));
    bench.tracker.note_live({}, instant(1200));
    bench.tracker.note_ended(ended(9, 5, 1150, 1190)); // another job
    bench.tracker.note_live({}, instant(1300));
    CHECK_EQ(bench.used(0, 1300).finished, 2 * (100 + 40));
    bench.tracker.note_closed(ended(9, 5, 1150, 1190));
    CHECK_EQ(bench.used(0, 1300).finished, 2 * (100 + 40));
}

CASE(a_job_id_that_is_used_again_does_not_hide_the_lost_job_after_a_restart) {
    Bench bench;
    bench.tracker.note_ended(ended(9, 5, 1150, 1190)); // another job
    bench.tracker.note_open({live(5, 1000)}, instant(1300));
    bench.tracker.note_live({}, instant(1300));
    CHECK_EQ(bench.used(0, 1300).finished, 2 * (300 + 40));
}

CASE(while_slurmctld_is_away_a_job_counts_by_slurmdbd_and_not_less_afterwards) {
    Bench bench;
    bench.tracker.note_live({}, instant(1000));
    bench.tracker.note_open({live(1, 1010)}, instant(1100));
    CHECK_EQ(bench.used(0, 1100).running, 2 * 90);
    bench.tracker.note_live({}, instant(1150)); // slurmctld has lost it
    CHECK_EQ(bench.used(0, 1150).running, 0);
    CHECK_EQ(bench.used(0, 1150).finished, 2 * 90);
    bench.tracker.note_live({live(1, 1160)}, instant(1200)); // or begins it once more
    CHECK_EQ(bench.used(0, 1200).total(), 2 * (90 + 40));
    bench.tracker.note_ended(ended(1, 1, 1160, 1210)); // its only record
    bench.tracker.note_live({}, instant(1300));
    CHECK_EQ(bench.used(0, 1300).total(), 2 * (90 + 50));
}

CASE(a_job_that_slurmctld_stopped_showing_does_not_run_again_when_slurmctld_is_away) {
    Bench bench;
    bench.tracker.note_live({live(1, 1000)}, instant(2000));
    bench.tracker.note_live({}, instant(2060));
    bench.tracker.note_open({live(1, 1000), live(2, 500)}, instant(3000));
    CHECK_EQ(bench.used(0, 3000).total(), 2 * 1000);
    CHECK_EQ(bench.used(0, 3000).running, 0);
}

CASE(of_two_open_records_of_one_id_the_later_one_is_the_job_that_runs) {
    Bench bench;
    bench.tracker.note_live({live(5, 9000)}, instant(9100));
    bench.tracker.note_open({live(5, 1000), live(5, 9000)}, instant(9200));
    CHECK_EQ(bench.used(0, 9200).total(), 2 * 200);
}

CASE(a_job_whose_start_reaches_slurmdbd_late_runs_on) {
    Bench bench;
    bench.tracker.note_live({live(1, 1000)}, instant(1100));
    bench.tracker.note_open({}, instant(1200));
    CHECK_EQ(bench.used(0, 1200).finished, 2 * 100);
    bench.tracker.note_open({live(1, 1000)}, instant(1300));
    CHECK_EQ(bench.used(0, 1300).running, 2 * 300);
    CHECK_EQ(bench.used(0, 1300).finished, 0);
}

CASE(a_job_that_ended_in_slurmctld_does_not_run_again_by_its_open_record) {
    Bench bench;
    LiveJob over = live(1, 1000);
    over.end = instant(1060);
    bench.tracker.note_live({over}, instant(1100));
    bench.tracker.note_open({live(1, 1000)}, instant(1200));
    bench.tracker.note_open({live(1, 1000)}, instant(1300));
    CHECK_EQ(bench.used(0, 1300).total(), 2 * 60);
}

CASE(a_resized_job_runs_from_the_resize_also_by_its_open_record) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 1, 100, 1050));
    bench.tracker.note_live({live(1, 1050)}, instant(1100));
    bench.tracker.note_open({live(1, 900)}, instant(1200)); // the hour of the resize
    CHECK_EQ(bench.used(0, 1200).running, 2 * 150);
    CHECK_EQ(bench.used(0, 1200).total(), 2 * (950 + 150));
}

CASE(a_job_whose_nodes_started_does_not_count_twice) {
    Bench bench;
    LiveJob waits = live(1, 1000);
    waits.booting = true;
    bench.tracker.note_live({waits}, instant(1100));
    bench.tracker.note_live({live(1, 1150)}, instant(1200)); // Slurm has set its start anew
    CHECK_EQ(bench.used(0, 1200).total(), 2 * 50);
}

CASE(a_live_job_that_was_forgotten_is_no_lost_job) {
    Bench bench;
    bench.tracker.note_open({live(1, 1000), live(2, 1050)}, instant(1100));
    bench.tracker.forget_live(instant(1050));
    bench.tracker.note_live({}, instant(1200));
    CHECK_EQ(bench.used(0, 1200).total(), 2 * 50);
}

CASE(each_run_of_a_requeued_job_counts) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 1, 1000, 1050));
    bench.tracker.note_live({live(1, 1080)}, instant(1100));
    CHECK_EQ(bench.used(0, 1100).finished, 100);
    CHECK_EQ(bench.used(0, 1100).running, 40);
}

CASE(each_size_of_a_resized_job_counts) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 1, 1000, 1050));
    LiveJob smaller = live(1, 1050); // begins where the other record ends
    smaller.tres = "1=1,4=1";
    bench.tracker.note_live({smaller}, instant(1100));
    CHECK_EQ(bench.used(0, 1100).total(), 2 * 50 + 50);
}

CASE(a_job_id_that_is_used_again_is_another_job) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 5, 1000, 1010));
    bench.tracker.note_ended(ended(9, 5, 2000, 2010));
    bench.tracker.note_live({live(5, 3000)}, instant(3010));
    CHECK_EQ(bench.used(0, 3010).total(), 3 * 20);
}

CASE(records_that_a_rollup_covers_are_dropped) {
    Bench bench;
    bench.tracker.note_ended(ended(1, 1, 1000, 3600));
    bench.tracker.note_ended(ended(2, 2, 1000, 3601));
    bench.tracker.drop_before(instant(3600), instant(3600));
    CHECK_EQ(bench.used(0, 7200).finished, 2 * 2601);
}

CASE(jobs_of_closed_days_are_not_counted_by_the_tracker) {
    Bench bench;
    bench.tracker.drop_before(instant(0), instant(3600));
    bench.tracker.note_ended(ended(1, 1, 1000, 3600));
    bench.tracker.note_ended(ended(2, 2, 1000, 3601));
    LiveJob over = live(3, 1000);
    over.end = instant(3500);
    bench.tracker.note_live({over}, instant(3700));
    CHECK_EQ(bench.used(0, 7200).total(), 2 * 2601);
}

CASE(a_job_without_a_record_counts_until_the_record_was_closed) {
    Bench bench;
    bench.tracker.note_live({live(1, 1000)}, instant(1100));
    bench.tracker.note_live({}, instant(1160));
    CHECK(bench.tracker.oldest_missing());
    bench.tracker.drop_before(instant(0), instant(3600));
    CHECK_EQ(bench.used(0, 7200).finished, 2 * 100);
    CHECK(!bench.tracker.oldest_missing());
    bench.tracker.note_closed(ended(9, 1, 900, 1000));
    CHECK_EQ(bench.used(0, 7200).finished, 2 * 100);
    bench.tracker.note_closed(ended(10, 1, 1000, 1120));
    CHECK_EQ(bench.used(0, 7200).finished, 0);
}

CASE(closed_and_open_suspensions_are_taken_from_cpus) {
    Bench bench;
    EndedJob slept = ended(1, 1, 1000, 1100);
    slept.suspended = 30;
    bench.tracker.note_ended(slept);
    LiveJob asleep = live(2, 1000);
    asleep.suspended = true;
    asleep.switched = instant(1080);
    bench.tracker.note_live({asleep}, instant(1100));
    CHECK(bench.tracker.needs_suspensions({instant(0), instant(1100)}));
    bench.suspensions.by_record[1] = 30;
    bench.suspensions.open_records[2] = 10;
    CHECK_EQ(bench.used(0, 1100).finished, 2 * 70);
    CHECK_EQ(bench.used(0, 1100).running, 2 * (100 - 20 - 10));
    CHECK_EQ(bench.used(0, 1100, "node").running, 100);
}

CASE(a_job_suspended_before_the_range_sleeps_all_through_it) {
    Bench bench;
    LiveJob asleep = live(2, 1000);
    asleep.suspended = true;
    asleep.switched = instant(1080);
    bench.tracker.note_live({asleep}, instant(1300));
    CHECK(!bench.tracker.needs_suspensions({instant(1200), instant(1300)}));
    CHECK_EQ(bench.used(1200, 1300).running, 0);
    CHECK_EQ(bench.used(1200, 1300, "node").running, 100);
}

CASE(a_job_that_begins_after_the_range_does_not_count) {
    Bench bench;
    bench.tracker.note_live({live(1, 2000)}, instant(2100));
    CHECK_EQ(bench.used(0, 1500).total(), 0);
}

} // namespace
