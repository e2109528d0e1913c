// SPDX-License-Identifier: GPL-2.0-or-later
// Length and credential on a byte stream. The length is checked before anything is allocated for
// it.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

// A payload of 256 KiB as a credential: base64 of the payload, head and MAC.
constexpr std::size_t kMaxFrame = std::size_t{360} * 1024;
// Before the other side is known, nothing longer than a greeting is taken.
constexpr std::size_t kMaxGreeting = std::size_t{16} * 1024;

// u32 length, then the text. Errors: overflow.
Result<std::string> frame(std::string_view credential);

// Collects bytes as they arrive.
class FrameReader {
public:
    void add(std::string_view bytes) { buffer_ += bytes; }
    // The next whole frame; nullopt: more bytes are needed. Errors: malformed (length 0 or above
    // `most`); the stream cannot be used any further.
    Result<std::optional<std::string>> next(std::size_t most);
    // Bytes that are waiting: bounded by the caller through reading only while this is small.
    std::size_t size() const { return buffer_.size(); }

private:
    std::string buffer_;
};

} // namespace sluice::wire
