// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/channel.hpp"

#include "common/wire/frame.hpp"

namespace sluice::wire {

Result<std::string> Channel::seal(const Message& message, std::optional<uid_t> only) {
    auto payload = session_.seal(message);
    if (!payload)
        return payload;
    auto credential = sealer_->encode(*payload, only);
    if (!credential)
        return credential;
    return frame(*credential);
}

Result<Opened> Channel::open(std::string_view credential) {
    auto decoded = sealer_->decode(credential);
    if (!decoded)
        return std::move(decoded).error();
    auto message = session_.open(decoded->payload);
    if (!message)
        return std::move(message).error();
    return Opened{std::move(*message), decoded->uid};
}

} // namespace sluice::wire
