// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: components and their billing weights, groups, accounts and allocations.
#pragma once

#include "common/settings/policy_set.hpp"

namespace sluice::settings {

// "", or why no component can count this TRES. The type is put in lower case; the case of a NAME
// behind it is the cluster's business.
std::string tres_fault(std::string& tres);
// The TRES that people usually mean by a word ("gpu": gres/gpu); "": not known.
std::string_view usual_tres(std::string_view word);
void read_components(const Node& node, Reading& reading, Errors& errors);
void read_groups(const Node& node, Reading& reading, Errors& errors);
void read_accounts(const Node& node, Reading& reading, Errors& errors);
// REQUIRES of the rest: components are read.
model::Allocation read_allocation(const Node& node, const Reading& reading, Errors& errors);
// The component's name as it is defined; `written` itself where it is not.
std::string defined_name(const std::string& written, const Reading& reading);
// Refuses component `name` beside itself or another one of the same TRES.
void check_tres_once(const std::string& name, Place place, const Reading& reading,
                     const model::Allocation& allocation, Errors& errors);
std::optional<Decimal> read_units(const Node& node, const std::string& component,
                                  const Reading& reading, Errors& errors);
void read_weights(const Node& node, const Reading& reading, model::Billing& billing,
                  Errors& errors);
void read_weight(const yaml::Entry& entry, const Reading& reading, model::Billing& billing,
                 Errors& errors);

} // namespace sluice::settings
