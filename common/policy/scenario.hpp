// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a scripted timeline through the same core as the daemon, over a simulated Slurm that starts
// clean and takes every command at once. No files, no clock.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/scenario.hpp"

#include <functional>

namespace sluice::policy {

struct Evaluated {
    const model::ScenarioStep& step;
    const model::Decision& decision;
    const model::Plan& plan;
    const model::PolicySet& set; // with the allocations at that instant
};

// Calls `sink` for each step that evaluates, in order. An evaluation sees what was charged at or
// before its instant, in the period that contains it. Steps back in time are taken as of the
// latest instant reached, unless they have a clock.
void run(const model::Scenario& scenario, const Zone& zone,
         const std::function<void(const Evaluated&)>& sink);

} // namespace sluice::policy
