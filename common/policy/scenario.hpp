// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a scripted timeline through the same core as the daemon, over a simulated Slurm that starts
// clean and takes every command at once. No files, no clock.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/scenario.hpp"

#include <functional>
#include <memory>

namespace sluice::policy {

struct Evaluated {
    const model::ScenarioStep& step;
    const model::Decision& decision;
    const model::Plan& plan;
    const model::PolicySet& set; // with the allocations at that instant
};

// A timeline that is run a step at a time.
class Simulation;
class Timeline {
public:
    // `scenario`: its steps only name what Slurm has (TRES, allocations to come); run step() for
    // each. `zone` outlives it. Nothing was used before `start`.
    Timeline(const model::Scenario& scenario, const Zone& zone, Instant start);
    Timeline(const Timeline&) = delete;
    Timeline& operator=(const Timeline&) = delete;
    ~Timeline();

    // Calls `sink` if the step evaluates. An evaluation sees what was charged at or before its
    // instant, in the period that contains it. A step back in time is taken as of the latest
    // instant reached, unless it has a clock.
    void step(const model::ScenarioStep& step, const std::function<void(const Evaluated&)>& sink);

private:
    std::unique_ptr<Simulation> simulation_;
};

// Runs all steps of the scenario, in order.
void run(const model::Scenario& scenario, const Zone& zone,
         const std::function<void(const Evaluated&)>& sink);

} // namespace sluice::policy
