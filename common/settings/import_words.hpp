// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: words of Waldur and its site agent in Sluice's.
#pragma once

#include <string>
#include <string_view>

namespace sluice::settings {

// The TRES that a component of this type usually counts; "": none is known.
std::string_view tres_of_type(std::string_view type);
// Of a component's limit_period; "": unknown.
std::string_view period_word(std::string_view limit_period);
// A policy's name out of an offering's.
std::string policy_name(std::string_view offering);

} // namespace sluice::settings
