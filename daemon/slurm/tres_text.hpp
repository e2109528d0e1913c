// SPDX-License-Identifier: GPL-2.0-or-later
// Slurm's TRES strings "1=1200,5=600" (by id). Pure: no call into libslurm.
#pragma once

#include "common/model/tres.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::slurm {

// slurm.h: INFINITE64 0xffffffffffffffff, NO_VAL64 0xfffffffffffffffe; a figure from here on is
// none.
inline constexpr std::uint64_t kFirstMarker = 0xfffffffffffffffe;

// The two id <-> name tables of one cluster's structure.
class TresNames {
public:
    explicit TresNames(const std::vector<model::Tres>& tres);
    // nullptr: not one of them
    const std::string* name(std::uint32_t id) const;
    std::optional<std::uint32_t> id(std::string_view name) const;

private:
    std::map<std::uint32_t, std::string> names_;
    std::map<std::string, std::uint32_t, std::less<>> ids_;
};

// TRES id -> figure. Figures that Slurm does not know (NO_VAL64) or that mean "no limit"
// (INFINITE64), and parts that are no "number=number", are left out. Of an id that occurs twice the
// first counts, as Slurm itself reads limits concatenated up the tree.
std::vector<std::pair<std::uint32_t, std::uint64_t>> parse_tres(std::string_view text);

// slurmctld's form for people, "cpu=4,mem=1500M,gres/gpu=2", as the form by id: memory and burst
// buffers in MiB, other figures as they are, with a suffix K, M, G ... where that is exact. TRES
// that the structure does not have are left out. nullopt: not such a text.
std::optional<std::string> tres_by_id(std::string_view text, const TresNames& names);

// By name; ids that the structure does not have are left out.
std::map<std::string, std::int64_t> named_limits(std::string_view text, const TresNames& names);

// "5=600,1=18446744073709551615"; the latter clears. The names must be known; nullopt otherwise.
std::optional<std::string>
limit_text(const std::map<std::string, std::optional<std::int64_t>>& limits,
           const TresNames& names);

} // namespace sluice::slurm
