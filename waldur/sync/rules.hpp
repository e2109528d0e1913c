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

// Waldur's last good answers, in the order of the settings' offerings; nullptr: none yet.
using Answers = std::vector<std::shared_ptr<const Offering>>;
// When the newest of them began; the beginning of time without any.
Instant began(const Answers& answers);

// Which account is which resource of an offering, and what is wrong with the other resources.
struct AccountResources {
    std::map<std::string, const Resource*> by_account; // point into the Offering
    std::vector<model::Problem> problems;
};
// One for each of the answers. An account in several resources, of whichever offerings, is in none.
std::vector<AccountResources> account_resources(const Answers& answers);

std::shared_ptr<core::Rules> rules_from(const core::Rules& file,
                                        const settings::WaldurSettings& settings,
                                        const Answers& answers, const AskedFlags& asked);
// Of what `rules` made from them have.
KnownIds known_ids(const settings::WaldurSettings& settings, const Answers& answers,
                   const core::Rules& rules);

} // namespace sluice::waldur
