// SPDX-License-Identifier: GPL-2.0-or-later
// The lists of a job description (job array, TRES), read as slurmctld reads them: what slurmctld
// accepts is counted, what it refuses may count as anything. Pure, allocates nothing, reads each
// string once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::admission {

// The largest value of any figure of a job, so that no product of three leaves 128 bits.
inline constexpr std::uint64_t kMaxFigure = std::uint64_t{1} << 40;
// How many items of a list are read. No job names more partitions or kinds of GRES; the 1,024 bytes
// that Slurm accepts hold up to 512.
inline constexpr std::size_t kMaxItems = 64;
inline constexpr std::size_t kMaxGres = 32;

// a * b, at most kMaxFigure.
inline std::uint64_t product(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t out = 0;
    return __builtin_mul_overflow(a, b, &out) ? kMaxFigure : std::min(out, kMaxFigure);
}

// Takes the part before the first comma off the front of `rest`; not trimmed.
inline std::string_view next_item(std::string_view& rest) noexcept {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    return item;
}

// The number of array tasks in "1-10:2,15%4": exact unless ranges with steps overlap, where a task
// may count twice. At least 1.
std::uint64_t array_tasks(std::string_view indices) noexcept;

// The number of hosts in "n[1-4,7],gpu1", as hostlist_count(): a host may count twice, and a name
// of several nodes counts once. 0 for "".
std::uint64_t hosts(std::string_view list) noexcept;

// Part of a TRES list, "gres/gpu:a100=2" or "gres:gpu:a100:2".
struct Gres {
    std::string_view name;
    std::string_view type; // "": any
    std::uint64_t count;
};
// Takes the part before the first comma or semicolon off the front of `rest`. nullopt: no GRES, or
// one that Slurm refuses.
std::optional<Gres> take_gres(std::string_view& rest) noexcept;

// A TRES list, kept as positions. REQUIRES: the string outlives it.
class GresList {
public:
    explicit GresList(std::string_view list) noexcept;
    // How many of `tres` ("gres/gpu", "gres/gpu:a100") the list asks for; 0: none. kMaxFigure when
    // it has more than kMaxGres items: what is not read must not be a way around a budget.
    std::uint64_t count_of(std::string_view tres) const noexcept;

private:
    // Without initializers: most lists are empty, and these arrays are large.
    std::array<const char*, kMaxGres> names_;
    std::array<const char*, kMaxGres> types_;
    std::array<std::uint32_t, kMaxGres> name_bytes_;
    std::array<std::uint32_t, kMaxGres> type_bytes_;
    std::array<std::uint64_t, kMaxGres> counts_;
    std::size_t size_ = 0;
    bool complete_ = true;
};

// The largest count that `list` has for `name`: "gres:gpu:4" in cpus_per_tres is 4 for each GPU.
// kMaxFigure when it has more than kMaxGres items.
std::uint64_t largest_count(std::string_view list, std::string_view name) noexcept;

} // namespace sluice::admission
