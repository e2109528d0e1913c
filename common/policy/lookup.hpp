// SPDX-License-Identifier: GPL-2.0-or-later
// Small searches over values that are few (policies of a file).
#pragma once

#include "common/model/policy.hpp"

#include <string>

namespace sluice::policy {

inline const model::Policy* find_policy(const model::PolicySet& set, const std::string& name) {
    for (const auto& policy : set.policies)
        if (policy.name == name)
            return &policy;
    return nullptr;
}

} // namespace sluice::policy
