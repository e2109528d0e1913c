// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/budget.hpp"

#include "common/base/amount.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::plugin {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 40; // of any figure: products of three fit Wide
constexpr std::size_t kMostTextBytes = 499;
constexpr int kMostLevels = 64; // of accounts; Slurm's trees are far flatter

std::optional<std::uint64_t> number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size() || value > kMost)
        return std::nullopt;
    return value;
}

std::uint64_t times(std::uint64_t a, std::uint64_t b) noexcept {
    const Wide product = Wide{a} * b;
    return product > kMost ? kMost : static_cast<std::uint64_t>(product);
}

// Takes the part before the first of `separators` off the front of `rest`.
std::string_view next_part(std::string_view& rest, std::string_view separators) noexcept {
    const std::size_t end = rest.find_first_of(separators);
    const std::string_view part = trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
}

struct Gres {
    std::string_view name;
    std::string_view type; // "": any
    std::uint64_t count = 1;
};

// "gres:gpu:a100:2", "gres/gpu:a100=2", "gpu:2", "gres/gpu".
std::optional<Gres> gres_of(std::string_view item) noexcept {
    if (item.starts_with("gres:") || item.starts_with("gres/"))
        item.remove_prefix(5);
    item = item.substr(0, item.find('(')); // sockets
    Gres gres;
    const std::size_t last = item.find_last_of(":=");
    if (last != std::string_view::npos) {
        const std::string_view tail = item.substr(last + 1);
        if (const auto count = number(tail)) {
            gres.count = *count;
            item = item.substr(0, last);
        } else if (item[last] == '=' || (!tail.empty() && tail[0] >= '0' && tail[0] <= '9')) {
            return std::nullopt; // a count with a suffix
        }
    }
    const std::size_t colon = item.find(':');
    gres.name = item.substr(0, colon);
    if (colon != std::string_view::npos)
        gres.type = item.substr(colon + 1);
    return gres.name.empty() ? std::nullopt : std::optional(gres);
}

bool names(const Gres& gres, std::string_view tres) noexcept {
    if (!tres.starts_with("gres/"))
        return false;
    tres.remove_prefix(5);
    const std::size_t colon = tres.find(':');
    if (gres.name != tres.substr(0, colon))
        return false;
    // Every type counts for the bare name; a type only counts where it was asked for.
    return colon == std::string_view::npos || gres.type == tres.substr(colon + 1);
}

// One job's figures, with what its partitions add.
class Job {
public:
    Job(const View& view, const Ask& ask) noexcept : view_(view), ask_(ask) {
        look_at_partitions();
    }

    // Job time times tasks of the array. nullopt: no limit is known.
    std::optional<std::uint64_t> seconds() const noexcept {
        if (ask_.unlimited)
            return std::nullopt;
        const auto minutes = ask_.minutes ? ask_.minutes : minutes_;
        if (!minutes)
            return std::nullopt;
        return times(times(*minutes, 60), ask_.tasks);
    }
    std::uint64_t amount(std::string_view tres) const noexcept {
        if (tres == "node")
            return ask_.nodes;
        if (tres == "cpu")
            return cpus();
        if (tres == "mem")
            return memory();
        return tres.starts_with("gres/") ? gres(tres) : 0;
    }

private:
    // Several partitions: the job may run in any of them, so that the least of all counts.
    void look_at_partitions() noexcept {
        bool first = true;
        bool limited = false;
        const auto look = [&](const View::Partition* partition) {
            known_ = known_ && partition != nullptr;
            if (partition == nullptr)
                return;
            whole_ = (first || whole_) && partition->whole_nodes;
            if (partition->minutes) {
                minutes_ = limited ? std::min(*minutes_, *partition->minutes) : *partition->minutes;
                limited = true;
            }
            first = false;
        };
        std::string_view rest = ask_.partition;
        if (trim(rest).empty())
            look(view_.default_partition());
        while (!trim(rest).empty())
            look(view_.partition(next_part(rest, ",")));
        if (!known_)
            minutes_.reset();
        whole_ = ask_.whole_nodes || (known_ && whole_);
    }
    // What whole nodes of any of the partitions have at least.
    std::uint64_t whole_nodes_have(std::string_view tres) const noexcept {
        if (!known_)
            return 0;
        std::uint64_t least = kMost;
        const auto look = [&](const View::Partition* partition) {
            least = std::min(least, view_.least_of(*partition, tres));
        };
        std::string_view rest = ask_.partition;
        if (trim(rest).empty())
            look(view_.default_partition());
        while (!trim(rest).empty())
            look(view_.partition(next_part(rest, ",")));
        return times(least, ask_.nodes);
    }
    std::uint64_t gres(std::string_view tres) const noexcept {
        const std::uint64_t asked =
            std::max({gres_count(ask_.tres_per_job, tres),
                      times(gres_count(ask_.tres_per_node, tres), ask_.nodes),
                      times(gres_count(ask_.tres_per_socket, tres), ask_.nodes),
                      times(gres_count(ask_.tres_per_process, tres), ask_.processes)});
        return whole_ ? std::max(asked, whole_nodes_have(tres)) : asked;
    }
    // "gres:gpu:4" means four for each GPU.
    std::uint64_t for_each_gres(std::string_view list) const noexcept {
        std::uint64_t sum = 0;
        while (!list.empty()) {
            const auto item = gres_of(next_part(list, ",;"));
            if (!item || item->name != "gpu")
                continue;
            sum = std::max(sum, times(item->count, gres("gres/gpu")));
        }
        return sum;
    }
    std::uint64_t cpus() const noexcept {
        const std::uint64_t asked = std::max(ask_.cpus, for_each_gres(ask_.cpus_per_tres));
        return whole_ ? std::max(asked, whole_nodes_have("cpu")) : asked;
    }
    std::uint64_t memory() const noexcept {
        const std::uint64_t by_gres = for_each_gres(ask_.memory_per_tres);
        switch (ask_.memory_kind) {
        case Ask::Memory::per_node:
            return std::max(by_gres, times(ask_.memory, ask_.nodes));
        case Ask::Memory::per_cpu:
            return std::max(by_gres, times(ask_.memory, cpus()));
        case Ask::Memory::whole_nodes:
            return std::max(by_gres, whole_nodes_have("mem"));
        case Ask::Memory::unknown:
            break;
        }
        return by_gres;
    }

    const View& view_;
    const Ask& ask_;
    bool known_ = true; // all partitions are in the snapshot
    bool whole_ = false;
    std::optional<std::uint32_t> minutes_;
};

// Points; INT64_MAX for what does not fit.
std::int64_t points(const View& view, const Job& job, const View::Measure& measure,
                    std::uint64_t seconds) noexcept {
    Wide sum = 0;
    for (const auto& term : view.terms_of(measure)) {
        const Wide amount = Wide{job.amount(view.text(term.tres))} * seconds; // < 2^80
        const auto product = multiply(amount, term.weight);
        const auto next = product ? add(sum, *product) : std::nullopt;
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

struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t count = 0;
};

// "7", "1-10", "1-10:2".
std::optional<Span> span_of(std::string_view text) noexcept {
    std::string_view step_text = text;
    const std::string_view range = next_part(step_text, ":");
    std::string_view last_text = range;
    const auto first = number(next_part(last_text, "-"));
    const auto last = last_text.empty() ? first : number(last_text);
    const auto step = step_text.empty() ? std::optional<std::uint64_t>(1) : number(step_text);
    if (!first || !last || !step || *step == 0 || *last < *first)
        return std::nullopt;
    return Span{*first, *last, (*last - *first) / *step + 1};
}

} // namespace

std::uint64_t array_tasks(std::string_view indices) noexcept {
    std::uint64_t sum = 0;
    std::uint64_t most = 1;
    std::uint64_t end = 0; // of the parts so far
    bool rising = true;    // parts that overlap could name a task twice
    std::string_view rest = indices.substr(0, indices.find('%'));
    while (!rest.empty()) {
        const auto span = span_of(next_part(rest, ","));
        if (!span)
            return 1;
        rising = rising && (sum == 0 || span->first > end);
        end = std::max(end, span->last);
        sum = std::min(kMost, sum + span->count);
        most = std::max(most, span->count);
    }
    return rising ? std::max<std::uint64_t>(1, sum) : most;
}

std::uint64_t gres_count(std::string_view list, std::string_view tres) noexcept {
    std::uint64_t sum = 0;
    while (!list.empty()) {
        const auto item = gres_of(next_part(list, ",;"));
        if (item && names(*item, tres))
            sum = std::min(kMost, sum + item->count);
    }
    return sum;
}

std::optional<Shortfall> shortfall(const View& view, const View::Account& account,
                                   const Ask& ask) noexcept {
    std::optional<Shortfall> found;
    if (account.check == model::BudgetCheck::off && account.bounded_by == View::kUnknown)
        return found;
    const Job job(view, ask);
    const auto seconds = job.seconds();
    if (!seconds)
        return found;
    const View::Account* one = &account;
    for (int level = 0; one != nullptr && level < kMostLevels; ++level) {
        for (const auto& budget : view.budgets_of(*one)) {
            const View::Measure& measure = view.measure(budget);
            const Shortfall now{one, &measure, points(view, job, measure, *seconds), budget.left};
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
    if (text.size() > kMostTextBytes)
        text.resize(kMostTextBytes);
    return text;
}

} // namespace sluice::plugin
