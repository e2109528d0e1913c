// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/frame.hpp"

#include "common/wire/bytes.hpp"

namespace sluice::wire {
namespace {

constexpr std::size_t kHead = 4;

} // namespace

Result<std::string> frame(std::string_view credential) {
    if (credential.empty() || credential.size() > kMaxFrame)
        return Error{Errc::overflow, "wire: frame too large"};
    Writer out;
    out.count(credential.size());
    out.raw(credential);
    return out.take();
}

Result<std::optional<std::string>> FrameReader::next(std::size_t most) {
    if (buffer_.size() < kHead)
        return std::optional<std::string>();
    const std::size_t length = Reader(buffer_).u32();
    if (length == 0 || length > most)
        return Error{Errc::malformed, "wire: frame of impossible length"};
    if (buffer_.size() < kHead + length)
        return std::optional<std::string>();
    std::optional<std::string> out(buffer_.substr(kHead, length));
    buffer_.erase(0, kHead + length);
    return out;
}

} // namespace sluice::wire
