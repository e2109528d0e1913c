// SPDX-License-Identifier: GPL-2.0-or-later
// What the jobs used that ended in one slice of time: by the job's own account (the tree may
// change), user and TRES, cut at the instants where windows begin and end. Pure.
#pragma once

#include "daemon/slurm/job_tracker.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::slurm {

using TresSums = std::map<std::uint32_t, Wide>;                          // TRES id -> TRES-seconds
using UserSums = std::map<std::string, std::map<std::string, TresSums>>; // account -> user

struct Piece {
    Window time; // in which all of it was used
    UserSums sums;
};

// From the earliest begin to the latest end of the jobs, cut at the instants; nothing of no jobs.
std::vector<Window> pieces_of_time(const std::vector<EndedJob>& jobs,
                                   const std::set<Instant>& cuts);
// `suspensions` inside `time` of those that were suspended at all.
bool needs_suspensions(const std::vector<EndedJob>& jobs, Window time);
Piece piece_of(const std::vector<EndedJob>& jobs, Window time, const Suspensions& suspensions);

// None of the instants lies inside one of the pieces.
bool fits(const std::vector<Window>& pieces, const std::set<Instant>& cuts);

// Lines "P<TAB>begin<TAB>end", each followed by lines "account<TAB>user<TAB>id=sum,id=sum". Names
// have %09, %0A and %25 for what would break that. overflow: a sum does not fit 64 bits.
Result<std::string> text_of_pieces(const std::vector<Piece>& pieces);
// nullopt: not such a text.
std::optional<std::vector<Piece>> pieces_of_text(std::string_view text);

} // namespace sluice::slurm
