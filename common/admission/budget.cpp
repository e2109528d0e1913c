// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/budget.hpp"

#include "common/admission/job_lists.hpp"
#include "common/base/amount.hpp"
#include "common/base/text.hpp"
#include "common/model/tres.hpp"

#include <algorithm>
#include <array>

namespace sluice::admission {
namespace {

constexpr std::size_t kMaxTextBytes = 499;
// Of all TRES lists of a job together; slurmctld accepts 1,024 in each. No job needs them, and
// each byte costs time.
constexpr std::size_t kMaxListBytes = 512;
constexpr int kMaxLevels = 64; // of accounts; Slurm's trees are far flatter

// How much of a TRES each node of the partition has at least; 0: not known.
std::uint64_t least_node(const model::Partition& partition, std::string_view tres) noexcept {
    for (const auto& [name, amount] : partition.least_node)
        if (name == tres)
            return static_cast<std::uint64_t>(std::max<std::int64_t>(0, amount));
    return 0;
}

// The partitions that a job names, or the default one. The job may run in any of them.
class Partitions {
public:
    // Partitions after the first kMaxItems are not read: each could only lower the figures.
    Partitions(const SnapshotView& view, std::string_view names) noexcept {
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
    // Each allocates whole nodes.
    bool whole_nodes() const noexcept { return known_ && whole_; }
    // The least limit of all; nullopt: no limit, or not known.
    std::optional<std::uint32_t> minutes() const noexcept {
        return known_ ? minutes_ : std::nullopt;
    }
    // MaxTime of the one that allows most; nullopt: any time, or not known.
    std::optional<std::uint32_t> longest() const noexcept {
        std::uint32_t most = 0;
        for (std::size_t i = 0; i < size_; ++i)
            most = std::max(most, found_[i]->longest.value_or(UINT32_MAX));
        return known_ && size_ > 0 && most != UINT32_MAX ? std::optional(most) : std::nullopt;
    }
    // The least that a node of any of them has.
    std::uint64_t least_of(std::string_view tres) const noexcept {
        if (!known_)
            return 0;
        std::uint64_t least = kMaxFigure;
        for (std::size_t i = 0; i < size_; ++i)
            least = std::min(least, least_node(*found_[i], tres));
        return least;
    }

private:
    void add(const model::Partition* partition) noexcept {
        if (partition == nullptr) {
            known_ = false;
            return;
        }
        found_[size_++] = partition;
        whole_ = whole_ && partition->whole_nodes;
        if (partition->minutes)
            minutes_ = std::min(minutes_.value_or(UINT32_MAX), *partition->minutes);
    }

    std::array<const model::Partition*, kMaxItems> found_; // size_ of them
    std::size_t size_ = 0;
    bool known_ = true;
    bool whole_ = true;
    std::optional<std::uint32_t> minutes_;
};

struct JobTime {
    TimeLimit limit = TimeLimit::unknown;
    std::uint64_t seconds = 0; // of one array task; kMaxFigure without a limit
    std::uint64_t array_tasks = 1;

    std::uint64_t total() const noexcept { return product(seconds, array_tasks); }
};

// One job's figures, with what its partitions add.
class JobFigures {
public:
    JobFigures(const SnapshotView& view, const JobRequest& job) noexcept
        : job_(job), partitions_(view, job.partition),
          lists_are_read_(list_bytes(job) <= kMaxListBytes), per_job_(list(job.tres_per_job)),
          per_node_(list(job.tres_per_node)), per_socket_(list(job.tres_per_socket)),
          per_task_(list(job.tres_per_task)), whole_(job.whole_nodes || partitions_.whole_nodes()) {
        count_cpus_and_memory();
    }

    JobTime job_time() const noexcept {
        const auto minutes = job_.minutes ? job_.minutes : partitions_.minutes();
        if (!job_.unlimited && minutes)
            return {TimeLimit::given, product(*minutes, 60), job_.array_tasks};
        const bool none = job_.unlimited || partitions_.known();
        return {none ? TimeLimit::none : TimeLimit::unknown, kMaxFigure, 1};
    }
    // At most kMaxFigure.
    std::uint64_t amount(std::string_view tres) const noexcept {
        if (tres == "node")
            return std::min(job_.nodes, kMaxFigure);
        if (tres == "cpu")
            return cpus_;
        if (tres == "mem")
            return memory_;
        if (tres == "gres/gpu")
            return gpus_;
        return tres.starts_with("gres/") ? gres(tres) : 0;
    }

private:
    static std::size_t list_bytes(const JobRequest& job) noexcept {
        return job.tres_per_job.size() + job.tres_per_node.size() + job.tres_per_socket.size() +
               job.tres_per_task.size() + job.cpus_per_tres.size() + job.mem_per_tres.size();
    }
    std::uint64_t whole_nodes_have(std::string_view tres) const noexcept {
        return product(partitions_.least_of(tres), job_.nodes);
    }
    std::string_view list(std::string_view tres) const noexcept {
        return lists_are_read_ ? tres : std::string_view();
    }
    // What a list of the kind of cpus_per_tres names for each GPU.
    std::uint64_t each_gpu(std::string_view tres) const noexcept {
        return lists_are_read_ ? largest_count(tres, "gpu") : kMaxFigure;
    }
    std::uint64_t gres(std::string_view tres) const noexcept {
        if (!lists_are_read_)
            return kMaxFigure;
        std::uint64_t asked =
            std::max({per_job_.count_of(tres), product(per_node_.count_of(tres), job_.nodes),
                      product(per_socket_.count_of(tres), job_.nodes),
                      product(per_task_.count_of(tres), job_.ntasks)});
        if (asked == 0 && tres == "gres/gpu")
            asked = std::min(job_.gpus_for_ntasks, kMaxFigure);
        return whole_ ? std::max(asked, whole_nodes_have(tres)) : asked;
    }
    void count_cpus_and_memory() noexcept {
        gpus_ = gres("gres/gpu");
        cpus_ = std::max({std::min(job_.cpus, kMaxFigure), product(job_.cpus_per_gpu, gpus_),
                          product(each_gpu(job_.cpus_per_tres), gpus_)});
        if (whole_)
            cpus_ = std::max(cpus_, whole_nodes_have("cpu"));
        memory_ = product(each_gpu(job_.mem_per_tres), gpus_);
        switch (job_.memory_kind) {
        case JobRequest::Memory::per_node:
            memory_ = std::max(memory_, product(job_.memory, job_.nodes));
            break;
        case JobRequest::Memory::per_cpu:
            memory_ = std::max(memory_, product(job_.memory, cpus_));
            break;
        case JobRequest::Memory::whole_nodes:
            memory_ = std::max(memory_, whole_nodes_have("mem"));
            break;
        case JobRequest::Memory::unknown:
            break;
        }
    }

    const JobRequest& job_;
    const Partitions partitions_;
    const bool lists_are_read_;
    const GresList per_job_;
    const GresList per_node_;
    const GresList per_socket_;
    const GresList per_task_;
    const bool whole_;
    std::uint64_t gpus_ = 0;
    std::uint64_t cpus_ = 0;
    std::uint64_t memory_ = 0;
};

// Calls `use` with the words of a list that slurmctld would read, at most kMaxItems; false: none.
template <class Use>
bool for_each_word(std::string_view names, const Use& use) noexcept {
    bool any = false;
    for (std::size_t items = 0; items < kMaxItems && !names.empty(); ++items)
        if (const std::string_view name = trim(next_item(names)); !name.empty()) {
            use(name);
            any = true;
        }
    return any;
}

// UsageFactor in millionths: of several QOS the least, as the job may run in any of them; without
// one that of the association, which may have one for each partition. What follows the first
// kMaxItems could only lower it.
std::int64_t usage_factor(const SnapshotView& view, const model::SnapshotAccount& account,
                          const JobRequest& job) noexcept {
    std::int64_t least = INT64_MAX;
    if (for_each_word(job.qos,
                      [&](std::string_view name) { least = std::min(least, view.factor(name)); }))
        return least;
    const auto use = [&](std::string_view partition) {
        least = std::min(least, view.default_factor(account, job.user, partition));
    };
    if (!for_each_word(job.partition, use)) {
        const auto* partition = view.default_partition();
        use(partition == nullptr ? std::string_view() : std::string_view(partition->name));
    }
    return least;
}

// Points, rounded up; INT64_MAX for what does not fit.
std::int64_t points(const JobFigures& job, const model::Measure& measure, std::uint64_t seconds,
                    std::int64_t factor) noexcept {
    if (factor == 0)
        return 0;
    Wide sum = 0;
    for (const auto& term : measure.terms) {
        const Wide amount = Wide{job.amount(term.tres)} * seconds; // < 2^80
        const auto weighted = multiply(amount, term.weight);
        const auto next = weighted ? add(sum, *weighted) : std::nullopt;
        if (!next)
            return INT64_MAX;
        sum = *next;
    }
    if (factor != model::kFullPrice) {
        // Whole points are compared with what is left: rounding up changes no result.
        const auto charged = multiply(sum, factor);
        const auto padded = charged ? add(*charged, model::kFullPrice - 1) : std::nullopt;
        if (!padded)
            return INT64_MAX;
        sum = *padded / model::kFullPrice;
    }
    return narrow(sum).value_or(INT64_MAX);
}

// At most two decimals. `up`: rounded up, so that an excess never reads as equal.
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

// The points of one job in each measure, calculated once for all accounts with a budget in it.
class Counted {
public:
    Counted(const SnapshotView& view, const model::SnapshotAccount& account,
            const JobRequest& job) noexcept
        : figures_(view, job), time_(figures_.job_time()), seconds_(time_.total()),
          factor_(usage_factor(view, account, job)) {}
    const JobTime& job_time() const noexcept { return time_; }
    std::int64_t in(std::uint32_t measure, const model::Measure& what) noexcept {
        if (measure >= kKept)
            return points(figures_, what, seconds_, factor_);
        const std::uint64_t bit = std::uint64_t{1} << measure;
        if ((known_ & bit) == 0) {
            kept_[measure] = points(figures_, what, seconds_, factor_);
            known_ |= bit;
        }
        return kept_[measure];
    }

private:
    static constexpr std::uint32_t kKept = 64;

    const JobFigures figures_;
    const JobTime time_;
    const std::uint64_t seconds_;
    const std::int64_t factor_;
    std::uint64_t known_ = 0;              // a bit for each of kept_
    std::array<std::int64_t, kKept> kept_; // only where known_ has its bit
};

// A job without a time limit counts only where limits in Slurm would keep it waiting for ever, or
// where an update takes the limit away.
bool applies(const JobTime& time, const model::SnapshotAccount& account, bool update) noexcept {
    return time.limit == TimeLimit::given ||
           (time.limit == TimeLimit::none && (account.waits || update));
}

// The time limit with which the job would just fit, in minutes; 0: none.
std::uint32_t fitting_minutes(const Cost& what, const JobTime& time) noexcept {
    if (what.wants <= 0 || what.wants == INT64_MAX)
        return 0;
    // Both factors are below 2^64.
    const Wide minutes = Wide{what.left} * Wide{time.seconds} / what.wants / 60;
    return static_cast<std::uint32_t>(std::min<Wide>(minutes, UINT32_MAX));
}

// The longest time limit that fits, in minutes; nullopt: any. `each`: the points of one minute,
// which are rounded up: the job's own time is more exact.
std::optional<std::uint32_t> longest(const Cost& cost, const JobTime& time,
                                     std::int64_t each) noexcept {
    if (time.limit == TimeLimit::given && cost.wants > 0 && cost.wants != INT64_MAX)
        return fitting_minutes(cost, time);
    if (each <= 0)
        return std::nullopt;
    return each == INT64_MAX
               ? 0
               : static_cast<std::uint32_t>(std::min<std::int64_t>(cost.left / each, UINT32_MAX));
}

// Calls `use` with the cost in each budget from `account` upwards, and the measure's index.
template <class Use>
void for_each_cost(const SnapshotView& view, const model::SnapshotAccount& account,
                   Counted& counted, const Use& use) {
    const bool unlimited = counted.job_time().limit != TimeLimit::given;
    const auto& measures = view.snapshot().measures;
    const model::SnapshotAccount* one = &account;
    for (int level = 0; one != nullptr && level < kMaxLevels; ++level) {
        for (const auto& budget : one->budgets) {
            if (budget.measure >= measures.size())
                continue;
            const model::Measure& measure = measures[budget.measure];
            use(Cost{one, &measure, counted.in(budget.measure, measure), budget.left, unlimited},
                budget.measure);
        }
        one = view.above(*one);
    }
}

} // namespace

std::optional<Shortfall> shortfall(const SnapshotView& view, const model::SnapshotAccount& account,
                                   const JobRequest& job, Present present) noexcept {
    std::optional<Shortfall> found;
    if (account.check == model::BudgetCheck::off && account.bounded_by.empty())
        return found;
    Counted counted(view, account, job);
    const JobTime& time = counted.job_time();
    std::optional<Counted> earlier;
    if (present.job != nullptr)
        earlier.emplace(view, account, *present.job);
    std::uint32_t fits = UINT32_MAX;
    for_each_cost(view, account, counted, [&](Cost now, std::uint32_t measure) {
        if (now.account->check == model::BudgetCheck::off ||
            !applies(time, *now.account, earlier.has_value()))
            return;
        if (earlier) {
            const std::int64_t before = earlier->in(measure, *now.measure);
            if (now.wants <= before)
                return;
            if (present.added_only)
                now.wants -= before;
        }
        if (now.fits())
            return;
        fits = std::min(fits, earlier ? 0 : fitting_minutes(now, time));
        const Shortfall here{now};
        if (!found || (here.refused() && !found->refused()))
            found = here;
    });
    if (found)
        found->fitting_minutes = fits;
    return found;
}

JobCosts costs(const SnapshotView& view, const model::SnapshotAccount& account,
               const JobRequest& job) {
    JobCosts out;
    Counted counted(view, account, job);
    const JobTime& time = counted.job_time();
    out.limit = time.limit;
    if (time.limit == TimeLimit::given)
        out.minutes = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(time.seconds / 60, UINT32_MAX)); // kMaxFigure seconds are more
    JobRequest minute = job;
    minute.minutes = 1;
    minute.unlimited = false;
    out.longest = Partitions(view, job.partition).longest();
    Counted a_minute(view, account, minute);
    for_each_cost(view, account, counted, [&](const Cost& cost, std::uint32_t measure) {
        out.rows.push_back(cost);
        if (const auto most = longest(cost, time, a_minute.in(measure, *cost.measure)))
            out.longest = std::min(out.longest.value_or(UINT32_MAX), *most);
    });
    return out;
}

std::optional<Shortfall> waiting(const JobCosts& costs) noexcept {
    const auto found = std::find_if(costs.rows.begin(), costs.rows.end(), [&](const Cost& cost) {
        return cost.account->waits && costs.limit != TimeLimit::unknown && !cost.fits();
    });
    if (found == costs.rows.end())
        return std::nullopt;
    Shortfall out{*found};
    out.fitting_minutes = costs.longest.value_or(0);
    return out;
}

namespace {

// As squeue shows it.
std::string waiting_reason(const model::Measure& measure) {
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"cpu", "AssocGrpCPUMinutesLimit"},
        {"mem", "AssocGrpMemMinutes"},
        {"node", "AssocGrpNodeMinutes"},
    };
    const std::string_view tres =
        measure.terms.size() == 1 ? std::string_view(measure.terms[0].tres) : std::string_view();
    for (const auto& [name, reason] : kNames)
        if (tres == name)
            return std::string(reason);
    return tres.starts_with("gres/") ? "AssocGrpGRESMinutes" : "AssocGrp...Minutes";
}

} // namespace

std::string time_limit_text(std::uint32_t minutes) {
    const auto two = [](std::uint32_t value) {
        return (value < 10 ? "0" : "") + std::to_string(value);
    };
    const std::uint32_t hours = minutes / 60;
    if (hours < 24)
        return std::to_string(hours) + ":" + two(minutes % 60) + ":00";
    return std::to_string(hours / 24) + "-" + two(hours % 24) + ":" + two(minutes % 60);
}

std::string budget_text(const Shortfall& what) {
    const std::string& name = what.measure->name;
    const std::string left = units(what.left, what.measure->per_unit, false);
    std::string text;
    if (what.unlimited)
        text = "this job has no time limit, but account " + what.account->name + " has " + left +
               " " + name + " left.";
    else
        text = "this job may use " +
               (what.wants == INT64_MAX ? "more than can be counted of"
                                        : units(what.wants, what.measure->per_unit, true)) +
               " " + name + ", but account " + what.account->name + " has " + left + " left.";
    if (what.refused())
        text += " Request less time or fewer resources";
    else if (what.account->waits)
        text += " The job will wait with reason " + waiting_reason(*what.measure);
    else
        text += " The account will be paused at its limit";
    text += what.fitting_minutes > 0
                ? ": --time=" + time_limit_text(what.fitting_minutes) + " or less fits."
                : ".";
    if (text.size() > kMaxTextBytes)
        text.resize(kMaxTextBytes);
    return text;
}

std::string budget_code(const Shortfall& what) {
    std::string out = "\n[sluice: over-budget account=" + percent_encoded(what.account->name) +
                      " component=" + percent_encoded(what.measure->name);
    if (what.fitting_minutes != 0)
        out += " time-limit=" + std::to_string(what.fitting_minutes);
    return out + ']';
}

} // namespace sluice::admission
