// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/account_facts.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountUsage;
using model::WindowUsage;

namespace {

// The longest window that begins with the period and ends from `first` to `last`. Of equal ones the
// last; for whole_window() the first: a simulation may charge at a boundary, which ends one period
// and lies in the other.
const WindowUsage* current_window(const std::vector<WindowUsage>& all, const model::Period& period,
                                  Instant first, Instant last) {
    const WindowUsage* best = nullptr;
    for (const auto& one : all)
        if (one.window.begin == period.begin && one.window.end >= first && one.window.end <= last &&
            (best == nullptr || one.window.end >= best->window.end))
            best = &one;
    return best;
}

const WindowUsage* whole_window(const std::vector<WindowUsage>& all,
                                const std::optional<model::Period>& period) {
    for (const auto& one : all)
        if (period && one.window.begin == period->begin && one.window.end == period->end)
            return &one;
    return nullptr;
}

const AccountUsage kNoUsage;

const AccountUsage* usage_in(const WindowUsage* window, const std::string& account) {
    if (window == nullptr)
        return nullptr;
    const auto found = window->accounts.find(account);
    return found == window->accounts.end() ? &kNoUsage : &found->second;
}

// nullptr where the cluster has not yet evaluated by a policy that spans: absence means nothing
// then.
const model::SharedFigures* figures_of(const model::OtherCluster& other, const Subject& subject) {
    const auto known = [&](const auto* policy) {
        return other.figures->policies.contains(policy->name);
    };
    return other.figures != nullptr &&
                   std::all_of(subject.policies.begin(), subject.policies.end(), known)
               ? other.figures.get()
               : nullptr;
}

const model::AccountMemory* memory_in(const model::History& history, const std::string& account) {
    const auto found = history.accounts.find(account);
    return found == history.accounts.end() ? nullptr : &found->second;
}

} // namespace

bool AccountFacts::complete() const {
    return std::all_of(parts.begin(), parts.end(),
                       [](const auto& part) { return part.usage != nullptr; });
}

std::vector<model::SpanPart> AccountFacts::span(const Subject& subject) const {
    std::vector<model::SpanPart> span;
    if (parts.size() < 2)
        return span;
    for (const auto& cluster : subject.first().clusters)
        for (const auto& part : parts)
            if (part.cluster == cluster)
                span.push_back(
                    {cluster, part.usage != nullptr || &part == &here(), part.stale, part.age});
    return span;
}

FactsIndex::FactsIndex(const model::Facts& facts) : facts_(facts) {
    add(facts.history, facts.structure.cluster);
    for (const auto& other : facts.others)
        if (other.figures != nullptr)
            add(other.figures->history, other.cluster);
}

void FactsIndex::add(const model::History& history, const std::string& cluster) {
    for (const auto& entry : history.adjustments)
        if (entry.at <= facts_.now)
            adjustments_[entry.account].push_back({&cluster, &entry});
    for (const auto& entry : history.overrides)
        if (facts_.now < entry.until)
            overrides_[entry.account].push_back({&cluster, &entry});
}

AccountFacts FactsIndex::of(const Subject& subject, const Periods& periods) const {
    AccountFacts out;
    out.parts.push_back(here(subject.account, periods));
    if (subject.spans)
        for (const auto& cluster : subject.first().clusters)
            if (cluster != facts_.structure.cluster)
                out.parts.push_back(other(cluster, subject, periods));
    if (const auto found = adjustments_.find(subject.account); found != adjustments_.end())
        for (const auto& one : found->second) {
            const auto& entry = *one.entry;
            if (!counts(subject, *one.cluster))
                continue;
            if (entry.period == periods.current.label)
                out.adjustments.push_back(&entry);
            else if (entry.pair != 0 && periods.before && entry.period == periods.before->label)
                out.moved_before.push_back(&entry);
        }
    if (const auto found = overrides_.find(subject.account); found != overrides_.end())
        for (const auto& one : found->second)
            if (counts(subject, *one.cluster))
                out.overrides.push_back(*one.entry);
    std::stable_sort(out.overrides.begin(), out.overrides.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    return out;
}

ClusterPart FactsIndex::here(const std::string& account, const Periods& periods) const {
    static const model::AccountMemory kNothing;
    const auto* memory = memory_in(facts_.history, account);
    const bool stale = facts_.usage_age > 0;
    const auto* window = current_window(facts_.usage, periods.current,
                                        stale ? periods.current.begin : facts_.now, facts_.now);
    ClusterPart part;
    part.cluster = facts_.structure.cluster;
    part.usage = usage_in(window, account);
    if (part.usage == nullptr && periods.current.begin == facts_.now)
        part.usage = &kNoUsage; // the period has just begun
    part.usage_before = usage_in(whole_window(facts_.usage, periods.before), account);
    part.memory = memory != nullptr ? memory : &kNothing;
    part.stale = stale;
    part.age = facts_.usage_age;
    return part;
}

ClusterPart FactsIndex::other(const std::string& cluster, const Subject& subject,
                              const Periods& periods) const {
    ClusterPart part;
    part.cluster = cluster;
    for (const auto& other : facts_.others) {
        const auto* figures = other.cluster == cluster ? figures_of(other, subject) : nullptr;
        if (figures == nullptr)
            continue;
        const auto* window =
            current_window(figures->usage, periods.current, periods.current.begin, Instant::max());
        part.usage = usage_in(window, subject.account);
        part.usage_before = usage_in(whole_window(figures->usage, periods.before), subject.account);
        part.memory = memory_in(figures->history, subject.account);
        part.stale = other.stale;
        part.age = other.age;
        break;
    }
    if (part.usage == nullptr && periods.current.begin == facts_.now)
        part.usage = &kNoUsage;
    return part;
}

bool FactsIndex::counts(const Subject& subject, const std::string& cluster) const {
    if (cluster == facts_.structure.cluster)
        return true;
    const auto& clusters = subject.first().clusters;
    return subject.spans && std::find(clusters.begin(), clusters.end(), cluster) != clusters.end();
}

model::UsageSplit usage_of(const AccountUsage& usage, const std::string& tres) {
    const auto split = usage.tres.find(tres);
    return split == usage.tres.end() ? model::UsageSplit{} : split->second;
}

} // namespace sluice::policy
