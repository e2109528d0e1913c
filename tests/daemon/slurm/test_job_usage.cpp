// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of job records and rollup rows.
#include "daemon/slurm/job_usage.hpp"

#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

struct Bench {
    model::Structure cluster = test::small_cluster();
    slurm::AccountTree tree{cluster};
    slurm::TresNames names{cluster.tres};
    slurm::JobSum sum{tree, names};
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

CASE(running_jobs_are_kept_apart) {
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

CASE(more_suspended_than_run_is_nothing) {
    Bench bench{{"physics"}};
    slurm::JobRecord record = job("physics", 10, "1=2");
    record.suspended = 30;
    bench.sum.add(record);
    CHECK(bench.sum.into(bench.usage));
    CHECK_EQ(bench.usage.accounts["physics"].tres["cpu"].finished, 0);
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

CASE(a_figure_that_does_not_fit_is_an_error) {
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
    slurm::SettledSum sum{{instant(7200), instant(14400)}, names};
    sum.add(instant(3600), 1, 1000);
    sum.add(instant(7200), 1, 10);
    sum.add(instant(10800), 1, 20);
    sum.add(instant(14400), 1, 1000);
    sum.add(instant(7200), 5, 0xfffffffffffffffe);
    model::AccountUsage usage;
    CHECK(sum.into(usage));
    CHECK_EQ(usage.tres.size(), 1U);
    CHECK_EQ(usage.tres["cpu"].settled, 30);
}

} // namespace
