// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/scenario.hpp"

#include "common/settings/times.hpp"
#include "tests/common/settings/data.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::model;
using settings::parse_local;

namespace {

Scenario documented() {
    auto file =
        settings::load_scenario((test::data_folder() / "good-scenario/documented.yaml").string());
    if (!file)
        test::fail(file.error().context);
    return std::move(file->scenario);
}

} // namespace

CASE(the_documented_scenario_is_read) {
    const Scenario s = documented();
    CHECK_EQ(s.set.timezone, "Europe/Tallinn");
    CHECK_EQ(s.set.accounts.at("optics").parent, "physics");
    CHECK(!s.set.accounts.at("optics").allocation);
    CHECK_EQ(s.steps.size(), 8U);
    CHECK(s.steps[0].evaluate);
    CHECK(s.steps[1].at == parse_local("2026-02-10T12:00:00").value());
    CHECK_EQ(s.steps[1].usage.at("optics").at("node_hours").text(), "1000");
    const ScenarioJob& job = s.steps[2].jobs.at(0);
    CHECK(!s.steps[2].evaluate);
    CHECK_EQ(job.account, "physics");
    CHECK_EQ(job.tres.at("node"), 2);
    CHECK(job.end - job.start == std::chrono::hours{4});
    CHECK_EQ(s.steps[3].set.at("physics").at("node_hours").text(), "1500");
    const ScenarioOverride& pin = s.steps[4].overrides.at(0);
    CHECK(pin.standing == Standing::normal);
    CHECK(pin.until == parse_local("2026-02-14").value());
    CHECK_EQ(pin.reason, "deadline");
    CHECK_EQ(s.steps[5].adjustments.at(0).units.at("node_hours").text(), "25");
}

CASE(scenario_policies_enforce_and_name_the_normal_qos) {
    const Policy p = documented().set.policies.at(0);
    CHECK(p.mode == Mode::enforce);
    CHECK_EQ(p.qos_default, "normal");
    CHECK_EQ(p.qos_downscaled, "slowdown");
    CHECK_EQ(p.qos_paused, "blocked");
}

CASE(several_jobs_may_stand_in_one_step) {
    const auto file = settings::parse_scenario(
        "components: {n: node}\naccounts: {a: {}}\nsteps:\n  - at: 2026-01-01\n    jobs:\n"
        "      - {account: a, tres: {node: 1}, start: 2026-01-01, end: 2026-01-02}\n"
        "      - {account: a, tres: {cpu: 4}, start: \"2026-01-01 08:30\", end: 2026-01-02}\n",
        "s");
    CHECK(file.has_value());
    CHECK_EQ(file->scenario.steps.at(0).jobs.size(), 2U);
}

CASE(local_times_are_read_strictly) {
    using namespace std::chrono;
    CHECK(parse_local("2024-02-29T23:59:59").value() ==
          local_days{year{2024} / 2 / 29} + hours{23} + minutes{59} + seconds{59});
    for (const char* bad :
         {"", "2026", "2026-1-01", "2026-13-01", "2025-02-29", "2026-01-01T", "2026-01-01T1:00",
          "2026-01-01T24:00:00", "2026-01-01T00:60", "2026-01-01T00:00:60", "2026-01-01T00:00:00Z",
          "2026-01-01x00:00", "2026-01-01T00:00:00+02:00", "1969-12-31", "3000-01-01"})
        if (parse_local(bad))
            test::fail(std::string("accepted: ") + bad);
    CHECK_EQ(settings::local_text(*parse_local("2026-03-01 04:05")), "2026-03-01T04:05:00");
}
