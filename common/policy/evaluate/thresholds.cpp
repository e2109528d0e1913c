// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/thresholds.hpp"

#include "common/base/amount.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::policy {

using model::Action;
using model::Policy;
using model::QosStrategy;
using model::Standing;
using model::Threshold;

namespace {

constexpr Decimal kFull = Decimal::whole(100);
constexpr std::int64_t kDwellOver = 0; // in PreviousState::stands: the allocation was raised since
constexpr const char* kSinceFull = "full";
constexpr const char* kPausedByDays = "grace_days";

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
        if (policy_.has(Action::request_slurm_resource_pausing)) {
            const bool by_days = policy_.grace_days > 0 && pauses_by_days();
            const bool by_limit = applies("pause", grace_limit(policy_), flags.paused && !by_days);
            out_.flags.paused = by_days || by_limit;
            if (by_days)
                note_standing("pause", flags.paused, metric_.reaches(kFull));
            if (out_.flags.paused)
                out_.pauses_at.reset();
            else if (out_.pauses_at)
                out_.paused_qos = qos_for(policy_, Standing::paused);
        }
        out_.qos = qos_for(policy_, standing(out_.flags));
    }

    // At 100 % or above for that many days without a break. The break of a pause is its end.
    bool pauses_by_days() {
        const auto& stands = previous_.stands;
        const std::int64_t now = epoch(previous_.now);
        const auto found = stands.find(kSinceFull);
        const bool reached = metric_.reaches(kFull);
        if (!reached && found == stands.end())
            return false;
        const std::int64_t since = found == stands.end() ? now : std::min(found->second, now);
        const Instant due = instant(since) + std::chrono::days{policy_.grace_days};
        const bool is_due = previous_.now >= due;
        const bool stood = is_due && previous_.flags.paused && stands.contains(kPausedByDays);
        const bool kept = !reached && stood && stays("pause", kFull);
        if (!reached && !kept && !previous_.stale)
            return false;
        out_.stands[kSinceFull] = since;
        if (!is_due)
            out_.pauses_at = due;
        if (!(reached && is_due) && !kept)
            return false;
        out_.stands[kPausedByDays] = stood ? std::min(stands.at(kPausedByDays), now) : now;
        return true;
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
        const bool stands = reached || (before && stays(name, percent));
        if (stands && name != "notify")
            note_standing(name, before, reached);
        return stands;
    }

    // A flag that stood before, now below its threshold.
    bool stays(const std::string& name, Decimal percent) {
        const Instant dwells_until = instant(since(name, true)) + policy_.min_dwell;
        const bool held = previous_.stale || above_hysteresis(percent);
        const bool dwells = !held && policy_.min_dwell.count() > 0 && !previous_.raised &&
                            previous_.now < dwells_until;
        if (dwells)
            out_.dwells_until = std::max(out_.dwells_until.value_or(dwells_until), dwells_until);
        out_.kept = out_.kept || held || dwells;
        return held || dwells;
    }

    // Missing memory counts from now on: it lifts nothing.
    std::int64_t since(const std::string& name, bool stood) const {
        const std::int64_t now = epoch(previous_.now);
        const auto found = previous_.stands.find(name);
        return stood && found != previous_.stands.end() ? std::min(found->second, now) : now;
    }

    void note_standing(const std::string& name, bool stood, bool reached) {
        if (policy_.min_dwell.count() == 0)
            return;
        const std::int64_t from = since(name, stood);
        if (reached)
            out_.stands[name] = from == kDwellOver ? epoch(previous_.now) : from;
        else
            out_.stands[name] = previous_.raised ? kDwellOver : from;
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

// The earlier one of two.
void unite_pauses_at(ThresholdResult& sum, ThresholdResult& one) {
    if (!one.pauses_at || (sum.pauses_at && *sum.pauses_at <= *one.pauses_at))
        return;
    sum.pauses_at = one.pauses_at;
    sum.paused_qos = std::move(one.paused_qos);
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
    sum.stands.merge(one.stands);
    if (one.dwells_until)
        sum.dwells_until =
            std::max(sum.dwells_until.value_or(*one.dwells_until), *one.dwells_until);
    unite_pauses_at(sum, one);
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
    if (paused && policy.pause_by == model::PauseBy::qos)
        return policy.qos_paused;
    // A pause by GrpSubmitJobs leaves the QOS as it is.
    return !paused || policy.has(Action::request_slurm_resource_downscaling) ? policy.qos_downscaled
                                                                             : "";
}

ThresholdResult check_thresholds(const Policy& policy, const Metric& metric,
                                 const PreviousState& previous) {
    ThresholdResult out = Thresholds(policy, metric, previous).result();
    out.block_creation =
        blocks_creation(policy, metric) ||
        (policy.has(Action::block_creation_of_new_resources) && out.stands.contains(kPausedByDays));
    return out;
}

ThresholdResult check_all(const std::vector<const Policy*>& policies, const Metric& metric,
                          const PreviousState& previous) {
    ThresholdResult sum;
    for (const Policy* policy : policies)
        unite(sum, check_thresholds(*policy, metric, previous));
    if (sum.flags.paused)
        sum.pauses_at.reset();
    std::stable_sort(sum.thresholds.begin(), sum.thresholds.end(),
                     [](const Threshold& a, const Threshold& b) { return a.percent < b.percent; });
    return sum;
}

} // namespace sluice::policy
