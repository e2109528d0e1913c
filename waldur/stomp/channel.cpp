// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/channel.hpp"

#include "common/hash/hash.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::stomp {
namespace {

constexpr std::size_t kMaxWaiting = 1024 * 1024;

bool is_default(const StreamOptions& options) {
    return options.port == (options.tls ? 443U : 80U);
}

} // namespace

Result<Channel> Channel::open(const StreamOptions& options, const std::string& path,
                              const std::atomic<bool>& interrupted) {
    auto stream = Stream::open(options, interrupted);
    if (!stream)
        return stream.error();
    Channel channel(std::move(*stream));
    if (path.empty())
        return channel;
    const auto key = hash::random_bytes(16);
    if (!key)
        return key.error();
    const std::string port = is_default(options) ? "" : ':' + std::to_string(options.port);
    channel.opening_ = Opening{options.host + port, path, hash::base64(*key)};
    channel.opened_ = false;
    const auto request = opening_request(*channel.opening_);
    if (!request)
        return request.error();
    channel.out_ = *request;
    return channel;
}

Result<void> Channel::queue(std::string_view bytes) {
    if (!opened_) {
        held_ += bytes;
        return {};
    }
    if (opening_)
        return frame(Opcode::text, bytes);
    out_ += bytes;
    return {};
}

Result<void> Channel::frame(Opcode opcode, std::string_view payload) {
    const auto random = hash::random_bytes(sizeof(Mask));
    if (!random)
        return random.error();
    Mask mask{};
    std::copy(random->begin(), random->end(), mask.begin());
    out_ += encode(opcode, payload, mask);
    return {};
}

Result<bool> Channel::flush() {
    while (!out_.empty()) {
        const auto sent = stream_.send(out_);
        if (!sent)
            return sent.error();
        if (*sent == 0)
            break;
        explicit_bzero(out_.data(), *sent); // the login's passcode goes this way
        out_.erase(0, *sent);
    }
    if (out_.size() > kMaxWaiting)
        return Error{Errc::timeout, "the other side takes nothing"};
    return out_.empty();
}

Result<std::string> Channel::receive() {
    for (;;) {
        auto bytes = stream_.receive();
        if (!bytes || !opening_ || bytes->empty())
            return bytes;
        if (opened_) {
            reader_.add(*bytes);
        } else {
            answer_ += *bytes;
            if (const auto opened = open_up(); !opened)
                return opened.error();
        }
        auto payload = unpack();
        if (!payload || !payload->empty())
            return payload;
    }
}

Result<void> Channel::open_up() {
    const auto head = check_opening(answer_, *opening_);
    if (!head)
        return head.error();
    if (!*head)
        return {};
    opened_ = true;
    reader_.add(std::string_view(answer_).substr(**head));
    answer_.clear();
    const auto framed = frame(Opcode::text, held_);
    explicit_bzero(held_.data(), held_.size());
    held_.clear();
    return framed;
}

Result<std::string> Channel::unpack() {
    std::string bytes;
    for (;;) {
        const auto message = reader_.next();
        if (!message)
            return message.error();
        if (!*message)
            return bytes;
        switch ((*message)->opcode) {
        case Opcode::ping:
            if (const auto framed = frame(Opcode::pong, (*message)->payload); !framed)
                return framed.error();
            break;
        case Opcode::close:
            return Error{Errc::unavailable,
                         "the server closes: " + close_reason((*message)->payload)};
        case Opcode::pong:
            break;
        default:
            bytes += (*message)->payload;
        }
    }
}

} // namespace sluice::stomp
