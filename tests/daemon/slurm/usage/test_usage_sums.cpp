// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of job records and rollup rows: nothing of a job is lost or counted twice.
#include "daemon/slurm/usage/usage_sums.hpp"

#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

struct Bench {
    model::Structure cluster = test::small_cluster();
    model::AccountTree tree{cluster};
    slurm::TresNames names{cluster.tres};
    slurm::DeletedAccounts deleted{
        {"laser", "lab"}, {"lab", "optics"}, {"a", "b"}, {"b", "a"}, {"lost", ""}};
    slurm::JobSum sum{tree, names, deleted};
    model::WindowUsage usage;

    explicit Bench(const std::vector<std::string>& accounts) {
        for (const std::string& name : accounts)
            usage.accounts[name];
    }
};

slurm::JobRecord job(const std::string& account, std::int64_t seconds, const std::string& tres) {
    return {account, "games", instant(1000), instant(1000 + seconds), 0, tres, false};
}

CASE(a_job_counts_for_its_account_and_all_above) {
    Bench bench{{"optics", "physics", "univ", "chem"}};
    bench.sum.add(job("optics", 100, "1=2,4=1"));
    bench.sum.add(job("physics", 10, "1=1"));
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["optics"].tres["cpu"].finished, 200);
    CHECK_EQ(bench.usage.accounts["physics"].tres["cpu"].finished, 210);
    CHECK_EQ(bench.usage.accounts["univ"].tres["node"].finished, 100);
    CHECK(bench.usage.accounts["chem"].tres.empty());
    CHECK_EQ(bench.usage.accounts["physics"].users["games"]["cpu"].finished, 210);
}

// A parent's usage must not fall when an account below it is deleted.
CASE(a_job_of_a_deleted_account_counts_for_the_accounts_that_were_above) {
    Bench bench{{"optics", "physics", "chem"}};
    bench.sum.add(job("laser", 100, "1=2"));
    bench.sum.add(ports::UserSums{{"lab", {{"games", {{1, 5}}}}}});
    CHECK(bench.sum.unknown().empty());
    for (const char* circle : {"a", "b", "lost", ""})
        bench.sum.add(job(circle, 1, "1=1"));
    CHECK(bench.sum.unknown().empty());
    bench.sum.add(job("who", 1, "1=1"));
    CHECK_EQ(bench.sum.unknown().count("who"), 1U);
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["optics"].tres["cpu"].finished, 205);
    CHECK_EQ(bench.usage.accounts["physics"].tres["cpu"].finished, 205);
    CHECK(bench.usage.accounts["chem"].tres.empty());
}

CASE(usage_of_running_jobs_is_kept_apart) {
    Bench bench{{"physics"}};
    slurm::JobRecord record = job("physics", 60, "5=3");
    record.running = true;
    bench.sum.add(record);
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["physics"].tres["billing"].running, 180);
    CHECK_EQ(bench.usage.accounts["physics"].tres["billing"].finished, 0);
}

CASE(suspended_time_is_taken_from_cpus_only) {
    Bench bench{{"physics"}};
    slurm::JobRecord record = job("physics", 100, "1=2,4=1,5=2");
    record.suspended = 30;
    bench.sum.add(record);
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["physics"].tres["cpu"].finished, 140);
    CHECK_EQ(bench.usage.accounts["physics"].tres["node"].finished, 100);
    CHECK_EQ(bench.usage.accounts["physics"].tres["billing"].finished, 200);
}

CASE(a_job_suspended_longer_than_it_ran_uses_no_cpu) {
    Bench bench{{"physics"}};
    slurm::JobRecord record = job("physics", 10, "1=2");
    record.suspended = 30;
    bench.sum.add(record);
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["physics"].tres["cpu"].finished, 0);
}

CASE(licenses_and_burst_buffers_count_for_the_whole_time_like_the_rest) {
    Bench bench{{"physics"}};
    slurm::JobRecord record = job("physics", 100, "1=2,1002=3,1003=2048");
    record.suspended = 30;
    bench.sum.add(record);
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["physics"].tres["license/solver"].finished, 300);
    CHECK_EQ(bench.usage.accounts["physics"].tres["bb/lua"].finished, 204800);
}

CASE(energy_and_jobs_that_never_started_do_not_count) {
    Bench bench{{"physics"}};
    bench.sum.add(job("physics", 10, "3=5000"));
    bench.sum.add(job("physics", 0, "1=2"));
    slurm::JobRecord pending = job("physics", 10, "1=2");
    pending.begin = instant(0);
    bench.sum.add(pending);
    CHECK(bench.sum.into(bench.usage));
    CHECK(bench.usage.accounts["physics"].tres.empty());
}

CASE(usage_that_does_not_fit_64_bits_is_an_error) {
    Bench bench{{"physics"}};
    bench.sum.add(job("physics", 1000000, "2=9000000000000000000"));
    const auto done = bench.sum.into(bench.usage);
    CHECK(!done);
    CHECK_EQ(done.error().code, Errc::overflow);
    CHECK(done.error().context.find("physics") != std::string::npos);
}

CASE(rollup_rows_outside_the_range_do_not_count) {
    const model::Structure cluster = test::small_cluster();
    const slurm::TresNames names{cluster.tres};
    slurm::SettledSum sum{{instant(7200), instant(14400)}};
    sum.add(instant(3600), 1, 1000);
    sum.add(instant(7200), 1, 10);
    sum.add(instant(10800), 1, 20);
    sum.add(instant(14400), 1, 1000);
    sum.add(instant(7200), 5, 0xfffffffffffffffe);
    model::TresUsage usage;
    CHECK(sum.into(usage, names, "physics"));
    CHECK_EQ(usage.size(), 1U);
    CHECK_EQ(usage["cpu"].settled, 30);
}

CASE(days_are_summed_by_week_and_by_day_of_the_week) {
    const slurm::TresNames names{test::small_cluster().tres};
    constexpr std::int64_t kDay = 86400;
    const std::int64_t end = 100 * kDay;
    slurm::WeeklySum sum{instant(end - 56 * kDay), instant(end)};
    sum.add(instant(end - kDay), 1, 1);             // the last day
    sum.add(instant(end - 7 * kDay - 3600), 1, 10); // a midnight that came an hour early
    sum.add(instant(end - 56 * kDay), 1, 100);      // the first day
    sum.add(instant(end - 56 * kDay - 1), 1, 1000); // before it
    sum.add(instant(end), 1, 1000);                 // today
    sum.add(instant(end - kDay), 5, slurm::kFirstMarker);
    const auto usage = sum.named(names);
    CHECK(usage.until == instant(end));
    CHECK_EQ(usage.tres.size(), 1U);
    const auto& cpu = usage.tres.at("cpu");
    CHECK_EQ(cpu.weeks[0], 11);
    CHECK_EQ(cpu.weeks[1], 0);
    CHECK_EQ(cpu.weeks[7], 100);
    CHECK_EQ(cpu.weekdays[0], 110);
    CHECK_EQ(cpu.weekdays[6], 1);
}

using Cuts = std::set<Instant>;

slurm::EndedJob ended(std::uint64_t index, std::int64_t begin, std::int64_t end) {
    slurm::EndedJob job;
    job.db_index = index;
    job.job_id = 7; // ids repeat
    job.account = "physics";
    job.user = "games";
    job.begin = instant(begin);
    job.end = instant(end);
    job.tres = "1=2,4=1";
    return job;
}

std::vector<ports::ClosedPiece> pieces(const std::vector<slurm::EndedJob>& jobs, const Cuts& cuts) {
    std::vector<ports::ClosedPiece> all;
    for (const Window& time : slurm::pieces_of_time(jobs, cuts)) {
        auto piece = slurm::piece_of(jobs, time, {});
        CHECK(piece);
        all.push_back(std::move(*piece));
    }
    return all;
}

Amount cpu_of(const ports::ClosedPiece& piece, const std::string& account = "physics",
              const std::string& user = "games") {
    return piece.sums.at(account).at(user).at(1);
}

CASE(jobs_of_a_day_are_summed_by_account_user_and_tres) {
    auto other = ended(3, 1000, 1010);
    other.user = "man";
    const auto all = pieces({ended(1, 1000, 1100), ended(2, 1050, 1100), other}, {});
    CHECK_EQ(all.size(), 1U);
    CHECK_EQ(cpu_of(all[0]), 2 * 150);
    CHECK_EQ(cpu_of(all[0], "physics", "man"), 2 * 10);
    CHECK(all[0].sums.at("physics").at("games").at(4) == 150);
    CHECK(all[0].time == (Window{instant(1000), instant(1100)}));
}

CASE(a_job_that_straddles_a_cut_is_in_both_pieces) {
    const auto all = pieces({ended(1, 1000, 1100)}, {instant(1030), instant(5000)});
    CHECK_EQ(all.size(), 2U);
    CHECK_EQ(cpu_of(all[0]), 2 * 30);
    CHECK_EQ(cpu_of(all[1]), 2 * 70);
}

CASE(suspended_time_comes_off_cpus_of_its_piece_only) {
    auto job = ended(1, 1000, 1100);
    job.suspended = 20;
    slurm::Suspensions suspensions;
    suspensions.by_record[1] = 20;
    CHECK(slurm::needs_suspensions({job}, {instant(1000), instant(1050)}));
    CHECK(!slurm::needs_suspensions({job}, {instant(1100), instant(1150)}));
    const auto piece = slurm::piece_of({job}, {instant(1000), instant(1050)}, suspensions);
    CHECK(piece);
    CHECK_EQ(cpu_of(*piece), 2 * 30);
    CHECK(piece->sums.at("physics").at("games").at(4) == 50);
}

CASE(pieces_fit_where_no_window_ends_inside_one) {
    const std::vector<ports::ClosedPiece> times{{{instant(10), instant(20)}, {}},
                                                {{instant(20), instant(30)}, {}}};
    CHECK(slurm::fits(times, {}));
    CHECK(slurm::fits(times, {instant(5), instant(10), instant(20), instant(30), instant(40)}));
    CHECK(!slurm::fits(times, {instant(20), instant(29)}));
    CHECK(slurm::fits({}, {instant(15)}));
}

CASE(a_sum_of_a_day_that_does_not_fit_is_an_error) {
    auto job = ended(1, 1, 1000000);
    job.tres = "2=9000000000000000000";
    const auto piece = slurm::piece_of({job}, {job.begin, job.end}, {});
    CHECK(!piece);
    CHECK(piece.error().code == Errc::overflow);
}

} // namespace
