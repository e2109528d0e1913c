// SPDX-License-Identifier: GPL-2.0-or-later
// What a user reads of an account that is paused or close to it (docs/policy.md, "Admission"): the
// plugin at submission, `sluice quote` before. Pure: snapshot and time in, text out.
#pragma once

#include "common/admission/snapshot_view.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::admission {

// Whether the snapshot has user `uid` as a member of the account.
bool is_member(const SnapshotView& view, const model::SnapshotAccount& account,
               std::uint32_t uid) noexcept;
// The daemon's text, whom to ask, and with `suggest` the accounts of user `uid` that have
// allocation left, with `default_account` marked. Under 500 bytes. REQUIRES: `account` is the
// view's.
std::string refusal_text(const SnapshotView& view, const model::SnapshotAccount& account,
                         std::uint32_t uid, bool suggest, Instant now,
                         std::string_view default_account = {});
// For a user who may not read the figures of the account.
std::string stranger_text(const model::SnapshotAccount& account);
// "\n[sluice: paused account=physics until=2027-01-01T00:00:00Z]", for programs: its form never
// changes (job_submit_sluice(8), "REFUSALS"). Without `until` where no end is known.
std::string pause_code(const model::SnapshotAccount& account, Instant now);
// The daemon's text and whom to ask.
std::string warning_text(const InForce& in_force);

} // namespace sluice::admission
