// SPDX-License-Identifier: GPL-2.0-or-later
// The result of a submission (docs/policy.md, "Admission"). Pure: request, snapshot, settings and
// time in, result out. No lock, no clock, no Slurm.
#pragma once

#include "common/admission/snapshot_view.hpp"
#include "plugin/settings.hpp"

#include <cstdint>
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
    admission::InForce in_force = {};                // what holds for the account now

    bool refused() const noexcept { return reason == Reason::paused; }
};

struct Moment {
    Instant now{};        // wall clock
    std::int64_t age = 0; // seconds since the daemon last confirmed the snapshot
};

// `view` nullptr: no snapshot. Thread-safe, allocates nothing.
AdmissionResult admit(const Request& request, const admission::SnapshotView* view,
                      const Settings& settings, Moment moment) noexcept;

} // namespace sluice::plugin
