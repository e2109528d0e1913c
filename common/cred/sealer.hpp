// SPDX-License-Identifier: GPL-2.0-or-later
// Makes credentials, which prove who made a payload, and reads them: by munge, or by a shared key.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::cred {

// Larger payloads are refused on both sides. munged itself takes about 1 MiB.
constexpr std::size_t kMaxPayload = std::size_t{256} * 1024;

struct Credential {
    std::string payload;
    uid_t uid = 0; // of the sender: from munged, or the uid that stands for the holder of the key
    gid_t gid = 0; // by munge only
    Instant encoded{}; // by the clock of the encoding host; by munge only
};

// Not thread-safe, and may block.
class Sealer {
public:
    Sealer() = default;
    Sealer(const Sealer&) = delete;
    Sealer& operator=(const Sealer&) = delete;
    virtual ~Sealer() = default;

    // Only a process of uid `only` can decode the result, where the method has uids.
    virtual Result<std::string> encode(std::string_view payload, std::optional<uid_t> only) = 0;
    // Errors: malformed or refused for what is not authentic, overflow, unavailable. Anything but
    // success yields no payload.
    virtual Result<Credential> decode(std::string_view text) = 0;

protected:
    Sealer(Sealer&&) = default;
    Sealer& operator=(Sealer&&) = default;
};

// The same as a pointer to the interface.
template <class T>
Result<std::unique_ptr<Sealer>> as_sealer(Result<T> made) {
    if (!made)
        return std::move(made).error();
    return std::unique_ptr<Sealer>(std::make_unique<T>(std::move(*made)));
}

// The begin of a credential by a shared key.
inline constexpr std::string_view kKeyMark = "KEY1:";

} // namespace sluice::cred
