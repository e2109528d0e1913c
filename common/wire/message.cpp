// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/message.hpp"

#include "common/wire/bytes.hpp"

namespace sluice::wire {
namespace {

template <class Io>
void fields(Io& io, Of<Io, Challenge>& challenge) {
    io.field(challenge.speaks);
}
template <class Io>
void fields(Io& io, Of<Io, Hello>& hello) {
    io.field(hello.version);
    io.field(hello.cluster, kMaxName);
    io.field(hello.host, kMaxName);
    io.field(hello.slurm_version, kMaxName);
    io.field(hello.plugin_version, kMaxName);
    io.field(hello.sequence);
}
template <class Io>
void fields(Io& io, Of<Io, Welcome>& welcome) {
    io.field(welcome.leader);
    io.field(welcome.daemon_version, kMaxName);
}
template <class Io>
void fields(Io& io, Of<Io, Begin>& begin) {
    io.field(begin.sequence);
    io.field(begin.bytes);
    io.field(begin.crc);
}
template <class Io>
void fields(Io& io, Of<Io, Part>& part) {
    if constexpr (Io::kReads)
        part.bytes = io.rest();
    else
        io.raw(part.bytes);
}
template <class Io>
void fields(Io&, Of<Io, End>&) {}
template <class Io>
void fields(Io& io, Of<Io, Heartbeat>& heartbeat) {
    io.field(heartbeat.now);
    io.field(heartbeat.sequence);
}
template <class Io>
void fields(Io& io, Of<Io, Status>& status) {
    io.field(status.sequence);
    io.field(status.stored);
    io.field(status.admitted);
    io.field(status.warned);
    io.field(status.refused);
    io.field(status.faults);
    io.field(status.oversized);
}

template <class Record>
bool valid(const Record&) {
    return true;
}
bool valid(const Challenge& challenge) {
    return challenge.speaks != 0;
}
bool valid(const Hello& hello) {
    return hello.version != 0;
}
bool valid(const Begin& begin) {
    return begin.bytes <= kMaxImage && begin.sequence != 0;
}
bool valid(const Part& part) {
    return !part.bytes.empty() && part.bytes.size() <= kPartBytes;
}

template <class Record>
Result<Message> decode_as(Kind kind, std::string_view body) {
    Reader in(body);
    Record record;
    fields(in, record);
    if (is_greeting(kind))
        in.rest(); // what a newer version adds
    if (!in.done() || !valid(record))
        return Error{Errc::malformed, std::string("wire: ").append(name(kind))};
    return Message(std::move(record));
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

bool is_greeting(Kind kind) {
    return kind == Kind::challenge || kind == Kind::hello || kind == Kind::welcome;
}

Result<std::string> encode(const Message& message) {
    if (const auto* delta = std::get_if<Delta>(&message))
        return encode_delta(*delta);
    Writer out;
    std::visit(
        [&out](const auto& value) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, Delta>)
                fields(out, value);
        },
        message);
    if (out.overflow())
        return Error{Errc::overflow, "wire: a name is too long"};
    return out.take();
}

Result<Message> decode(std::uint8_t kind, std::string_view body) {
    switch (const auto known = static_cast<Kind>(kind)) {
    case Kind::challenge:
        return decode_as<Challenge>(known, body);
    case Kind::hello:
        return decode_as<Hello>(known, body);
    case Kind::welcome:
        return decode_as<Welcome>(known, body);
    case Kind::begin:
        return decode_as<Begin>(known, body);
    case Kind::part:
        return decode_as<Part>(known, body);
    case Kind::end:
        return decode_as<End>(known, body);
    case Kind::delta:
        if (auto delta = decode_delta(body); !delta)
            return std::move(delta).error();
        else
            return Message(std::move(*delta));
    case Kind::heartbeat:
        return decode_as<Heartbeat>(known, body);
    case Kind::status:
        return decode_as<Status>(known, body);
    }
    return Error{Errc::malformed, "wire: unknown kind"};
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
