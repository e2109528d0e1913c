// SPDX-License-Identifier: GPL-2.0-or-later
// Policies and allocations of the journal: their texts before and after the reader of sluiced.yaml.
#pragma once

#include "common/settings/settings.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::settings {

// "" or why `name` cannot be the name of an account, QOS, component, policy or group.
std::string name_fault(std::string_view name);
// The text that the journal keeps of what was `given`, YAML or JSON: as it is, or in block style if
// it was in braces. `merge`: its keys are laid over those of entry.text, an empty value removes a
// key. malformed: no map; the reader of the file checks the rest.
Result<std::string> entry_text(const model::RuleEntry& entry, std::string_view given, bool merge);
// Where the file has a policy or an account of this name; line 0: it has not.
Place place_in_file(const Settings& settings, model::RuleKind kind, const std::string& name);
// The same entries for the file: blocks `accounts:` and `policies:`.
std::string exported(std::span<const model::RuleEntry> entries);

} // namespace sluice::settings
