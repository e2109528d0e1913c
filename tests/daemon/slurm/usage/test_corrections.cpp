// SPDX-License-Identifier: GPL-2.0-or-later
// UsageFactor of QOS and idle reservations: exact, and the same however time is cut.
#include "daemon/slurm/usage/corrections.hpp"

#include "daemon/slurm/usage/usage_sums.hpp"
#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

using slurm::JobRecord;
using slurm::Reservation;

constexpr std::uint32_t kQos = 7;

model::Qos qos(std::int64_t factor) {
    return {kQos, "scavenger", factor};
}

JobRecord job(std::int64_t begin, std::int64_t end, const std::string& tres) {
    JobRecord one{"physics", "games", instant(begin), instant(end), 0, tres, false};
    one.qos = kQos;
    return one;
}

Amount factor_of(const slurm::FactorHistory& history, const std::vector<JobRecord>& jobs) {
    slurm::FactorSum sum{history};
    for (const JobRecord& one : jobs)
        sum.add(one);
    auto sums = sum.ended();
    CHECK(sums);
    return (*sums)["physics"]["games"][1];
}

CASE(usage_factor_of_a_qos_changes_usage_exactly) {
    struct Row {
        std::int64_t millionths;
        std::int64_t seconds;
        Amount added;
    };
    constexpr Row kRows[] = {
        {0, 3600, -3600},      {100000, 3601, -3241}, {500000, 3601, -1801},       {500000, 1, -1},
        {1000000, 3601, 0},    {2000000, 3601, 3601}, {333333, 3000000, -2000001}, {1500000, 3, 2},
        {1, 1000000, -999999},
    };
    for (const Row& row : kRows) {
        slurm::FactorHistory history;
        history.note({qos(row.millionths)}, instant(1));
        CHECK_EQ(factor_of(history, {job(1000, 1000 + row.seconds, "1=1")}), row.added);
    }
}

CASE(a_new_usage_factor_changes_nothing_that_was_used_before) {
    slurm::FactorHistory history;
    CHECK_EQ(history.note({qos(500000)}, instant(5000)).size(), 1U);
    CHECK(history.note({qos(500000)}, instant(5050)).empty());
    CHECK_EQ(history.note({qos(2000000)}, instant(5100)).size(), 1U);
    CHECK_EQ(history.at(kQos, instant(1)), 500000);
    CHECK_EQ(history.at(kQos, instant(5099)), 500000);
    CHECK_EQ(history.at(kQos, instant(5100)), 2000000);
    CHECK_EQ(factor_of(history, {job(5000, 5200, "1=2")}), -100 + 200);
    CHECK_EQ(history.factored({instant(1), instant(2)}).size(), 1U);
}

CASE(a_deleted_qos_keeps_its_last_usage_factor) {
    slurm::FactorHistory history;
    history.note({qos(0)}, instant(5000));
    CHECK(history.note({}, instant(6000)).empty());
    CHECK_EQ(history.at(kQos, instant(7000)), 0);
    CHECK_EQ(history.at(kQos + 1, instant(7000)), model::kFullPrice);
}

CASE(usage_factors_come_back_from_the_journal) {
    slurm::FactorHistory history;
    history.load({{kQos, Instant{}, 500000}, {kQos, instant(100), 0}});
    CHECK(history.note({qos(0)}, instant(200)).empty());
    CHECK_EQ(history.at(kQos, instant(99)), 500000);
    CHECK_EQ(history.at(kQos, instant(100)), 0);
    CHECK(history.factored({instant(0), instant(50)}).size() == 1);
}

CASE(usage_factor_of_running_and_ended_jobs_adds_up) {
    slurm::FactorHistory history;
    history.note({qos(500000)}, instant(1));
    slurm::FactorSum sum{history};
    sum.add(job(1000, 1001, "1=1"));
    JobRecord running = job(1000, 1002, "1=1");
    running.end = instant(1001);
    running.running = true;
    sum.add(running);
    CHECK_EQ(sum.ended()->at("physics").at("games").at(1), -1);
    CHECK(sum.running()->empty()); // 2 CPU-seconds at half price are 1
}

CASE(usage_factor_counts_for_accounts_above_and_settings_leave_it_out) {
    const auto cluster = test::small_cluster();
    const model::AccountTree tree{cluster};
    const slurm::TresNames names{cluster.tres};
    const slurm::DeletedAccounts none;
    slurm::JobSum sum{tree, names, none};
    sum.add(job(1000, 1100, "1=2"));
    sum.add_factor({{"physics", {{"games", {{1, -150}}}}}}, false);
    sum.add_factor({{"physics", {{"games", {{1, -20}}}}}}, true);
    model::WindowUsage usage;
    usage.accounts["univ"];
    CHECK(sum.into(usage));
    const auto& split = usage.accounts["univ"].tres["cpu"];
    CHECK_EQ(split.total(), 200 - 170);
    CHECK_EQ(split.ended(), 200 - 150);
    CHECK_EQ(split.beyond, 0);
    model::WindowUsage plain;
    plain.accounts["univ"];
    CHECK(sum.into(plain, {false, true}));
    CHECK_EQ(plain.accounts["univ"].tres["cpu"].total(), 200);
    CHECK_EQ(plain.accounts["univ"].tres["cpu"].beyond, -170);
}

CASE(idle_time_is_taken_out_of_rollups_and_counts_only_if_the_settings_say_so) {
    const auto cluster = test::small_cluster();
    const model::AccountTree tree{cluster};
    const slurm::TresNames names{cluster.tres};
    const slurm::DeletedAccounts none;
    slurm::JobSum sum{tree, names, none};
    sum.add_idle({{"physics", {{"", {{1, 300}}}}}}, true);
    sum.add_idle({{"physics", {{"games", {{1, 50}}}}}}, false);
    struct Row {
        bool counts;
        Amount settled;
        Amount total;
        Amount idle;
        Amount beyond;
    };
    constexpr Row kRows[] = {{true, 1000, 1050, 350, -350},
                             {false, 1000, 700, 0, 0},
                             {true, 100, 150, 150, -150}, // records of jobs were purged
                             {false, 100, 0, 0, 0}};
    for (const Row& row : kRows) {
        model::WindowUsage usage;
        auto& account = usage.accounts["physics"];
        account.tres["cpu"].settled = row.settled;
        account.users[""]["cpu"].settled = row.settled;
        CHECK(sum.into(usage, {true, row.counts}));
        CHECK_EQ(account.tres["cpu"].total(), row.total);
        CHECK_EQ(account.tres["cpu"].idle, row.idle);
        CHECK_EQ(account.tres["cpu"].beyond, row.beyond);
        CHECK_EQ(account.users.contains("") ? account.users[""]["cpu"].total() : 0,
                 std::max<Amount>(0, row.settled - 300));
        CHECK(!account.users.contains("games"));
    }
}

Reservation reservation(std::int64_t begin, std::int64_t end) {
    Reservation one;
    one.id = 5;
    one.time = {instant(begin), instant(end)};
    one.tres = {{1, 32}, {1002, 4}};
    one.associations = {3};
    return one;
}

JobRecord reserved(std::int64_t begin, std::int64_t end, const std::string& tres) {
    JobRecord one = job(begin, end, tres);
    one.reservation = 5;
    return one;
}

Amount idle(const std::vector<Reservation>& all, const std::vector<JobRecord>& jobs,
            std::uint32_t association = 3, std::uint32_t tres = 1) {
    auto sums = slurm::idle_of(all, jobs, {instant(0), instant(7200)}, Instant{});
    return sums[association][tres];
}

// The numbers are those of as_mysql_rollup.c, as_mysql_hourly_rollup.
CASE(idle_time_of_a_reservation_is_what_the_rollup_counts) {
    CHECK_EQ(idle({reservation(600, 4200)}, {}), 32 * 3600);
    CHECK_EQ(idle({reservation(600, 4200)}, {}, 3, 1002), 4 * 3600);
    CHECK_EQ(idle({reservation(-3600, 9000)}, {}), 32 * 7200);
    // A job fills the whole reservation, whatever it asked for; not what it has none of.
    CHECK_EQ(idle({reservation(0, 3600)}, {reserved(0, 1000, "1=1")}), 32 * 2600);
    CHECK_EQ(idle({reservation(0, 3600)}, {reserved(0, 1000, "1=1")}, 3, 1002), 4 * 3600);
    // Two at the same time fill it twice, but in their hour only.
    CHECK_EQ(idle({reservation(0, 7200)}, {reserved(0, 3000, "1=1"), reserved(0, 3000, "1=1")}),
             32 * 3600);
    // Without idle time of the first TRES the others are not looked at.
    CHECK_EQ(idle({reservation(0, 3600)}, {reserved(0, 3600, "1=1")}, 3, 1002), 0);
    // Jobs elsewhere do not matter.
    CHECK_EQ(idle({reservation(0, 3600)}, {job(0, 3600, "1=32")}), 32 * 3600);
}

CASE(idle_time_is_shared_by_the_associations_of_a_reservation) {
    Reservation shared = reservation(0, 3601);
    shared.tres = {{1, 1}};
    shared.associations = {3, 4, 0};
    CHECK_EQ(idle({shared}, {}, 3), 1200); // 3600 / 3, and 1 / 3
    CHECK_EQ(idle({shared}, {}, 4), 1200);
    CHECK_EQ(idle({shared}, {}, 0), 0);
}

CASE(down_nodes_are_no_idle_time) {
    Reservation one = reservation(0, 3600);
    one.downs = {{{instant(-50), instant(600)}, {{1, 16}, {2, 500}}}};
    CHECK_EQ(idle({one}, {}), 32 * 3600 - 16 * 600);
}

} // namespace
