// SPDX-License-Identifier: GPL-2.0-or-later
// A message to and from the bytes of the stream: session head, credential, length. May ask
// munged, so each call may block: for threads that may wait, never for slurmctld's.
#pragma once

#include "common/base/result.hpp"
#include "common/cred/sealer.hpp"
#include "common/wire/message.hpp"
#include "common/wire/session.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

struct Opened {
    Message message;
    uid_t uid = 0; // who sent it
};

// Not thread-safe. `sealer` outlives it.
class Channel {
public:
    Channel(cred::Sealer& sealer, const Session& session) : sealer_(&sealer), session_(session) {}

    // Bytes for the stream, readable by uid `only`.
    Result<std::string> seal(const Message& message, std::optional<uid_t> only);
    // `credential`: one frame without its length.
    Result<Opened> open(std::string_view credential);

    void agree(std::uint8_t version) { session_.agree(version); }
    std::uint8_t version() const { return session_.version(); }

private:
    cred::Sealer* sealer_;
    Session session_;
};

} // namespace sluice::wire
