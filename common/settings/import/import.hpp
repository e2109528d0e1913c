// SPDX-License-Identifier: GPL-2.0-or-later
// waldur-site-agent-config.yaml to sluiced.yaml, as text for a person to look through.
#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace sluice::settings {

// The sluiced.yaml that does the same for the first Slurm offering of the file, its policy in
// observe mode; the policies of the other Slurm offerings, the block `waldur` and every key that
// has no effect, with the reason, are comments; secrets are left out. What it returns is accepted
// by parse(). malformed: the text is no YAML, or a key that matters cannot be understood; with
// place.
Result<std::string> import_site_agent(std::string_view text, const std::string& filename);

// As a YAML scalar: plain where that is safe, else in double quotes.
std::string as_scalar(std::string_view text);

} // namespace sluice::settings
