// SPDX-License-Identifier: GPL-2.0-or-later
// Figures of an account for a preview of what a policy would mean for it.
#pragma once

#include "common/model/policy.hpp"
#include "common/model/preview.hpp"
#include "daemon/ports/cycle_report.hpp"

namespace sluice::http {

// A figure of a preview by its key in requests and answers.
struct PreviewFigure {
    const char* key;
    Decimal model::PreviewInput::*member;
};
inline constexpr PreviewFigure kPreviewFigures[] = {
    {"allocation", &model::PreviewInput::allocation},
    {"grace_ratio", &model::PreviewInput::grace_ratio},
    {"previous_usage", &model::PreviewInput::previous_usage},
    {"carryover_factor", &model::PreviewInput::carryover_factor},
    {"current_usage", &model::PreviewInput::current_usage},
    {"daily_usage_rate", &model::PreviewInput::daily_usage_rate},
};

// Grace and carryover of the account's first policy in `set`; allocation, usage and daily rate of
// the component that is nearest to its limit.
void take_account(model::PreviewInput& input, const model::PolicySet& set,
                  const ports::CycleReport& cycle, const model::AccountDecision& account);

} // namespace sluice::http
