// SPDX-License-Identifier: GPL-2.0-or-later
// The site's own words for what a submitter reads. Patterns only: common/settings checks them,
// common/policy fills them in.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::model {

// "": the built-in text.
struct Texts {
    std::string refusal;
    std::string warning;
};

// A pattern may have this many bytes; what is filled in is cut to as many, too.
inline constexpr std::size_t kTextMost = 399;

// What may stand in braces; sluiced.yaml(5) says what each is.
inline constexpr std::array<std::string_view, 20> kPlaceholders{
    "account", "cause",    "cluster", "component", "contact",    "grace", "granted",
    "left",    "period",   "percent", "policy",    "next_reset", "qos",   "reason",
    "source",  "standing", "tres",    "unit",      "until",      "used"};

} // namespace sluice::model
