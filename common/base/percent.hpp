// SPDX-License-Identifier: GPL-2.0-or-later
// Percent-encoding of texts that become part of a URL or of a form (RFC 3986, section 2).
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// Everything but letters, digits, -._~ and the characters of `also_plain` becomes %XX.
std::string percent_encoded(std::string_view text, std::string_view also_plain = {});

} // namespace sluice
