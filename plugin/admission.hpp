// SPDX-License-Identifier: GPL-2.0-or-later
// The result of a submission and what the user reads (docs/policy.md, "Admission").
// Pure: request, snapshot, settings and time in, result or text out. No lock, no clock, no Slurm.
#pragma once

#include "plugin/settings.hpp"
#include "plugin/snapshot_view.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::plugin {

struct Request {
    std::uint32_t user = 0;      // whose job it will be
    std::uint32_t submitter = 0; // who submits
    std::string_view account;    // "": the user's default
    // The user's default as slurmctld has it now; "": not known, the snapshot's counts instead.
    std::string_view default_account;
    std::string_view partition; // may be a list; "": the default partition
    std::string_view qos;       // "": the default
    std::string_view reservation;
};

enum class Reason {
    normal,          // known, no text
    root,            // root for itself
    exempt,          // by sluice.conf
    no_snapshot,     // nothing was ever received
    stale,           // Fail=open and too old
    unknown_user,    // no account named, and no default known for this uid
    unknown_account, // no policy for it, or no such account
    notice,          // admitted with a text: downscaled, or above the notify level
    paused,
};

struct AdmissionResult {
    Reason reason = Reason::normal;
    const model::SnapshotAccount* account = nullptr; // that the job is charged to; the view's
    InForce in_force = {};                           // what holds for the account now

    bool refused() const noexcept { return reason == Reason::paused; }
};

struct Moment {
    Instant now{};        // wall clock
    std::int64_t age = 0; // seconds since the daemon last confirmed the snapshot
};

// `view` nullptr: no snapshot. Thread-safe, allocates nothing.
AdmissionResult admit(const Request& request, const SnapshotView* view, const Settings& settings,
                      Moment moment) noexcept;

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

} // namespace sluice::plugin
