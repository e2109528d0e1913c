// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/waldur/stomp/fake_broker.hpp"

#include "common/hash/hash.hpp"
#include "tests/support/case.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace sluice::test {
namespace {

bool readable(int fd, std::chrono::milliseconds patience) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(patience.count())) == 1;
}

// As a server sends it: not masked.
std::string wrapped(const std::string& payload) {
    std::string out = "\x81";
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else {
        out += static_cast<char>(126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xFF);
    }
    return out + payload;
}

} // namespace

FakeBroker::FakeBroker(bool websocket)
    : websocket_(websocket), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    CHECK(::bind(listener_.get(), generic, size) == 0);
    CHECK(::listen(listener_.get(), 8) == 0);
    CHECK(::getsockname(listener_.get(), generic, &size) == 0);
    port_ = ntohs(address.sin_port);
}

bool FakeBroker::accept(std::chrono::milliseconds patience) {
    if (!readable(listener_.get(), patience))
        return false;
    client_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    reader_ = stomp::FrameReader();
    raw_.clear();
    if (websocket_)
        open_websocket();
    return true;
}

void FakeBroker::open_websocket() {
    while (raw_.find("\r\n\r\n") == std::string::npos)
        CHECK(fill(std::chrono::seconds(5)));
    const std::string name = "Sec-WebSocket-Key: ";
    const auto at = raw_.find(name) + name.size();
    const auto key = raw_.substr(at, raw_.find("\r\n", at) - at);
    const auto digest = hash::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    raw_.erase(0, raw_.find("\r\n\r\n") + 4);
    const std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Protocol: v12.stomp\r\n"
                               "Sec-WebSocket-Accept: " +
                               hash::base64(*digest) + "\r\n\r\n";
    send_raw(answer);
}

bool FakeBroker::fill(std::chrono::milliseconds patience) {
    if (!client_ || !readable(client_.get(), patience))
        return false;
    char buffer[4096];
    const auto got = ::recv(client_.get(), buffer, sizeof buffer, 0);
    if (got <= 0)
        return false;
    raw_.append(buffer, static_cast<std::size_t>(got));
    return true;
}

// Clients mask; none of ours sends more than 64 KiB at once.
void FakeBroker::unwrap() {
    while (raw_.size() >= 6) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(raw_[at]); };
        CHECK((byte(1) & 0x80U) != 0);
        std::size_t length = byte(1) & 0x7FU;
        std::size_t head = 2;
        if (length == 126) {
            length = static_cast<std::size_t>(byte(2) << 8 | byte(3));
            head = 4;
        }
        if (raw_.size() < head + 4 + length)
            return;
        std::string payload = raw_.substr(head + 4, length);
        for (std::size_t i = 0; i < length; ++i)
            payload[i] = static_cast<char>(payload[i] ^ raw_[head + i % 4]);
        if ((byte(0) & 0x0FU) == 1)
            reader_.add(payload);
        heart_beats_ += payload == "\n" ? 1 : 0;
        raw_.erase(0, head + 4 + length);
    }
}

std::optional<stomp::Frame> FakeBroker::next(std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (websocket_) {
            unwrap();
        } else {
            heart_beats_ += raw_ == "\n" ? 1 : 0;
            reader_.add(raw_);
            raw_.clear();
        }
        auto frame = reader_.next();
        CHECK(frame);
        if (*frame)
            return std::move(**frame);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !fill(left))
            return std::nullopt;
    }
}

void FakeBroker::send(const stomp::Frame& frame) {
    const auto bytes = stomp::encode(frame);
    CHECK(bytes);
    send_raw(websocket_ ? wrapped(*bytes) : *bytes);
}

void FakeBroker::send_raw(const std::string& bytes) {
    CHECK(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

stomp::Frame FakeBroker::welcome(const std::string& beats, std::size_t queues) {
    auto connect = next();
    CHECK(connect && connect->command == "CONNECT");
    send({"CONNECTED", {{"version", "1.2"}, {"heart-beat", beats}}, ""});
    for (std::size_t i = 0; i < queues; ++i) {
        const auto subscribe = next();
        CHECK(subscribe && subscribe->command == "SUBSCRIBE");
        send({"RECEIPT", {{"receipt-id", std::string(subscribe->header("receipt"))}}, ""});
    }
    return std::move(*connect);
}

void FakeBroker::message(const std::string& ack, const std::string& body) {
    send({"MESSAGE", {{"subscription", "0"}, {"message-id", ack}, {"ack", ack}}, body});
}

} // namespace sluice::test
