// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: one entry of `policies`, and the ranges and words that its native and
// Waldur's spellings share.
#pragma once

#include "common/settings/policy_set.hpp"

#include <array>

namespace sluice::settings {

inline const Range kGrace{Decimal{}, Decimal::whole(10)}; // a ratio of the allocation
inline const Range kUnitFactor{Decimal{}, Decimal::raw(INT64_MAX), true};
inline const Range kPercent{Decimal{}, Decimal::whole(100)};
inline const Range kDayCount{Decimal{}, Decimal::whole(36500), true};
inline constexpr std::array<Choice<model::LimitType>, 3> kLimitTypes{
    {{"GrpTRESMins", model::LimitType::grp_tres_mins},
     {"MaxTRESMins", model::LimitType::max_tres_mins},
     {"GrpTRES", model::LimitType::grp_tres}}};

// Adds the policy to `reading`. `entry`: its name in the journal; "": it is one of the file.
// REQUIRES: components and groups are read.
void read_policy(const Node& node, Reading& reading, Errors& errors, const std::string& entry = "");
// accounts, subtrees, apply_to_all, organization_groups: whom the policy covers.
void read_match(MapReader& map, Reading& reading, model::Policy& policy, PolicyPlaces& places);
void read_clusters(MapReader& map, model::Policy& policy, PolicyPlaces& places);
// What a message template may be.
struct TemplateRule {
    std::size_t most = 0;     // bytes
    std::string_view refused; // characters
    std::vector<std::string> placeholders;
};
// Reads `block`.`key`; a template that breaks the rule is reported.
void read_template(MapReader& map, std::string_view block, std::string_view key, std::string& out,
                   const TemplateRule& rule);
// The message templates of a policy, or of all.
void read_texts(MapReader& map, model::Texts& texts);
// Waldur's spellings of the keys of a policy; true values already read stay unless given twice.
void read_waldur_words(MapReader& map, Reading& reading, model::Policy& policy,
                       PolicyPlaces& places);

} // namespace sluice::settings
