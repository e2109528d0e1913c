// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/thresholds.hpp"

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

// One policy against the metric.
class Thresholds {
public:
    Thresholds(const Policy& policy, const Metric& metric, const PreviousState& previous)
        : policy_(policy), metric_(metric), previous_(previous) {}

    ThresholdResult result() {
        out_.notify_reached = applies("notify", policy_.notify_at, false);
        for (const auto level : policy_.notify_more)
            applies("notify", level, false);
        if (policy_.strategy == QosStrategy::progressive)
            by_step();
        else
            by_threshold();
        return std::move(out_);
    }

private:
    void by_threshold() {
        const auto& flags = previous_.flags;
        if (policy_.has(Action::request_slurm_resource_downscaling))
            out_.flags.downscaled = applies("downscale", kFull, flags.downscaled);
        if (policy_.has(Action::request_slurm_resource_pausing))
            out_.flags.paused = applies("pause", grace_limit(policy_), flags.paused);
        out_.qos = qos_for(policy_, standing(out_.flags));
    }

    // The steps are the actions: the highest one reached names the QOS.
    void by_step() {
        for (const auto& step : policy_.steps) {
            if (!applies(step.qos, step.at, previous_.steps.contains(step.qos)))
                continue;
            out_.steps.insert(step.qos);
            out_.flags = out_.flags | model::Flags{step.pause, true};
            out_.qos = step.qos;
        }
    }

    // A threshold that applied before does until the metric is `hysteresis` points below it.
    bool applies(const std::string& name, Decimal percent, bool before) {
        const bool reached = metric_.reaches(percent);
        out_.thresholds.push_back({name, percent, reached, std::nullopt, {}});
        if (reached || !before)
            return reached;
        const bool kept = previous_.stale || above_hysteresis(percent);
        out_.kept = out_.kept || kept;
        return kept;
    }

    bool above_hysteresis(Decimal percent) const {
        const auto end = narrow(Wide{percent.scaled()} - policy_.hysteresis.scaled());
        return policy_.hysteresis.scaled() > 0 && end && metric_.exceeds(Decimal::raw(*end));
    }

    const Policy& policy_;
    const Metric& metric_;
    const PreviousState& previous_;
    ThresholdResult out_;
};

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
    sum.flags = sum.flags | one.flags;
    sum.notify_reached = sum.notify_reached || one.notify_reached;
    sum.block_creation = sum.block_creation || one.block_creation;
    sum.kept = sum.kept || one.kept;
    sum.steps.merge(one.steps);
    for (auto& threshold : one.thresholds)
        if (!known(sum.thresholds, threshold))
            sum.thresholds.push_back(std::move(threshold));
}

} // namespace

std::string reached_key(const Threshold& threshold) {
    return threshold.name + '@' + threshold.percent.text();
}

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

ThresholdResult check_thresholds(const Policy& policy, const Metric& metric,
                                 const PreviousState& previous) {
    ThresholdResult out = Thresholds(policy, metric, previous).result();
    out.block_creation = blocks_creation(policy, metric);
    return out;
}

ThresholdResult check_all(const std::vector<const Policy*>& policies, const Metric& metric,
                          const PreviousState& previous) {
    ThresholdResult sum;
    for (const Policy* policy : policies)
        unite(sum, check_thresholds(*policy, metric, previous));
    std::stable_sort(sum.thresholds.begin(), sum.thresholds.end(),
                     [](const Threshold& a, const Threshold& b) { return a.percent < b.percent; });
    return sum;
}

} // namespace sluice::policy
