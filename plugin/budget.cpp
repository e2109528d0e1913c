// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/budget.hpp"

#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "plugin/job_lists.hpp"

#include <algorithm>
#include <array>

namespace sluice::plugin {
namespace {

constexpr std::size_t kMaxTextBytes = 499;
constexpr int kMaxLevels = 64; // of accounts; Slurm's trees are far flatter

// The partitions that a job names, or the default one. It may run in any of them.
class Partitions {
public:
    // Partitions after the first kMaxItems are not read: each could only lower the figures.
    Partitions(const View& view, std::string_view names) noexcept : view_(view) {
        std::size_t items = 0;
        while (items < kMaxItems && !names.empty()) {
            if (names.front() == ',') {
                names.remove_prefix(1);
                continue;
            }
            const std::string_view name = trim(next_item(names));
            if (name.empty())
                continue;
            add(view.partition(name));
            ++items;
        }
        if (items == 0)
            add(view.default_partition());
    }
    // All are in the snapshot.
    bool known() const noexcept { return known_; }
    // Each gives whole nodes.
    bool whole_nodes() const noexcept { return known_ && whole_; }
    // The least limit of all; nullopt: none has one, or it cannot be known.
    std::optional<std::uint32_t> minutes() const noexcept {
        return known_ ? minutes_ : std::nullopt;
    }
    // What a node of any of them has at least.
    std::uint64_t least_of(std::string_view tres) const noexcept {
        if (!known_)
            return 0;
        std::uint64_t least = kMaxFigure;
        for (std::size_t i = 0; i < size_; ++i)
            least = std::min(least, view_.least_of(*found_[i], tres));
        return least;
    }

private:
    void add(const View::Partition* partition) noexcept {
        if (partition == nullptr) {
            known_ = false;
            return;
        }
        found_[size_++] = partition;
        whole_ = whole_ && partition->whole_nodes;
        if (partition->minutes)
            minutes_ = std::min(minutes_.value_or(UINT32_MAX), *partition->minutes);
    }

    const View& view_;
    std::array<const View::Partition*, kMaxItems> found_; // size_ of them
    std::size_t size_ = 0;
    bool known_ = true;
    bool whole_ = true;
    std::optional<std::uint32_t> minutes_;
};

// One job's figures, with what its partitions add.
class Job {
public:
    Job(const View& view, const JobRequest& ask) noexcept
        : ask_(ask), partitions_(view, ask.partition), per_job_(ask.tres_per_job),
          per_node_(ask.tres_per_node), per_socket_(ask.tres_per_socket),
          per_process_(ask.tres_per_process), whole_(ask.whole_nodes || partitions_.whole_nodes()) {
        count_cpus_and_memory();
    }

    // Job time times tasks of the array. nullopt: no limit is known.
    std::optional<std::uint64_t> seconds() const noexcept {
        if (ask_.unlimited)
            return std::nullopt;
        const auto minutes = ask_.minutes ? ask_.minutes : partitions_.minutes();
        if (!minutes)
            return std::nullopt;
        return product(product(*minutes, 60), ask_.tasks);
    }
    // At most kMaxFigure.
    std::uint64_t amount(std::string_view tres) const noexcept {
        if (tres == "node")
            return std::min(ask_.nodes, kMaxFigure);
        if (tres == "cpu")
            return cpus_;
        if (tres == "mem")
            return memory_;
        if (tres == "gres/gpu")
            return gpus_;
        return tres.starts_with("gres/") ? gres(tres) : 0;
    }

private:
    std::uint64_t whole_nodes_have(std::string_view tres) const noexcept {
        return product(partitions_.least_of(tres), ask_.nodes);
    }
    std::uint64_t gres(std::string_view tres) const noexcept {
        std::uint64_t asked =
            std::max({per_job_.count_of(tres), product(per_node_.count_of(tres), ask_.nodes),
                      product(per_socket_.count_of(tres), ask_.nodes),
                      product(per_process_.count_of(tres), ask_.processes)});
        if (asked == 0 && tres == "gres/gpu")
            asked = std::min(ask_.gpus_by_processes, kMaxFigure);
        return whole_ ? std::max(asked, whole_nodes_have(tres)) : asked;
    }
    void count_cpus_and_memory() noexcept {
        gpus_ = gres("gres/gpu");
        cpus_ = std::max({std::min(ask_.cpus, kMaxFigure), product(ask_.cpus_per_gpu, gpus_),
                          product(largest_count(ask_.cpus_per_tres, "gpu"), gpus_)});
        if (whole_)
            cpus_ = std::max(cpus_, whole_nodes_have("cpu"));
        memory_ = product(largest_count(ask_.memory_per_tres, "gpu"), gpus_);
        switch (ask_.memory_kind) {
        case JobRequest::Memory::per_node:
            memory_ = std::max(memory_, product(ask_.memory, ask_.nodes));
            break;
        case JobRequest::Memory::per_cpu:
            memory_ = std::max(memory_, product(ask_.memory, cpus_));
            break;
        case JobRequest::Memory::whole_nodes:
            memory_ = std::max(memory_, whole_nodes_have("mem"));
            break;
        case JobRequest::Memory::unknown:
            break;
        }
    }

    const JobRequest& ask_;
    const Partitions partitions_;
    const GresList per_job_;
    const GresList per_node_;
    const GresList per_socket_;
    const GresList per_process_;
    const bool whole_;
    std::uint64_t gpus_ = 0;
    std::uint64_t cpus_ = 0;
    std::uint64_t memory_ = 0;
};

// Points; INT64_MAX for what does not fit.
std::int64_t points(const View& view, const Job& job, const View::Measure& measure,
                    std::uint64_t seconds) noexcept {
    Wide sum = 0;
    for (const auto& term : view.terms_of(measure)) {
        const Wide amount = Wide{job.amount(view.text(term.tres))} * seconds; // < 2^80
        const auto weighted = multiply(amount, term.weight);
        const auto next = weighted ? add(sum, *weighted) : std::nullopt;
        if (!next)
            return INT64_MAX;
        sum = *next;
    }
    return narrow(sum).value_or(INT64_MAX);
}

// At most two places; rounded up, so that what exceeds never reads as equal.
std::string units(std::int64_t points, std::int64_t per_unit, bool up) {
    const Wide scaled = Wide{points} * 100;
    Wide hundredths = scaled / per_unit;
    if (up && scaled % per_unit != 0)
        ++hundredths;
    std::string text =
        std::to_string(static_cast<std::int64_t>(std::min<Wide>(hundredths / 100, INT64_MAX)));
    const auto rest = static_cast<int>(hundredths % 100);
    if (rest == 0)
        return text;
    text += '.';
    text += static_cast<char>('0' + rest / 10);
    if (rest % 10 != 0)
        text += static_cast<char>('0' + rest % 10);
    return text;
}

// What one job counts in each measure, worked out once however many accounts have a budget in it.
class Counted {
public:
    Counted(const View& view, const Job& job, std::uint64_t seconds) noexcept
        : view_(view), job_(job), seconds_(seconds) {}
    std::int64_t in(std::uint32_t measure, const View::Measure& what) noexcept {
        if (measure >= kKept)
            return points(view_, job_, what, seconds_);
        const std::uint64_t bit = std::uint64_t{1} << measure;
        if ((known_ & bit) == 0) {
            kept_[measure] = points(view_, job_, what, seconds_);
            known_ |= bit;
        }
        return kept_[measure];
    }

private:
    static constexpr std::uint32_t kKept = 64;

    const View& view_;
    const Job& job_;
    std::uint64_t seconds_;
    std::uint64_t known_ = 0;              // a bit for each of kept_
    std::array<std::int64_t, kKept> kept_; // only where known_ has its bit
};

} // namespace

std::optional<Shortfall> shortfall(const View& view, const View::Account& account,
                                   const JobRequest& ask) noexcept {
    std::optional<Shortfall> found;
    if (account.check == model::BudgetCheck::off && account.bounded_by == View::kUnknown)
        return found;
    const Job job(view, ask);
    const auto seconds = job.seconds();
    if (!seconds)
        return found;
    Counted counted(view, job, *seconds);
    const View::Account* one = &account;
    for (int level = 0; one != nullptr && level < kMaxLevels; ++level) {
        for (const auto& budget : view.budgets_of(*one)) {
            const View::Measure& measure = view.measure(budget);
            const Shortfall now{one, &measure, counted.in(budget.measure, measure), budget.left};
            if (now.wants <= now.left)
                continue;
            if (now.refused())
                return now;
            if (!found)
                found = now;
        }
        one = view.above(*one);
    }
    return found;
}

std::string budget_text(const View& view, const Shortfall& what) {
    const std::string name(view.text(what.measure->name));
    const std::string wants = what.wants == INT64_MAX
                                  ? "more than can be counted of"
                                  : units(what.wants, what.measure->per_unit, true);
    std::string text = "this job may use " + wants + " " + name + ", but account " +
                       std::string(view.text(what.account->name)) + " has " +
                       units(what.left, what.measure->per_unit, false) + " left to its limit.";
    text += what.refused() ? " Ask for less time or fewer resources."
                           : " It will be paused when they are used up.";
    if (text.size() > kMaxTextBytes)
        text.resize(kMaxTextBytes);
    return text;
}

} // namespace sluice::plugin
