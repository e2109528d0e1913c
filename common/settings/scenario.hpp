// SPDX-License-Identifier: GPL-2.0-or-later
// Scenario files: policies, accounts and what happens when, for `sluice simulate`. The policies
// are read by the reader of sluiced.yaml; here they enforce unless mode is observe, and
// qos_default is "normal" unless given, because nothing outside the scenario exists to spare.
#pragma once

#include "common/base/result.hpp"
#include "common/model/scenario.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::settings {

struct ScenarioFile {
    model::Scenario scenario;       // a file without `steps` has none
    std::vector<std::string> notes; // accepted, but worth a line; with place
};

// At most 64 MiB. Errors as those of settings::load(): every fault, one a line, with place.
Result<ScenarioFile> load_scenario(const std::string& path);
Result<ScenarioFile> parse_scenario(std::string_view text, const std::string& filename);

} // namespace sluice::settings
