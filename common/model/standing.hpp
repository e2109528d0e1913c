// SPDX-License-Identifier: GPL-2.0-or-later
// The two flags of an account, as Waldur has them, and one word for both.
#pragma once

#include <string_view>

namespace sluice::model {

enum class Standing { normal, downscaled, paused };

// Both may hold: above the grace limit an account is paused and downscaled.
struct Flags {
    bool paused = false;
    bool downscaled = false;

    friend constexpr Flags operator|(Flags a, Flags b) {
        return {a.paused || b.paused, a.downscaled || b.downscaled};
    }
    friend bool operator==(const Flags&, const Flags&) = default;
};

constexpr Standing standing(Flags flags) {
    if (flags.paused)
        return Standing::paused;
    return flags.downscaled ? Standing::downscaled : Standing::normal;
}

constexpr std::string_view name(Standing standing) {
    if (standing == Standing::paused)
        return "paused";
    return standing == Standing::downscaled ? "downscaled" : "normal";
}

} // namespace sluice::model
