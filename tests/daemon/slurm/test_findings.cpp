// SPDX-License-Identifier: GPL-2.0-or-later
// What `sluice doctor` finds in the settings of Slurm.
#include "daemon/slurm/findings.hpp"

#include "tests/support/case.hpp"

#include <functional>
#include <string>

using namespace sluice;
using ports::PurgeAfter;

namespace {

struct Site {
    model::PolicySet set;
    ports::ControllerSettings slurm;

    Site() {
        model::Policy policy;
        policy.name = "quarterly";
        policy.mode = model::Mode::enforce;
        policy.actions = {model::Action::request_slurm_resource_downscaling,
                          model::Action::request_slurm_resource_pausing};
        set.policies = {policy};
        slurm.usage_reset = "none";
        slurm.qos = {{"normal"},
                     {.name = "slowdown", .limited = true},
                     {.name = "blocked", .limited = true, .refuses = true}};
    }
    model::Policy& policy() { return set.policies.front(); }
    ports::QosSettings& slowdown() { return slurm.qos[1]; }
    ports::QosSettings& blocked() { return slurm.qos[2]; }
    // One line for each finding.
    std::string found() const {
        std::string out;
        for (const auto& each : slurm::findings(set, slurm)) {
            CHECK(!each.remedy.empty());
            out += (each.fault ? "fault: " : "note: ") + each.what + '\n';
        }
        return out;
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

CASE(a_sound_cluster_has_no_finding) {
    CHECK_EQ(Site().found(), "");
}

// What `sacctmgr add qos slowdown` alone makes.
CASE(a_slow_qos_without_limit_and_with_the_usual_priority_is_a_note) {
    Site site;
    site.slowdown().limited = false;
    CHECK_EQ(site.found(),
             "note: QOS slowdown of policy quarterly is not slower than QOS normal: its "
             "priority is not lower, and it has no limit\n");
    site.slurm.qos[0].priority = 10;
    CHECK(has(site.found(),
              "its priority is lower, but PriorityWeightQOS is 0, and it has no limit"));
    site.slurm.qos_weight = 1000;
    CHECK_EQ(site.found(), "");
    site.slowdown().priority = 10;
    CHECK(has(site.found(), "its priority is not lower"));
    site.slowdown().usage_factor = 2000;
    CHECK_EQ(site.found(), "");
}

CASE(a_policy_that_does_not_slow_down_needs_no_slow_qos) {
    Site site;
    site.slowdown().limited = false;
    site.policy().actions = {model::Action::request_slurm_resource_pausing};
    CHECK_EQ(site.found(), "");
}

CASE(steps_are_checked_as_thresholds_are) {
    Site site;
    site.policy().actions.clear();
    site.policy().strategy = model::QosStrategy::progressive;
    site.policy().steps = {{Decimal::whole(100), "slowdown", false},
                           {Decimal::whole(120), "blocked", true}};
    CHECK_EQ(site.found(), "");
    site.slowdown().limited = false;
    site.blocked().refuses = false;
    CHECK(has(site.found(), "note: QOS slowdown"));
    CHECK(has(site.found(), "fault: QOS blocked of policy quarterly does not block"));
}

CASE(a_pausing_qos_that_refuses_nothing_is_a_fault_where_a_policy_enforces) {
    Site site;
    site.blocked().refuses = false;
    CHECK_EQ(site.found(),
             "fault: QOS blocked of policy quarterly does not block: jobs of a paused "
             "account start where the plugin does not refuse them\n");
    site.policy().mode = model::Mode::observe;
    CHECK(site.found().starts_with("note: QOS blocked"));
    site.blocked().holds = true;
    CHECK_EQ(site.found(),
             "note: QOS blocked of policy quarterly accepts submissions, and their jobs "
             "wait: it limits running jobs to 0\n");
}

CASE(a_qos_that_is_missing_is_left_to_the_evaluation) {
    Site site;
    site.slurm.qos.clear();
    CHECK_EQ(site.found(), "");
}

CASE(purge_inside_the_period_or_the_one_before_is_a_fault) {
    Site site;
    site.policy().carryover.enabled = true;
    const auto with = [&](std::int64_t count, PurgeAfter::Unit unit) {
        site.slurm.purge_usage_after = PurgeAfter{count, unit};
        return site.found();
    };
    using enum PurgeAfter::Unit;
    CHECK_EQ(with(6, months), "");
    CHECK_EQ(
        with(5, months),
        "fault: PurgeUsageAfter of slurmdbd is 5months, but policy quarterly counts usage of 6 "
        "months (its period and, for the carryover, the one before): slurmdbd deletes usage "
        "that Sluice counts\n");
    site.policy().carryover.enabled = false;
    CHECK_EQ(with(3, months), "");
    CHECK_EQ(with(93, days), "");
    CHECK(has(with(92, days), "is 92days, but policy quarterly counts usage of 3 months:"));
    CHECK(has(with(700, hours), "is 700hours"));
    site.policy().mode = model::Mode::observe;
    CHECK(with(1, months).starts_with("note: "));
    site.policy().period.kind = model::PeriodKind::total;
    CHECK(has(with(120, months), "counts usage of all time"));
    site.policy().period = {model::PeriodKind::custom, 18, {}};
    CHECK(has(with(17, months), "18 months"));
}

CASE(purge_times_of_slurmdbd_are_read) {
    const auto read = [](std::string_view text) {
        const auto purge = slurm::purge_after(text);
        return purge ? std::to_string(purge->count) + "/" +
                           std::to_string(static_cast<int>(purge->unit))
                     : "never";
    };
    const std::pair<const char*, const char*> cases[] = {
        {"NONE", "never"},  {"", "never"},        {"12 months", "12/2"}, {"12 months*", "12/2"},
        {"30days", "30/1"}, {"24 hours", "24/0"}, {"7 parsecs", "never"}};
    for (const auto& [text, expected] : cases)
        CHECK_EQ(read(text), expected);
}

CASE(decay_and_resets_of_raw_usage_concern_limits_only) {
    Site site;
    site.slurm.decay_half_life_s = 604'800;
    site.slurm.usage_reset = "monthly";
    CHECK(has(site.found(), "note: PriorityDecayHalfLife is 7 d: raw usage decays, and GrpTRESMins "
                            "of policy quarterly follows it"));
    CHECK(has(site.found(), "fault: PriorityUsageResetPeriod is monthly"));
    site.policy().limits.enabled = false;
    CHECK_EQ(site.found(), "");
}
