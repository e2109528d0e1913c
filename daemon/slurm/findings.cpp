// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/findings.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace sluice::slurm {
namespace {

using model::Action;
using model::PeriodKind;
using model::Policy;
using ports::PurgeAfter;

constexpr std::string_view kNormal = "normal"; // slurmdbd makes it, sites keep it
constexpr std::int64_t kDays = 31;             // of a month, at most

class Check {
public:
    Check(const model::PolicySet& set, const ports::ControllerSettings& slurm)
        : set_(set), slurm_(slurm) {}

    std::vector<ports::SlurmFinding> run() {
        for (const Policy& policy : set_.policies) {
            slows(policy);
            blocks(policy);
            keeps_usage(policy);
        }
        raw_usage();
        return std::move(out_);
    }

private:
    void add(bool fault, std::string what, std::string remedy) {
        out_.push_back({fault, std::move(what), std::move(remedy)});
    }
    const ports::QosSettings* qos(std::string_view name) const {
        const auto found = std::find_if(slurm_.qos.begin(), slurm_.qos.end(),
                                        [&](const auto& one) { return one.name == name; });
        return found == slurm_.qos.end() ? nullptr : &*found;
    }
    void slows(const Policy& policy);
    void slower(const Policy& policy, const std::string& name);
    void blocks(const Policy& policy);
    void blocking(const Policy& policy, const std::string& name);
    void keeps_usage(const Policy& policy);
    void raw_usage();

    const model::PolicySet& set_;
    const ports::ControllerSettings& slurm_;
    std::set<std::string> seen_; // QOS that have a finding already
    std::vector<ports::SlurmFinding> out_;
};

void Check::slows(const Policy& policy) {
    if (policy.strategy == model::QosStrategy::progressive) {
        for (const auto& step : policy.steps)
            if (!step.pause)
                slower(policy, step.qos);
    } else if (policy.has(Action::request_slurm_resource_downscaling)) {
        slower(policy, policy.qos_downscaled);
    }
}

// A missing QOS is a problem of the evaluation.
void Check::slower(const Policy& policy, const std::string& name) {
    const std::string usual =
        policy.qos_default.empty() ? std::string(kNormal) : policy.qos_default;
    const auto* slow = qos(name);
    const auto* normal = qos(usual);
    if (slow == nullptr || normal == nullptr || slow->limited ||
        slow->usage_factor > normal->usage_factor || !seen_.insert(name).second)
        return;
    const bool lower = slow->priority < normal->priority;
    if (lower && slurm_.qos_weight > 0)
        return;
    add(false,
        "QOS " + name + " of policy " + policy.name + " is not slower than QOS " + usual + ": " +
            (lower ? "its priority is lower, but PriorityWeightQOS is 0, and it has no limit"
                   : "its priority is not lower, and it has no limit"),
        "give it a limit, for example: sacctmgr modify qos " + name +
            " set MaxTRESPerUser=cpu=N; or a lower Priority than " + usual +
            " with PriorityWeightQOS in slurm.conf");
}

void Check::blocks(const Policy& policy) {
    if (policy.strategy == model::QosStrategy::progressive) {
        for (const auto& step : policy.steps)
            if (step.pause)
                blocking(policy, step.qos);
    } else if (policy.has(Action::request_slurm_resource_pausing) &&
               policy.pause_by == model::PauseBy::qos) {
        blocking(policy, policy.qos_paused);
    }
}

void Check::blocking(const Policy& policy, const std::string& name) {
    const auto* found = qos(name);
    if (found == nullptr || found->refuses || !seen_.insert(name).second)
        return;
    const std::string remedy = "run: sacctmgr modify qos " + name + " set GrpSubmitJobs=0";
    if (found->holds)
        return add(false,
                   "QOS " + name + " of policy " + policy.name +
                       " accepts submissions, and their jobs wait: it limits running jobs to 0",
                   remedy);
    add(policy.mode == model::Mode::enforce,
        "QOS " + name + " of policy " + policy.name +
            " does not block: jobs of a paused account start where the plugin does not refuse them",
        remedy);
}

// Months of usage that a policy needs; 0: without end.
std::int64_t months_of(const Policy& policy) {
    std::int64_t months = 0;
    switch (policy.period.kind) {
    case PeriodKind::week:
    case PeriodKind::month:
        months = 1;
        break;
    case PeriodKind::quarter:
        months = 3;
        break;
    case PeriodKind::year:
        months = 12;
        break;
    case PeriodKind::custom:
        months = policy.period.months > 0 ? policy.period.months
                                          : (policy.period.days + kDays - 1) / kDays;
        break;
    case PeriodKind::total:
        break;
    }
    return policy.carryover.enabled ? 2 * months : months;
}

bool keeps(const PurgeAfter& purge, std::int64_t months) {
    if (months == 0)
        return false;
    switch (purge.unit) {
    case PurgeAfter::Unit::hours:
        return purge.count >= months * kDays * 24;
    case PurgeAfter::Unit::days:
        return purge.count >= months * kDays;
    case PurgeAfter::Unit::months:
        break;
    }
    return purge.count >= months;
}

std::string text(const PurgeAfter& purge) {
    static constexpr const char* kUnits[] = {"hours", "days", "months"};
    return std::to_string(purge.count) + kUnits[static_cast<std::size_t>(purge.unit)];
}

void Check::keeps_usage(const Policy& policy) {
    const std::int64_t months = months_of(policy);
    if (!slurm_.purge_usage_after || keeps(*slurm_.purge_usage_after, months))
        return;
    const bool previous = policy.carryover.enabled && months != 0;
    add(policy.mode == model::Mode::enforce,
        "PurgeUsageAfter of slurmdbd is " + text(*slurm_.purge_usage_after) + ", but policy " +
            policy.name + " counts usage of " +
            (months == 0 ? "all time" : std::to_string(months) + " months") +
            (previous ? " (its period and, for the carryover, the one before)" : "") +
            ": slurmdbd deletes usage that Sluice counts",
        months == 0 ? "remove PurgeUsageAfter from slurmdbd.conf and restart slurmdbd"
                    : "set PurgeUsageAfter=" + std::to_string(months) +
                          "months or longer in slurmdbd.conf and restart slurmdbd");
}

std::string length_text(std::int64_t seconds) {
    return seconds % 86400 == 0 ? std::to_string(seconds / 86400) + " d"
                                : std::to_string(seconds / 60) + " min";
}

// Only limits are compared with raw usage.
void Check::raw_usage() {
    std::vector<std::string> names;
    for (const Policy& policy : set_.policies)
        if (policy.limits_hold())
            names.push_back(policy.name);
    if (names.empty())
        return;
    const std::string whose = "GrpTRESMins of policy " + join(names, ", ");
    if (slurm_.usage_reset != "none" && !slurm_.usage_reset.empty())
        add(true,
            "PriorityUsageResetPeriod is " + slurm_.usage_reset +
                ": Slurm resets raw usage by its own calendar, and " + whose +
                " is too high until the next evaluation",
            "set PriorityUsageResetPeriod=NONE in slurm.conf; for a reset at the start of each "
            "period set raw_usage_reset: true in sluiced.yaml");
    if (slurm_.decay_half_life_s > 0)
        add(false,
            "PriorityDecayHalfLife is " + length_text(slurm_.decay_half_life_s) +
                ": raw usage decays, and " + whose +
                " follows it; while sluiced is down, the limit loosens by what decays",
            "keep sluiced running; usage and standing do not depend on raw usage");
}

} // namespace

std::optional<PurgeAfter> purge_after(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = whole_number<std::int64_t>(text.substr(0, digits));
    const std::string unit = lower(trim(text.substr(digits)));
    if (!count)
        return std::nullopt;
    if (unit.starts_with("hour"))
        return PurgeAfter{*count, PurgeAfter::Unit::hours};
    if (unit.starts_with("day"))
        return PurgeAfter{*count, PurgeAfter::Unit::days};
    if (unit.starts_with("month"))
        return PurgeAfter{*count, PurgeAfter::Unit::months};
    return std::nullopt;
}

std::vector<ports::SlurmFinding> findings(const model::PolicySet& set,
                                          const ports::ControllerSettings& slurm) {
    return Check(set, slurm).run();
}

} // namespace sluice::slurm
