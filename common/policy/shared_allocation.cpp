// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/shared_allocation.hpp"

#include "common/policy/usage_index.hpp"

#include <algorithm>

namespace sluice::policy {

using model::OtherCluster;
using model::SharedFigures;

namespace {

const OtherCluster* find(const model::Facts& facts, const std::string& cluster) {
    for (const auto& other : facts.others)
        if (other.cluster == cluster)
            return &other;
    return nullptr;
}

// nullptr where the cluster has not yet judged by a policy that spans: absence means nothing then.
const SharedFigures* figures_of(const OtherCluster* other, const Subject& subject) {
    if (other == nullptr || other->figures == nullptr)
        return nullptr;
    const auto& policies = other->figures->policies;
    const bool all =
        std::all_of(subject.policies.begin(), subject.policies.end(),
                    [&](const auto* policy) { return policies.contains(policy->name); });
    return all ? other->figures.get() : nullptr;
}

// The longest that begins with the period: the clusters' cycles are not at the same instant.
const model::WindowUsage* current_of(const SharedFigures& figures, const model::Period& period) {
    const model::WindowUsage* best = nullptr;
    for (const auto& one : figures.usage)
        if (one.window.begin == period.begin &&
            (best == nullptr || one.window.end > best->window.end))
            best = &one;
    return best;
}

const model::WindowUsage* whole_of(const SharedFigures& figures,
                                   const std::optional<model::Period>& period) {
    for (const auto& one : figures.usage)
        if (period && one.window.begin == period->begin && one.window.end == period->end)
            return &one;
    return nullptr;
}

OtherPart part_of(const OtherCluster& other, const SharedFigures& figures,
                  const std::string& account) {
    OtherPart part;
    part.stale = other.stale;
    part.age = other.age;
    const auto known = figures.history.accounts.find(account);
    if (known != figures.history.accounts.end())
        part.memory = &known->second;
    return part;
}

} // namespace

std::vector<OtherPart> other_parts(const model::Facts& facts, const Subject& subject,
                                   const model::Period& current,
                                   const std::optional<model::Period>& before) {
    static const model::AccountUsage kNothing;
    std::vector<OtherPart> parts;
    if (!subject.spans)
        return parts;
    for (const auto& cluster : subject.policies.front()->clusters) {
        if (cluster == facts.structure.cluster)
            continue;
        OtherPart part;
        const OtherCluster* other = find(facts, cluster);
        if (const auto* figures = figures_of(other, subject)) {
            part = part_of(*other, *figures, subject.account);
            if (const auto* window = current_of(*figures, current))
                part.usage = &usage_of(*window, subject.account);
            if (const auto* window = whole_of(*figures, before))
                part.usage_before = &usage_of(*window, subject.account);
        }
        if (part.usage == nullptr && current.begin == facts.now)
            part.usage = &kNothing; // it has just begun
        part.cluster = cluster;
        parts.push_back(std::move(part));
    }
    return parts;
}

std::vector<model::SpanPart> span_parts(const model::Facts& facts, const Subject& subject,
                                        const std::vector<OtherPart>& others) {
    std::vector<model::SpanPart> span;
    if (others.empty())
        return span;
    for (const auto& cluster : subject.policies.front()->clusters) {
        const auto other = std::find_if(others.begin(), others.end(),
                                        [&](const auto& part) { return part.cluster == cluster; });
        if (other == others.end())
            span.push_back({cluster, true, facts.usage_age > 0, facts.usage_age});
        else
            span.push_back({cluster, other->usage != nullptr, other->stale, other->age});
    }
    return span;
}

std::vector<std::string> span_notes(const std::vector<model::SpanPart>& span) {
    std::vector<std::string> notes;
    for (const auto& part : span)
        if (!part.known)
            notes.push_back("usage on cluster " + part.cluster +
                            " is not known: the figures are without it, and nothing is lifted");
        else if (part.stale)
            notes.push_back("usage on cluster " + part.cluster + " is " + std::to_string(part.age) +
                            " s old: nothing is lifted on it");
    return notes;
}

bool may_be_elsewhere(const model::Facts& facts, const std::string& account) {
    return std::any_of(facts.others.begin(), facts.others.end(), [&](const auto& other) {
        return other.figures == nullptr || other.figures->history.accounts.contains(account);
    });
}

Entries::Entries(const model::Facts& facts) : here_(facts.structure.cluster) {
    add(facts.history, here_, facts.now);
    for (const auto& other : facts.others)
        if (other.figures != nullptr)
            add(other.figures->history, other.cluster, facts.now);
}

void Entries::add(const model::History& history, const std::string& cluster, Instant now) {
    for (const auto& entry : history.adjustments)
        if (entry.at <= now)
            adjustments_[entry.account].push_back({&cluster, &entry});
    for (const auto& entry : history.overrides)
        if (now < entry.until)
            overrides_[entry.account].push_back({&cluster, &entry});
}

bool Entries::counts(const Subject& subject, const std::string& cluster) const {
    if (cluster == here_)
        return true;
    const auto& clusters = subject.policies.front()->clusters;
    return subject.spans && std::find(clusters.begin(), clusters.end(), cluster) != clusters.end();
}

std::vector<const model::Adjustment*> Entries::adjustments(const Subject& subject,
                                                           const std::string& period) const {
    std::vector<const model::Adjustment*> mine;
    if (const auto found = adjustments_.find(subject.account); found != adjustments_.end())
        for (const auto& one : found->second)
            if (one.entry->period == period && counts(subject, *one.cluster))
                mine.push_back(one.entry);
    return mine;
}

std::vector<model::Override> Entries::overrides(const Subject& subject) const {
    std::vector<model::Override> mine;
    if (const auto found = overrides_.find(subject.account); found != overrides_.end())
        for (const auto& one : found->second)
            if (counts(subject, *one.cluster))
                mine.push_back(*one.entry);
    std::stable_sort(mine.begin(), mine.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    return mine;
}

} // namespace sluice::policy
