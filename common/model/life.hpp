// SPDX-License-Identifier: GPL-2.0-or-later
// The life of an account: when it begins and ends, beside the periods of its policies.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/standing.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice::model {

// What holds for the account outside its life. release: the account is not evaluated, and has what
// it had without Sluice.
enum class LifeEnd { pause, downscale, release };

// In the order of LifeEnd.
inline constexpr std::string_view kLifeEndNames[] = {"pause", "downscale", "release"};

constexpr std::string_view name(LifeEnd then) {
    return kLifeEndNames[static_cast<std::size_t>(then)];
}

// As the settings have it: local time of the policies' time zone, half-open.
struct AccountLife {
    std::optional<std::chrono::local_seconds> from;  // nullopt: it has always been there
    std::optional<std::chrono::local_seconds> until; // the first instant after it; nullopt: no end
    bool endless = false; // `until: never` is written: an end that is gone is no lost rule
    LifeEnd then = LifeEnd::pause;
    bool prorate = false; // the allocation of a clipped period is its share of the whole period's

    bool bounded() const { return from.has_value() || until.has_value(); }

    friend bool operator==(const AccountLife&, const AccountLife&) = default;
};

enum class LifeState { before, during, after };

// The same as instants, for a decision.
struct Life {
    std::optional<Instant> from;
    std::optional<Instant> until;
    LifeEnd then = LifeEnd::pause;
    bool prorate = false;
    LifeState state = LifeState::during; // at the instant of the decision

    LifeState at(Instant now) const {
        if (until && now >= *until)
            return LifeState::after;
        return from && now < *from ? LifeState::before : LifeState::during;
    }
    // Its own standing outside.
    Flags flags() const { return {then == LifeEnd::pause, then != LifeEnd::release}; }
};

} // namespace sluice::model
