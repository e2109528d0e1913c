// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/session.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace sluice::stomp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxBrokerText = 300;
constexpr milliseconds kMaxBeat{3'600'000};

std::string broker_text(std::string_view text) {
    return printable(trim(text.substr(0, kMaxBrokerText)));
}

std::optional<milliseconds> beat_of(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return std::min(milliseconds{value}, kMaxBeat);
}

// STOMP 1.2, "Heart-beating": of what one offers and the other wants the longer counts; 0 is never.
milliseconds agreed(milliseconds ours, milliseconds theirs) {
    if (ours.count() == 0 || theirs.count() == 0)
        return milliseconds{0};
    return std::max(ours, theirs);
}

// A queue by its own name, never declared: "/queue/NAME" would declare it with other arguments than
// Waldur did, which RabbitMQ refuses.
Frame subscribe_frame(const ports::InboxQueue& queue, std::size_t number, std::size_t prefetch) {
    const std::string id = std::to_string(number);
    return {"SUBSCRIBE",
            {{"id", id},
             {"destination", "/amq/queue/" + queue.name},
             {"ack", "client-individual"},
             {"prefetch-count", std::to_string(prefetch)},
             {"receipt", "subscribed-" + id}},
            ""};
}

} // namespace

Result<std::string> Session::begin(const ports::InboxAccess& access, Time now) {
    began_ = last_sent_ = last_received_ = now;
    queues_ = access.queues;
    const std::string beat = std::to_string(options_.heart_beat.count());
    Frame frame{"CONNECT",
                {{"accept-version", "1.2"},
                 {"host", access.vhost},
                 {"login", access.login},
                 {"passcode", std::string(access.passcode.reveal())},
                 {"heart-beat", beat + ',' + beat}},
                ""};
    auto bytes = encode(frame);
    auto& passcode = frame.headers[3].second;
    explicit_bzero(passcode.data(), passcode.size());
    return bytes;
}

Result<std::vector<Session::Message>> Session::take(std::string_view bytes, Time now,
                                                    std::string& out) {
    if (!bytes.empty())
        last_received_ = now;
    reader_.add(bytes);
    std::vector<Message> messages;
    for (;;) {
        const auto frame = reader_.next();
        if (!frame)
            return frame.error();
        if (!*frame)
            return messages;
        if (const auto taken = take(**frame, out, messages); !taken)
            return taken.error();
    }
}

Result<void> Session::take(const Frame& frame, std::string& out, std::vector<Message>& messages) {
    if (frame.command == "ERROR") {
        const std::string body = broker_text(frame.body);
        return Error{Errc::refused, "the broker says: " + broker_text(frame.header("message")) +
                                        (body.empty() ? "" : " (" + body + ')')};
    }
    if (!connected_) {
        if (frame.command != "CONNECTED")
            return malformed(frame.command + " before CONNECTED");
        return connected(frame, out);
    }
    if (frame.command == "RECEIPT") {
        unconfirmed_.erase(std::string(frame.header("receipt-id")));
        return {};
    }
    if (frame.command != "MESSAGE")
        return malformed("an unexpected " + frame.command);
    auto one = message(frame);
    if (!one)
        return one.error();
    messages.push_back(std::move(*one));
    return {};
}

Result<void> Session::connected(const Frame& frame, std::string& out) {
    if (frame.header("version") != "1.2")
        return malformed("the broker wants version \"" + broker_text(frame.header("version")) +
                         '"');
    const auto beats = frame.header("heart-beat");
    const auto comma = beats.find(',');
    if (comma != std::string_view::npos) {
        const auto theirs = beat_of(beats.substr(0, comma));
        const auto wanted = beat_of(beats.substr(comma + 1));
        if (!theirs || !wanted)
            return malformed("a heart-beat that is no two numbers");
        receive_within_ = agreed(options_.heart_beat, *theirs);
        send_every_ = agreed(options_.heart_beat, *wanted);
    }
    connected_ = true;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        const auto bytes = encode(subscribe_frame(queues_[i], i, options_.prefetch));
        if (!bytes)
            return bytes.error();
        out += *bytes;
        unconfirmed_.insert("subscribed-" + std::to_string(i));
    }
    return {};
}

Result<Session::Message> Session::message(const Frame& frame) const {
    const auto id = frame.header("subscription");
    std::size_t number = queues_.size();
    std::from_chars(id.data(), id.data() + id.size(), number);
    if (number >= queues_.size())
        return malformed("a message of a subscription that is not ours");
    if (frame.header("ack").empty())
        return malformed("a message that cannot be acknowledged");
    const std::string fault =
        frame.too_large ? broker_text(frame.header("content-length")) + " bytes are too many" : "";
    return Message{std::string(frame.header("ack")), queues_[number].kind, frame.body, fault};
}

// Without "requeue" RabbitMQ sends it again at once, for ever; so it goes to the dead letters.
Result<std::string> Session::settle(const std::string& ack, ports::Ack verdict) const {
    if (verdict == ports::Ack::done)
        return encode({"ACK", {{"id", ack}}, ""});
    return encode({"NACK", {{"id", ack}, {"requeue", "false"}}, ""});
}

Result<std::string> Session::end() const {
    return encode({"DISCONNECT", {}, ""});
}

// Half of what was agreed, and twice of it, leave room for a slow network on both ways.
Result<std::string> Session::tick(Time now) {
    if (!ready() && now >= began_ + options_.patience)
        return Error{Errc::timeout, "STOMP: no answer to the login or a subscription"};
    if (receive_within_.count() > 0 && now >= last_received_ + 2 * receive_within_)
        return Error{Errc::timeout, "STOMP: the broker is silent"};
    if (send_every_.count() == 0 || now < last_sent_ + send_every_ / 2)
        return std::string();
    last_sent_ = now;
    return std::string(kHeartBeat);
}

Session::Time Session::due() const {
    Time due = last_received_ + kMaxBeat;
    if (!ready())
        due = std::min(due, began_ + options_.patience);
    if (receive_within_.count() > 0)
        due = std::min(due, last_received_ + 2 * receive_within_);
    if (send_every_.count() > 0)
        due = std::min(due, last_sent_ + send_every_ / 2);
    return due;
}

} // namespace sluice::stomp
