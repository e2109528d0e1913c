// SPDX-License-Identifier: GPL-2.0-or-later
// HMAC-SHA256 (RFC 2104, FIPS 180-4) for sites without munge, so that no cryptographic library with
// its own start-up code and dependencies is loaded into slurmctld (docs/decisions/0008). Tests
// compare it with GnuTLS' one. For nothing but the channel's shared key.
#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace sluice::plugin {

// 32 raw bytes each.
std::string sha256(std::string_view bytes);
Result<std::string> hmac_sha256(std::string_view key, std::string_view bytes);

} // namespace sluice::plugin
