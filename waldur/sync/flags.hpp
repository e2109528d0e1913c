// SPDX-License-Identifier: GPL-2.0-or-later
// Whose a flag in Waldur is: one that Sluice asked for, or one that a person set, which is never
// cleared. Pure.
#pragma once

#include "common/base/clock.hpp"

#include <optional>
#include <string>

namespace sluice::app {

// What we last asked Waldur to set a flag to.
struct AskedFlag {
    bool value = false;
    Instant asked{};
    std::optional<Instant> confirmed; // when Waldur had taken it

    friend bool operator==(const AskedFlag&, const AskedFlag&) = default;
};

// `shown` by an answer whose first question was asked at `began`; `asked` nullptr: we never did.
// An answer that is older than what we asked for says nothing about it.
bool is_foreign(bool shown, const AskedFlag* asked, Instant began);
// What to ask for now; nullopt: nothing.
std::optional<bool> to_ask(bool wanted, bool shown, const AskedFlag* asked, Instant began);
// Waldur has it otherwise by now: what is there from now on is not ours.
bool is_over(bool shown, const AskedFlag& asked, Instant began);

// "1 1800000000 1800000005" and back; nullopt: something else.
std::string text_of(const AskedFlag& flag);
std::optional<AskedFlag> asked_flag(const std::string& text);

} // namespace sluice::app
