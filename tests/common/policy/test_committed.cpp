// SPDX-License-Identifier: GPL-2.0-or-later
// What queued jobs are going to use, and that nothing is decided by it.
#include "common/policy/committed.hpp"
#include "tests/common/policy/world.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using test::utc;
using test::World;

namespace {

constexpr std::uint32_t kNode = 4; // TRES id
constexpr std::uint32_t kCpu = 1;

World tree() {
    World w;
    w.set.components.push_back({"cpu_hours", "cpu", Decimal::whole(60)});
    w.policy();
    for (const auto& [name, parent] : {std::pair{"physics", "root"}, std::pair{"optics", "physics"},
                                       std::pair{"lasers", "optics"}, std::pair{"chem", "root"}})
        w.account(name, parent);
    for (const char* name : {"physics", "optics", "chem"})
        w.grant(name, "1000");
    w.grant("physics", "100", "cpu_hours");
    w.facts.jobs_known = true;
    return w;
}

void queue(World& w, const char* account, std::uint64_t nodes, std::optional<std::uint32_t> minutes,
           std::uint64_t tasks = 1) {
    model::Job job;
    job.id = static_cast<std::uint32_t>(w.facts.jobs.size() + 1);
    job.name = std::to_string(job.id);
    job.account = account;
    job.user = "ann";
    job.tasks = tasks;
    job.tres = {{kCpu, nodes * 4}, {kNode, nodes}};
    job.minutes = minutes;
    w.facts.jobs.push_back(std::move(job));
}

// In hours; nullopt: not known.
std::optional<Amount> hours(const World& w, const char* account, std::size_t component = 0) {
    const auto committed = w.of(account).figures.at(component).committed;
    return committed ? std::optional(*committed / 3600) : std::nullopt;
}

} // namespace

CASE(queued_jobs_are_committed_at_their_time_limits_up_the_tree) {
    World w = tree();
    queue(w, "physics", 2, 60);
    queue(w, "lasers", 1, 600, 10); // of an array, the tasks that wait
    queue(w, "chem", 3, 120);
    w.facts.jobs.back().held = true; // by its user: it may be released at any time
    queue(w, "chem", 50, 600);
    w.facts.jobs.back().state = model::JobState::running;
    w.cycle(utc(2026, 1, 3));
    CHECK(hours(w, "optics") == 100);
    CHECK(hours(w, "physics") == 102);
    CHECK(hours(w, "physics", 1) == 408);
    CHECK(hours(w, "chem") == 6);
}

CASE(jobs_without_a_time_limit_are_counted_apart) {
    World w = tree();
    queue(w, "lasers", 1, std::nullopt, 7);
    queue(w, "optics", 1, 60);
    w.cycle(utc(2026, 1, 3));
    CHECK_EQ(w.of("optics").unlimited, 7U);
    CHECK_EQ(w.of("physics").unlimited, 7U);
    CHECK_EQ(w.of("chem").unlimited, 0U);
    CHECK(hours(w, "physics") == 1);
    const auto lines = w.explain("physics");
    const auto has = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    CHECK(has("node_hours: queued jobs may use up to 1 more, by their time limits; this decides "
              "nothing."));
    CHECK(has("7 queued jobs have no time limit: what they may use is not counted as committed."));
}

CASE(an_unknown_queue_is_not_an_empty_one) {
    World w = tree();
    w.cycle(utc(2026, 1, 3));
    CHECK(hours(w, "physics") == 0);
    w.facts.jobs_known = false;
    w.cycle(utc(2026, 1, 3));
    CHECK(!hours(w, "physics"));
}

CASE(more_than_the_allocation_committed_changes_nothing) {
    World w = tree();
    w.keeps_rules = false; // else each cycle has a version of its own
    w.use(utc(2026, 1, 2), "physics", 10);
    w.run(utc(2026, 1, 3));
    const auto before = w.run(utc(2026, 1, 3));
    queue(w, "physics", UINT32_MAX, UINT32_MAX - 1, UINT32_MAX);
    queue(w, "physics", UINT64_MAX, 1);
    const auto& after = w.cycle(utc(2026, 1, 3));
    CHECK(after.figures[0].committed == INT64_MAX);
    CHECK(after.flags == before.flags && after.percent == before.percent);
    CHECK(after.memory == before.memory);
    CHECK(after.actions_taken.empty() && !after.noteworthy);
    CHECK(w.plan.commands.empty());
}
