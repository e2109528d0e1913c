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
void read_account(const std::string& key, Place place, const Node& node, Reading& reading,
                  Errors& errors);
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

// A weight of one TRES as in slurm.conf: a number, or one with a unit suffix ("0.25G").
struct TresWeight {
    Decimal weight;
    int power = 0; // of 1024, relative to MB: K -1, M 0, G 1, T 2, P 3
};
std::optional<TresWeight> parse_weight(const Node& node); // nullopt: no weight
bool counted_in_mb(std::string_view tres);                // so that a suffix has a meaning
// The weight of one unit; nullopt: not exact in nine digits, or does not fit.
std::optional<Decimal> per_unit(const TresWeight& weight, const Decimal& unit_factor);
// The component of this name, else those that count this TRES.
std::vector<const model::Component*> weighed(std::string_view name, const Reading& reading);

} // namespace sluice::settings
