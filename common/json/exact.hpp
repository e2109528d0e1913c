// SPDX-License-Identifier: GPL-2.0-or-later
// Exact numbers out of JSON.
#pragma once

#include "common/base/decimal.hpp"
#include "common/json/json.hpp"

#include <optional>

namespace sluice::json {

// Of a number, or of a text that is one, as it was written: 0.1 is 0.1. nullopt: neither, or out of
// Decimal's range.
std::optional<Decimal> decimal_of(View value);

} // namespace sluice::json
