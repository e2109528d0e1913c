// SPDX-License-Identifier: GPL-2.0-or-later
// From the rules of sluiced.yaml and Waldur's last answer to the rules of the next evaluations.
// Pure.
#pragma once

#include "common/settings/waldur.hpp"
#include "daemon/core/rules.hpp"
#include "waldur/api/offering.hpp"
#include "waldur/sync/sent.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::waldur {

// Which account is which resource, and what is wrong with the other resources.
struct AccountResources {
    std::map<std::string, const Resource*> by_account; // point into the Offering
    std::vector<model::Problem> problems;
};
AccountResources account_resources(const Offering& offering);

// `offering` nullptr: Waldur has never answered.
std::shared_ptr<core::Rules> rules_from(const core::Rules& file,
                                        const settings::WaldurSettings& settings,
                                        const Offering* offering, const AskedFlags& asked);
// Of what `rules` made from it have.
KnownIds known_ids(const settings::WaldurSettings& settings, const Offering* offering,
                   const core::Rules& rules);

} // namespace sluice::waldur
