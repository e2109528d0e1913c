// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: from, until, then and prorate of an account.
#pragma once

#include "common/model/life.hpp"
#include "common/settings/reader.hpp"

#include <optional>

namespace sluice::settings {

// nullopt: none of the keys is there, or they are at fault.
std::optional<model::AccountLife> read_life(MapReader& account);

} // namespace sluice::settings
