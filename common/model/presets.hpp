// SPDX-License-Identifier: GPL-2.0-or-later
// Policies to begin with, under the names and with the values that Waldur's page offers them. They
// observe until their mode is set, and match all accounts until others are named.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::model {

struct Preset {
    std::string_view name;
    std::string_view summary;
    std::string_view text; // YAML, as RuleEntry::text
};

inline constexpr std::array<Preset, 4> kPresets{{
    {"quarterly_soft",
     "Quarterly, 20 % grace, half of an allocation carries over; slower from 100 %",
     "period: quarter\ngrace_ratio: 0.2\ncarryover:\n  enabled: true\n  factor: 50\n"
     "raw_usage_reset: false\n"
     "actions: [notify_organization_owners, request_slurm_resource_downscaling]\n"},
    {"monthly_strict", "Monthly, no grace, no carryover; stopped at 100 %",
     "period: month\ngrace_ratio: 0\ncarryover:\n  enabled: false\n  factor: 0\n"
     "raw_usage_reset: true\n"
     "actions: [notify_organization_owners, block_creation_of_new_resources, "
     "request_slurm_resource_pausing]\n"},
    {"annual_grant", "Yearly, 30 % grace, 75 % of an allocation carries over; notices only",
     "period: year\ngrace_ratio: 0.3\ncarryover:\n  enabled: true\n  factor: 75\n"
     "raw_usage_reset: false\nactions: [notify_organization_owners]\n"},
    {"tracking_only", "Monthly, notices only",
     "period: month\ngrace_ratio: 1\ncarryover:\n  enabled: false\n  factor: 0\n"
     "raw_usage_reset: true\nactions: [notify_organization_owners]\n"},
}};

// nullptr: none of this name.
constexpr const Preset* preset(std::string_view name) {
    const auto* found = std::find_if(kPresets.begin(), kPresets.end(),
                                     [&](const auto& each) { return each.name == name; });
    return found == kPresets.end() ? nullptr : found;
}

} // namespace sluice::model
