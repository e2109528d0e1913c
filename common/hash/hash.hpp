// SPDX-License-Identifier: GPL-2.0-or-later
// Hashes and the texts they are written in, over GnuTLS, whose header stays in this folder. Bytes
// travel as std::string. Thread-safe.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::hash {

// Raw digests: 20 and 32 bytes. internal: the library refuses (a FIPS host without SHA-1).
Result<std::string> sha1(std::string_view bytes);
Result<std::string> sha256(std::string_view bytes);
// RFC 2104 with SHA-256, 32 raw bytes.
Result<std::string> hmac_sha256(std::string_view key, std::string_view bytes);
// Unguessable bytes. internal: the system has none to give.
Result<std::string> random_bytes(std::size_t count);

std::string hex(std::string_view bytes);    // lower case
std::string base64(std::string_view bytes); // RFC 4648 section 4, with padding
// Takes the same time wherever the first difference is. A difference in length may show.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace sluice::hash
