// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/message.hpp"

#include "common/wire/bytes.hpp"
#include "common/wire/crc32c.hpp"

namespace sluice::wire {
namespace {

void put(Writer& out, const Challenge& challenge) {
    out.u8(challenge.speaks);
}
void put(Writer& out, const Hello& hello) {
    out.u8(hello.version);
    out.text(hello.cluster, kMaxName);
    out.text(hello.host, kMaxName);
    out.text(hello.slurm_version, kMaxName);
    out.text(hello.plugin_version, kMaxName);
    out.u64(hello.sequence);
}
void put(Writer& out, const Welcome& welcome) {
    out.u8(welcome.leader ? 1 : 0);
    out.text(welcome.daemon_version, kMaxName);
}
void put(Writer& out, const Begin& begin) {
    out.u64(begin.sequence);
    out.u32(begin.bytes);
    out.u32(begin.crc);
}
void put(Writer& out, const Part& part) {
    out.raw(part.bytes);
}
void put(Writer&, const End&) {}
void put(Writer& out, const Heartbeat& heartbeat) {
    out.i64(epoch(heartbeat.now));
    out.u64(heartbeat.sequence);
}
void put(Writer& out, const Status& status) {
    out.u64(status.sequence);
    out.u64(status.stored);
    out.u64(status.admitted);
    out.u64(status.warned);
    out.u64(status.refused);
    out.u64(status.faults);
    out.u64(status.oversized);
}

Challenge get_challenge(Reader& in) {
    Challenge challenge;
    challenge.speaks = in.u8();
    if (challenge.speaks == 0)
        in.fail();
    in.rest(); // what a newer daemon adds
    return challenge;
}
Hello get_hello(Reader& in) {
    Hello hello;
    hello.version = in.u8();
    hello.cluster = in.text(kMaxName);
    hello.host = in.text(kMaxName);
    hello.slurm_version = in.text(kMaxName);
    hello.plugin_version = in.text(kMaxName);
    hello.sequence = in.u64();
    if (hello.version == 0)
        in.fail();
    in.rest(); // what a newer plugin adds
    return hello;
}
Welcome get_welcome(Reader& in) {
    Welcome welcome;
    const std::uint8_t leader = in.u8();
    welcome.leader = leader == 1;
    welcome.daemon_version = in.text(kMaxName);
    if (leader > 1)
        in.fail();
    in.rest(); // what a newer daemon adds
    return welcome;
}
Begin get_begin(Reader& in) {
    Begin begin;
    begin.sequence = in.u64();
    begin.bytes = in.u32();
    begin.crc = in.u32();
    if (begin.bytes > kMaxImage || begin.sequence == 0)
        in.fail();
    return begin;
}
Part get_part(Reader& in) {
    Part part{std::string(in.rest())};
    if (part.bytes.empty() || part.bytes.size() > kPartBytes)
        in.fail();
    return part;
}
Heartbeat get_heartbeat(Reader& in) {
    Heartbeat heartbeat;
    heartbeat.now = instant(in.i64());
    heartbeat.sequence = in.u64();
    return heartbeat;
}
Status get_status(Reader& in) {
    Status status;
    status.sequence = in.u64();
    status.stored = in.u64();
    status.admitted = in.u64();
    status.warned = in.u64();
    status.refused = in.u64();
    status.faults = in.u64();
    status.oversized = in.u64();
    return status;
}

Result<Message> decode_small(std::uint8_t kind, Reader& in) {
    switch (static_cast<Kind>(kind)) {
    case Kind::challenge:
        return Message(get_challenge(in));
    case Kind::hello:
        return Message(get_hello(in));
    case Kind::welcome:
        return Message(get_welcome(in));
    case Kind::begin:
        return Message(get_begin(in));
    case Kind::part:
        return Message(get_part(in));
    case Kind::end:
        return Message(End{});
    case Kind::heartbeat:
        return Message(get_heartbeat(in));
    case Kind::status:
        return Message(get_status(in));
    case Kind::delta:
        break;
    }
    return Error{Errc::malformed, "wire: unknown kind"};
}

} // namespace

Kind kind_of(const Message& message) {
    return static_cast<Kind>(message.index() + 1);
}

std::string_view name(Kind kind) {
    constexpr std::string_view kNames[] = {"challenge", "hello", "welcome",   "begin", "part",
                                           "end",       "delta", "heartbeat", "status"};
    const auto index = static_cast<std::size_t>(kind) - 1;
    return index < std::size(kNames) ? kNames[index] : "unknown";
}

Result<std::string> encode(const Message& message) {
    if (const auto* delta = std::get_if<Delta>(&message))
        return encode_delta(*delta);
    Writer out;
    std::visit(
        [&out](const auto& value) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, Delta>)
                put(out, value);
        },
        message);
    if (out.overflow())
        return Error{Errc::overflow, "wire: a name is too long"};
    return out.take();
}

Result<Message> decode(std::uint8_t kind, std::string_view body) {
    if (static_cast<Kind>(kind) == Kind::delta) {
        auto delta = decode_delta(body);
        if (!delta)
            return std::move(delta).error();
        return Message(std::move(*delta));
    }
    Reader in(body);
    auto message = decode_small(kind, in);
    if (message && !in.done())
        return Error{Errc::malformed, std::string("wire: ").append(name(static_cast<Kind>(kind)))};
    return message;
}

Result<void> Assembly::add(const Part& part) {
    if (part.bytes.size() > begin_.bytes - bytes_.size())
        return Error{Errc::malformed, "wire: more parts than announced"};
    bytes_ += part.bytes;
    return {};
}

Result<model::Snapshot> Assembly::finish() const {
    if (bytes_.size() != begin_.bytes || crc32c(bytes_) != begin_.crc)
        return Error{Errc::malformed, "wire: snapshot is incomplete or damaged"};
    auto snapshot = decode_image(bytes_);
    if (snapshot && snapshot->sequence != begin_.sequence)
        return Error{Errc::malformed, "wire: snapshot of another sequence"};
    return snapshot;
}

} // namespace sluice::wire
