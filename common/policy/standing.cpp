// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/standing.hpp"

#include "common/base/amount.hpp"

#include <algorithm>

namespace sluice::policy {

using model::Action;
using model::Policy;
using model::QosStrategy;
using model::Standing;
using model::Threshold;

namespace {

constexpr Decimal kFull = Decimal::whole(100);

// A threshold that held goes on to hold until the metric is `hysteresis` points below it.
class ThresholdState {
public:
    ThresholdState(const Policy& policy, const Metric& metric, const PreviousState& held,
                   ThresholdResult& out)
        : policy_(policy), metric_(metric), held_(held), out_(out) {}

    bool open(const std::string& name, Decimal percent, bool held_before) {
        const bool reached = metric_.reaches(percent);
        out_.thresholds.push_back({name, percent, reached, std::nullopt, std::nullopt});
        if (reached || !held_before)
            return reached;
        const bool kept = held_.stale || above_hysteresis(percent);
        out_.kept = out_.kept || kept;
        return kept;
    }

private:
    bool above_hysteresis(Decimal percent) const {
        const auto end = narrow(Wide{percent.scaled()} - policy_.hysteresis.scaled());
        return policy_.hysteresis.scaled() > 0 && end && metric_.exceeds(Decimal::raw(*end));
    }
    const Policy& policy_;
    const Metric& metric_;
    const PreviousState& held_;
    ThresholdResult& out_;
};

void by_threshold(const Policy& policy, const PreviousState& held, ThresholdState& state,
                  ThresholdResult& out) {
    if (policy.has(Action::request_slurm_resource_downscaling))
        out.flags.downscaled = state.open("downscale", kFull, held.flags.downscaled);
    if (policy.has(Action::request_slurm_resource_pausing))
        out.flags.paused = state.open("pause", grace_limit(policy), held.flags.paused);
    out.qos = qos_for(policy, standing(out.flags));
}

// The steps are the actions: the highest one reached names the QOS.
void by_step(const Policy& policy, const PreviousState& held, ThresholdState& state,
             ThresholdResult& out) {
    for (const auto& step : policy.steps) {
        if (!state.open(step.qos, step.at, held.steps.contains(step.qos)))
            continue;
        out.steps.insert(step.qos);
        out.flags.downscaled = true;
        out.flags.paused = out.flags.paused || step.pause;
        out.qos = step.qos;
    }
}

bool blocks_creation(const Policy& policy, const Metric& metric) {
    if (!policy.has(Action::block_creation_of_new_resources))
        return false;
    const bool pauses = policy.has(Action::request_slurm_resource_pausing);
    return metric.reaches(pauses ? grace_limit(policy) : kFull);
}

bool known(const std::vector<Threshold>& all, const Threshold& one) {
    return std::any_of(all.begin(), all.end(), [&](const Threshold& t) {
        return t.name == one.name && t.percent == one.percent;
    });
}

void unite(ThresholdResult& sum, ThresholdResult&& one) {
    if (standing(one.flags) > standing(sum.flags))
        sum.qos = one.qos;
    sum.flags.paused = sum.flags.paused || one.flags.paused;
    sum.flags.downscaled = sum.flags.downscaled || one.flags.downscaled;
    sum.notify_reached = sum.notify_reached || one.notify_reached;
    sum.block_creation = sum.block_creation || one.block_creation;
    sum.kept = sum.kept || one.kept;
    sum.steps.merge(one.steps);
    for (auto& threshold : one.thresholds)
        if (!known(sum.thresholds, threshold))
            sum.thresholds.push_back(std::move(threshold));
}

} // namespace

Decimal grace_limit(const Policy& policy) {
    const auto scaled = narrow((Wide{Decimal::kScale} + policy.grace_ratio.scaled()) * 100);
    return Decimal::raw(scaled.value_or(INT64_MAX));
}

std::string qos_for(const Policy& policy, Standing standing) {
    if (standing == Standing::normal)
        return "";
    const bool paused = standing == Standing::paused;
    if (policy.strategy == QosStrategy::progressive)
        for (const auto& step : policy.steps)
            if (step.pause == paused)
                return step.qos;
    return paused ? policy.qos_paused : policy.qos_downscaled;
}

ThresholdResult judge(const Policy& policy, const Metric& metric, const PreviousState& held) {
    ThresholdResult out;
    ThresholdState state(policy, metric, held, out);
    out.notify_reached = state.open("notify", policy.notify_at, false);
    if (policy.strategy == QosStrategy::progressive)
        by_step(policy, held, state, out);
    else
        by_threshold(policy, held, state, out);
    out.block_creation = blocks_creation(policy, metric);
    return out;
}

ThresholdResult judge_all(std::span<const Policy* const> policies, const Metric& metric,
                          const PreviousState& held) {
    ThresholdResult sum;
    for (const Policy* policy : policies)
        unite(sum, judge(*policy, metric, held));
    std::stable_sort(sum.thresholds.begin(), sum.thresholds.end(),
                     [](const Threshold& a, const Threshold& b) { return a.percent < b.percent; });
    return sum;
}

} // namespace sluice::policy
