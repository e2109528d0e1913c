// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: ranges and words that the native and Waldur's spellings share.
#pragma once

#include "common/model/policy.hpp"
#include "common/settings/reader.hpp"

#include <array>
#include <cstdint>

namespace sluice::settings {

inline const Range kGrace{Decimal{}, Decimal::whole(10)}; // a ratio of the allocation
inline const Range kUnitFactor{Decimal{}, Decimal::raw(INT64_MAX), true};
inline const Range kPercent{Decimal{}, Decimal::whole(100)};
inline const Range kDayCount{Decimal{}, Decimal::whole(36500), true};
inline constexpr std::array<Choice<model::LimitType>, 3> kLimitTypes{
    {{"GrpTRESMins", model::LimitType::grp_tres_mins},
     {"MaxTRESMins", model::LimitType::max_tres_mins},
     {"GrpTRES", model::LimitType::grp_tres}}};

} // namespace sluice::settings
