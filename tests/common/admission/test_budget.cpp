// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/budget.hpp"
#include "common/admission/job_lists.hpp"

#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::admission;

namespace {

constexpr std::int64_t kHour = 3600;

// physics checks node, cpu, mem and GPU hours; optics below it has nothing of its own.
model::Snapshot world(std::int64_t left_hours) {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.sequence = 1;
    model::SnapshotAccount optics{"optics", model::Standing::normal, {}, ""};
    optics.bounded_by = "physics";
    model::SnapshotAccount physics{"physics", model::Standing::normal, 5000, ""};
    physics.check = model::BudgetCheck::refuse;
    for (std::uint32_t i = 0; i < 5; ++i)
        physics.budgets.push_back({i, left_hours * kHour});
    snapshot.accounts = {optics, physics};
    snapshot.measures = {{"node_hours", kHour, {{"node", 1}}},
                         {"cpu_hours", kHour, {{"cpu", 1}}},
                         {"mem_hours", kHour, {{"mem", 1}}},
                         {"gpu_hours", kHour, {{"gres/gpu", 1}}},
                         {"a100_hours", kHour, {{"gres/gpu:a100", 1}}}};
    snapshot.partitions = {
        {"big", false, true, 60, {{"cpu", 32}, {"gres/gpu", 4}, {"mem", 1000}}},
        {"free", false, false, std::nullopt, {{"cpu", 16}}},
        {"short", true, false, 30, {{"cpu", 64}, {"mem", 500}}},
    };
    return snapshot;
}

JobRequest hours(std::uint32_t count) {
    JobRequest job;
    job.minutes = count * 60;
    return job;
}

// "node_hours 10": which budget is short and by how many hours the job counts; "": none.
std::string shortfall(const JobRequest& job, std::int64_t left_hours = 0,
                      const char* account = "physics") {
    const SnapshotView view(world(left_hours));
    const auto found = shortfall(view, *view.account(account), job);
    if (!found)
        return "";
    return std::string(found->measure->name) + " " + std::to_string(found->wants / kHour);
}

// What the job counts in one measure: nothing is left of the others' concern.
std::int64_t counted(const JobRequest& job, std::uint32_t measure) {
    auto snapshot = world(0);
    snapshot.accounts[1].budgets = {{measure, 0}};
    const SnapshotView view(snapshot);
    const auto found = shortfall(view, *view.account("physics"), job);
    return found ? found->wants / kHour : 0;
}

} // namespace

CASE(a_job_that_takes_exactly_what_is_left_is_admitted) {
    CHECK_EQ(shortfall(hours(10), 10), "");
    CHECK_EQ(shortfall(hours(11), 10), "node_hours 11");
}

CASE(tasks_of_an_array_are_multiplied) {
    auto job = hours(2);
    job.array_tasks = array_tasks("0-9%2");
    CHECK_EQ(shortfall(job, 20), "");
    CHECK_EQ(shortfall(job, 19), "node_hours 20");
}

CASE(an_account_below_is_held_against_the_budget_above) {
    CHECK_EQ(shortfall(hours(11), 10, "optics"), "node_hours 11");
    CHECK_EQ(shortfall(hours(10), 10, "optics"), "");
}

CASE(without_a_time_the_partitions_limit_counts) {
    JobRequest job;
    job.nodes = 20;
    CHECK_EQ(counted(job, 0), 10); // short, the default one
    job.partition = "big";
    CHECK_EQ(counted(job, 0), 20);
    job.partition = "big,short";
    CHECK_EQ(counted(job, 0), 10);
}

CASE(what_cannot_be_known_refuses_nobody) {
    JobRequest job;
    job.nodes = 1000;
    job.partition = "free"; // no limit
    CHECK_EQ(shortfall(job), "");
    job.partition = "elsewhere";
    CHECK_EQ(shortfall(job), "");
    job.partition = "short,elsewhere";
    CHECK_EQ(shortfall(job), "");
    job.partition = "short";
    job.unlimited = true;
    CHECK_EQ(shortfall(job), "");
}

CASE(whole_nodes_count_with_all_that_they_have) {
    auto job = hours(1);
    job.nodes = 2;
    job.cpus = 2;
    job.partition = "short";
    CHECK_EQ(counted(job, 1), 2);
    job.whole_nodes = true;
    CHECK_EQ(counted(job, 1), 128);
    job.whole_nodes = false;
    job.partition = "big"; // its nodes are not shared
    CHECK_EQ(counted(job, 1), 64);
    CHECK_EQ(counted(job, 3), 8);
    job.partition = "big,short"; // in short they are
    CHECK_EQ(counted(job, 1), 2);
}

CASE(gpus_are_multiplied_by_what_they_are_asked_for) {
    auto job = hours(1);
    job.nodes = 3;
    job.ntasks = 6;
    job.tres_per_node = "gres:gpu:a100:2";
    CHECK_EQ(counted(job, 3), 6);
    CHECK_EQ(counted(job, 4), 6);
    job.tres_per_task = "gres:gpu:2";
    CHECK_EQ(counted(job, 3), 12);
    job.tres_per_job = "gres:gpu:20";
    CHECK_EQ(counted(job, 3), 20);
    job.cpus_per_tres = "gres:gpu:4";
    CHECK_EQ(counted(job, 1), 80);
}

CASE(gpus_follow_from_processes_where_none_are_asked_for) {
    auto job = hours(1);
    job.gpus_for_ntasks = 4;
    job.cpus_per_gpu = 6;
    CHECK_EQ(counted(job, 3), 4);
    CHECK_EQ(counted(job, 4), 0); // of no type
    CHECK_EQ(counted(job, 1), 24);
    job.mem_per_tres = "gres:gpu:100";
    CHECK_EQ(counted(job, 2), 400);
    job.tres_per_job = "gres:gpu:a100:2"; // then the processes follow from these
    CHECK_EQ(counted(job, 3), 2);
    CHECK_EQ(counted(job, 1), 12);
    job.tres_per_job = "gres:nic:2";
    CHECK_EQ(counted(job, 3), 4);
}

CASE(memory_is_per_node_per_cpu_or_all) {
    auto job = hours(1);
    job.nodes = 2;
    job.cpus = 8;
    job.memory = 100;
    CHECK_EQ(counted(job, 2), 0);
    job.memory_kind = JobRequest::Memory::per_node;
    CHECK_EQ(counted(job, 2), 200);
    job.memory_kind = JobRequest::Memory::per_cpu;
    CHECK_EQ(counted(job, 2), 800);
    job.memory_kind = JobRequest::Memory::whole_nodes;
    CHECK_EQ(counted(job, 2), 1000);
}

CASE(a_weighted_sum_is_one_budget) {
    auto snapshot = world(0);
    snapshot.measures = {{"billing", 4 * kHour, {{"cpu", 1}, {"gres/gpu", 16}}}};
    snapshot.accounts[1].budgets = {{0, 20 * kHour}};
    auto job = hours(1);
    job.cpus = 4;
    job.tres_per_job = "gpu:1";
    const SnapshotView view(snapshot);
    CHECK(!shortfall(view, *view.account("physics"), job));
    job.cpus = 5;
    const auto found = shortfall(view, *view.account("physics"), job);
    CHECK(found && found->refused());
    CHECK_EQ(budget_text(*found),
             "this job may use 5.25 billing, but account physics has 5 left. Request "
             "less time or fewer resources: --time=0:57:00 or less fits.");
    job.minutes = 57;
    CHECK(!shortfall(view, *view.account("physics"), job));
}

CASE(where_limits_hold_the_warning_says_that_the_job_waits_and_what_fits) {
    auto snapshot = world(640);
    auto& physics = snapshot.accounts[1];
    physics.check = model::BudgetCheck::warn;
    physics.budgets.resize(1);
    physics.waits = true;
    const auto text = [&](const JobRequest& job) {
        const SnapshotView view(snapshot);
        const auto found = admission::shortfall(view, *view.account("physics"), job);
        return found ? budget_text(*found) : "";
    };
    CHECK_EQ(text(hours(720)),
             "this job may use 720 node_hours, but account physics has 640 left. The job will wait "
             "with reason AssocGrpNodeMinutes: --time=26-16:00 or less fits.");
    CHECK_EQ(text(hours(640)), "");
    auto job = hours(30);
    job.array_tasks = 64;
    CHECK(text(job).ends_with(": --time=10:00:00 or less fits."));
    JobRequest forever; // neither the job nor its partition has a limit
    forever.partition = "free";
    forever.nodes = 2;
    const std::string none = "this job has no time limit, but account physics has 640 node_hours "
                             "left. The job will wait "
                             "with reason AssocGrpNodeMinutes: --time=13-08:00 or less fits.";
    CHECK_EQ(text(forever), none);
    forever.partition = "short";
    CHECK_EQ(text(forever), "");
    forever.unlimited = true;
    CHECK_EQ(text(forever), none);
    forever.partition = "unknown";
    CHECK_EQ(text(forever), none);
    forever.unlimited = false;
    CHECK_EQ(text(forever), "");
    snapshot.measures[0].terms = {{"gres/gpu", 1}, {"node", 1}};
    CHECK(text(hours(720)).find("reason AssocGrp...Minutes: ") != std::string::npos);
    snapshot.measures[0].terms = {{"node", kHour * 1000}}; // no time limit of a minute would fit
    CHECK(text(hours(1)).ends_with(" with reason AssocGrpNodeMinutes."));
    physics.check = model::BudgetCheck::refuse;
    snapshot.measures[0].terms = {{"node", 1}};
    forever.partition = "free";
    CHECK_EQ(text(forever), "this job has no time limit, but account physics has 640 node_hours "
                            "left. Request less time or fewer resources: --time=13-08:00 or less "
                            "fits.");
}

CASE(an_update_counts_only_where_the_job_grows) {
    const SnapshotView view(world(10));
    const auto& physics = *view.account("physics");
    const auto refused = [&](const JobRequest& after, const JobRequest& before, bool added_only) {
        return admission::shortfall(view, physics, after, {&before, added_only}).has_value();
    };
    CHECK(refused(hours(11), hours(10), false));
    CHECK(!refused(hours(11), hours(11), false));
    CHECK(!refused(hours(11), hours(12), false));
    CHECK(!refused(hours(22), hours(12), true));
    CHECK(refused(hours(23), hours(12), true));
    JobRequest forever;
    forever.unlimited = true;
    CHECK(refused(forever, hours(1), false));
    CHECK(refused(forever, hours(1), true));
    CHECK(!refused(forever, forever, false));
    CHECK(!refused(hours(100), forever, false));
}

CASE(a_warning_gives_way_to_a_refusal_above) {
    auto snapshot = world(10);
    snapshot.accounts[0].check = model::BudgetCheck::warn;
    snapshot.accounts[0].budgets = {{0, kHour}};
    const SnapshotView view(snapshot);
    const auto warned = shortfall(view, *view.account("optics"), hours(2));
    CHECK(warned && !warned->refused());
    CHECK(budget_text(*warned).starts_with(
        "this job may use 2 node_hours, but account optics has 1 left"));
    const auto refused = shortfall(view, *view.account("optics"), hours(11));
    CHECK(refused && refused->refused());
    CHECK_EQ(refused->account->name, "physics");
}

CASE(figures_beyond_all_bounds_exceed) {
    auto job = hours(1'000'000);
    job.nodes = UINT64_MAX;
    job.array_tasks = UINT64_MAX;
    CHECK_EQ(shortfall(job, 1'000'000'000), "node_hours " + std::to_string(INT64_MAX / kHour));
}

// Run under UBSan: no product may overflow, whatever the figures are.
CASE(every_figure_may_be_as_large_as_its_type) {
    const std::uint64_t figures[] = {0, 1, kMaxFigure, UINT64_MAX / 2 + 1, UINT64_MAX};
    for (const auto figure : figures)
        for (const auto other : figures) {
            JobRequest job;
            job.minutes = UINT32_MAX;
            job.array_tasks = figure;
            job.nodes = other;
            job.cpus = figure;
            job.ntasks = other;
            job.memory = figure;
            for (const auto kind : {JobRequest::Memory::unknown, JobRequest::Memory::per_node,
                                    JobRequest::Memory::per_cpu, JobRequest::Memory::whole_nodes}) {
                job.memory_kind = kind;
                job.tres_per_node = "gres/gpu:18446744073709551615";
                job.tres_per_task = "gres/gpu=18446744073709551616p";
                job.cpus_per_tres = job.tres_per_node;
                job.mem_per_tres = job.tres_per_node;
                for (std::uint32_t measure = 0; measure < 5; ++measure)
                    CHECK(counted(job, measure) >= 0);
                if (figure > 0 && other > 0)
                    CHECK(counted(job, 3) >= 1'000'000);
            }
        }
}

CASE(gpus_behind_many_others_are_not_a_way_around_a_budget) {
    auto job = hours(1);
    std::string list;
    for (std::size_t i = 0; i < kMaxGres; ++i)
        list += "gres/x:0,";
    const std::string one_more = list + "gres/gpu:1";
    job.tres_per_job = one_more;
    CHECK(counted(job, 3) > 1'000'000);
    CHECK(counted(job, 0) == 1);
    list.resize(list.size() - 1);
    job.tres_per_job = list;
    CHECK_EQ(counted(job, 3), 0);
    job.tres_per_job = "gres/gpu:1";
    job.cpus_per_tres = one_more;
    CHECK(counted(job, 1) > 1'000'000);
}

CASE(long_lists_are_not_a_way_around_a_budget) {
    const std::string gpu = "gres/gpu:1";
    const std::string half = gpu + "," + std::string(512 / 2 - gpu.size() - 1, 'x');
    auto job = hours(1);
    job.tres_per_job = half;
    job.mem_per_tres = half; // 512 bytes together
    CHECK_EQ(counted(job, 3), 1);
    const std::string more = half + "x";
    job.mem_per_tres = more;
    for (const std::uint32_t measure : {1U, 2U, 3U, 4U})
        CHECK(counted(job, measure) > 1'000'000);
    CHECK_EQ(counted(job, 0), 1);
}

// Each of them could only lower the figure.
CASE(partitions_behind_many_others_do_not_lower_the_figure) {
    JobRequest job;
    job.nodes = 20;
    std::string list = "big";
    for (std::size_t i = 1; i < kMaxItems; ++i)
        list += ",big";
    const std::string one_more = list + ",short";
    job.partition = one_more;
    CHECK_EQ(counted(job, 0), 20);
    const std::string blanks = std::string(100, ',') + "big";
    job.partition = blanks;
    CHECK_EQ(counted(job, 0), 20);
    job.partition = ", ,";
    CHECK_EQ(counted(job, 0), 10); // the default one
}

CASE(accounts_above_with_the_same_measure_count_the_same) {
    auto snapshot = world(10);
    snapshot.accounts[0].check = model::BudgetCheck::refuse;
    snapshot.accounts[0].budgets = {{0, 11 * kHour}, {1, 9 * kHour}};
    const SnapshotView view(snapshot);
    const auto own = shortfall(view, *view.account("optics"), hours(10));
    CHECK(own && own->account->name == "optics");
    CHECK_EQ(own->wants, 10 * kHour);
    const auto above = shortfall(view, *view.account("optics"), hours(9));
    CHECK(!above);
}

CASE(a_circle_of_accounts_ends) {
    auto snapshot = world(1);
    snapshot.accounts[1].bounded_by = "optics";
    snapshot.accounts[1].budgets.clear();
    const SnapshotView view(snapshot);
    CHECK(!shortfall(view, *view.account("optics"), hours(5)));
}

CASE(costs_name_each_budget_from_the_account_upwards_with_the_longest_time) {
    auto snapshot = world(10);
    auto& optics = snapshot.accounts[0];
    optics.budgets = {{1, 40 * kHour}}; // not checked
    const SnapshotView view(snapshot);
    auto job = hours(6);
    job.cpus = 8;
    const auto found = costs(view, *view.account("optics"), job);
    CHECK(found.limit == TimeLimit::given);
    CHECK_EQ(found.minutes, 360U);
    CHECK_EQ(found.rows.size(), 6U);
    CHECK_EQ(found.rows[0].account->name, "optics");
    CHECK_EQ(found.rows[0].measure->name, "cpu_hours");
    CHECK_EQ(found.rows[0].wants, 48 * kHour);
    CHECK(!found.rows[0].fits());
    CHECK_EQ(found.rows[1].account->name, "physics");
    CHECK_EQ(found.rows[1].wants, 6 * kHour);
    CHECK_EQ(found.longest.value_or(0), 75U); // 10 h of 8 CPUs
    CHECK(!waiting(found));
    // Of the unchecked budget the plugin knows nothing.
    CHECK_EQ(std::string(admission::shortfall(view, *view.account("optics"), job)->account->name),
             "physics");
}

CASE(costs_of_a_job_without_a_time_limit_have_the_longest_time_too) {
    const SnapshotView view(world(10));
    JobRequest job;
    job.unlimited = true;
    const auto none = costs(view, *view.account("physics"), job);
    CHECK(none.limit == TimeLimit::none);
    CHECK(none.rows[0].unlimited);
    CHECK_EQ(none.longest.value_or(0), 600U);
    job.unlimited = false;
    const auto default_time = costs(view, *view.account("physics"), job);
    CHECK_EQ(default_time.minutes, 30U);
    job.partition = "elsewhere";
    CHECK(costs(view, *view.account("physics"), job).limit == TimeLimit::unknown);
}

CASE(a_job_waits_for_limits_in_slurm_without_a_check) {
    auto snapshot = world(10);
    snapshot.accounts[1].check = model::BudgetCheck::off;
    snapshot.accounts[1].waits = true;
    const SnapshotView view(snapshot);
    const auto& physics = *view.account("physics");
    CHECK(!admission::shortfall(view, physics, hours(11)));
    CHECK(!waiting(costs(view, physics, hours(10))));
    const auto found = waiting(costs(view, physics, hours(11)));
    CHECK_EQ(budget_text(*found),
             "this job may use 11 node_hours, but account physics has 10 left. The job will wait "
             "with reason AssocGrpNodeMinutes: --time=10:00:00 or less fits.");
}

CASE(usage_factor_of_the_qos_multiplies_what_a_job_wants_exactly) {
    auto snapshot = world(10);
    snapshot.factors = {{"double", 2'000'000}, {"free", 0}, {"half", 500'000}, {"third", 333'333}};
    const SnapshotView view(snapshot);
    const auto wants = [&](std::string_view qos, std::uint32_t minutes = 60) {
        JobRequest job;
        job.minutes = minutes;
        job.qos = qos;
        return costs(view, *view.account("physics"), job).rows[0].wants;
    };
    CHECK_EQ(wants(""), kHour);
    CHECK_EQ(wants("normal"), kHour); // unknown
    CHECK_EQ(wants("double"), 2 * kHour);
    CHECK_EQ(wants("DOUBLE"), 2 * kHour);
    CHECK_EQ(wants("free"), 0);
    CHECK_EQ(wants("half"), kHour / 2);
    CHECK_EQ(wants("third", 1), 20); // 19.99998, rounded up
    CHECK_EQ(wants("double,half"), kHour / 2);
    CHECK_EQ(wants("double,normal"), kHour);
    CHECK_EQ(wants(" ,double"), 2 * kHour);
}

CASE(a_job_without_a_qos_counts_with_the_factor_of_its_association) {
    constexpr auto kAny = model::DefaultFactor::kAnyUser;
    auto snapshot = world(10);
    snapshot.factors = {{"double", 2'000'000}, {"free", 0}, {"half", 500'000}};
    snapshot.default_factors = {{"physics", 1001, "", 500'000},
                                {"physics", 1001, "long", 0},
                                {"physics", 1002, "", 1'000'000},
                                {"physics", kAny, "", 2'000'000}};
    snapshot.partitions = {{"long", false, false, 60, {}}, {"main", true, false, 60, {}}};
    const SnapshotView view(snapshot);
    const auto wants = [&](std::uint32_t user, std::string_view partition, std::string_view qos) {
        JobRequest job;
        job.minutes = 60;
        job.user = user;
        job.partition = partition;
        job.qos = qos;
        return costs(view, *view.account("physics"), job).rows[0].wants;
    };
    CHECK_EQ(wants(1003, "", ""), 2 * kHour); // as the account
    CHECK_EQ(wants(kAny, "main", ""), 2 * kHour);
    CHECK_EQ(wants(1002, "long", ""), kHour);
    CHECK_EQ(wants(1001, "", ""), kHour / 2); // in the default partition
    CHECK_EQ(wants(1001, "long", ""), 0);
    CHECK_EQ(wants(1001, "main,long", ""), 0); // it may run in any of them
    CHECK_EQ(wants(1001, "main, ,", ""), kHour / 2);
    CHECK_EQ(wants(1001, "long", "double"), 2 * kHour); // a QOS that it names counts
    CHECK_EQ(wants(1001, "long", "normal"), kHour);
    snapshot.default_factors.clear();
    const SnapshotView without(snapshot);
    JobRequest job = hours(1);
    job.user = 1001;
    CHECK_EQ(costs(without, *without.account("physics"), job).rows[0].wants, kHour);
}

// A minute of it is less than a point.
CASE(the_longest_time_of_a_small_usage_factor_is_that_of_the_text) {
    auto snapshot = world(10);
    snapshot.factors = {{"tiny", 1000}};
    const SnapshotView view(snapshot);
    const auto& physics = *view.account("physics");
    auto job = hours(100);
    job.qos = "tiny";
    const auto fits = costs(view, physics, job);
    CHECK_EQ(fits.rows[0].wants, 360);
    CHECK_EQ(fits.longest.value_or(0), 600'000U); // 10 h at a thousandth
    job.minutes = 600'050;
    const auto found = admission::shortfall(view, physics, job);
    CHECK(found.has_value());
    CHECK_EQ(costs(view, physics, job).longest.value_or(0), found->fitting_minutes);
    CHECK_EQ(found->fitting_minutes, 600'000U);
    job.minutes = 600'000;
    CHECK(!admission::shortfall(view, physics, job));
    job.unlimited = true;
    CHECK_EQ(costs(view, physics, job).longest.value_or(0), 36'000U);
}

CASE(a_dear_qos_is_refused_and_a_free_one_admitted) {
    auto snapshot = world(10);
    snapshot.factors = {{"double", 2'000'000}, {"free", 0}, {"huge", INT64_MAX}};
    const SnapshotView view(snapshot);
    const auto over = [&](JobRequest job, std::string_view qos) {
        job.qos = qos;
        return admission::shortfall(view, *view.account("optics"), job);
    };
    CHECK(!over(hours(5), "double"));
    const auto found = over(hours(6), "double");
    CHECK_EQ(budget_text(*found), "this job may use 12 node_hours, but account physics has 10 "
                                  "left. Request less time or fewer resources: --time=5:00:00 or "
                                  "less fits.");
    CHECK(!over(hours(6000), "free"));
    auto most = hours(70'000'000);
    most.nodes = kMaxFigure;
    most.array_tasks = kMaxFigure;
    CHECK_EQ(over(most, "huge")->wants, INT64_MAX);
    CHECK(!over(most, "free"));
}
