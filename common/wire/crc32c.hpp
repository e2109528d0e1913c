// SPDX-License-Identifier: GPL-2.0-or-later
// CRC-32C (Castagnoli, reflected, RFC 3720 appendix B.4): finds damage, not malice.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::wire {

std::uint32_t crc32c(std::string_view bytes);

} // namespace sluice::wire
