// SPDX-License-Identifier: GPL-2.0-or-later
// A mail as bytes (RFC 5322), made of texts that may hold anything. Pure. No header can be forged:
// what is not plain ASCII is encoded, an address that is not plain is refused.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::mail {

constexpr std::size_t kMaxSubject = 1000; // bytes
constexpr std::size_t kMaxText = 100'000;

struct Letter {
    std::string from;
    std::string to;
    std::string subject;
    std::string text; // LF at line ends
    Instant date{};
    std::string id; // unique, stays the same when it is sent again: becomes the Message-ID
};

// name@host of plain ASCII, at most 254 bytes, nothing that a header or an SMTP command could
// misread.
bool is_address(std::string_view text);

// With CR LF at line ends. malformed: an address that is none; overflow: a text too long.
Result<std::string> compose(const Letter& letter);

} // namespace sluice::mail
