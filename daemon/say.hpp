// SPDX-License-Identifier: GPL-2.0-or-later
// What sluiced prints for the person who started it. Its log: common/base/log.
#pragma once

#include "common/base/printable.hpp"

#include <ostream>
#include <string_view>

namespace sluice {

// With a line end. Names in a file and errors of other programs do not steer the terminal.
inline void say(std::ostream& out, std::string_view text) {
    out << printable(text, Breaks::kept) << '\n';
}

} // namespace sluice
