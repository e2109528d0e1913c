// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/protocol.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace sluice::stomp {
namespace {

// CONNECT and CONNECTED have no escapes, so that a 1.0 peer can read them.
bool is_plain(std::string_view command) {
    return command == "CONNECT" || command == "CONNECTED";
}

bool is_command(std::string_view text) {
    return !text.empty() && text.size() <= 16 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text)
        switch (c) {
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case ':':
            out += "\\c";
            break;
        default:
            out += c;
        }
}

// nullopt: an escape that STOMP does not have, which it calls a fatal error.
std::optional<std::string> unescaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\') {
            out += text[at];
            continue;
        }
        constexpr std::string_view kLetters = "\\nrc";
        constexpr std::string_view kMeanings = "\\\n\r:";
        const auto found = at + 1 < text.size() ? kLetters.find(text[at + 1]) : std::string::npos;
        if (found == std::string::npos)
            return std::nullopt;
        out += kMeanings[found];
        ++at;
    }
    return out;
}

bool fits_plainly(const std::pair<std::string, std::string>& header) {
    return header.first.find_first_of(std::string_view("\r\n:\0", 4)) == std::string::npos &&
           header.second.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

// The line without its end, which is LF or CR LF.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return line;
}

Result<std::pair<std::string, std::string>> parse_header(std::string_view line, bool plain) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
        return malformed("a header line without a name");
    const auto name = line.substr(0, colon);
    const auto value = line.substr(colon + 1);
    if (plain)
        return std::pair{std::string(name), std::string(value)};
    auto clear_name = unescaped(name);
    auto clear_value = unescaped(value);
    if (!clear_name || !clear_value)
        return malformed("an unknown escape in a header");
    return std::pair{std::move(*clear_name), std::move(*clear_value)};
}

// `head` ends before the blank line.
Result<Frame> parse_head(std::string_view head, std::size_t most_headers) {
    Frame frame;
    frame.command = take_line(head);
    if (!is_command(frame.command))
        return malformed("this is not a command");
    while (!head.empty()) {
        if (frame.headers.size() == most_headers)
            return Error{Errc::overflow, "STOMP: too many headers"};
        auto header = parse_header(take_line(head), is_plain(frame.command));
        if (!header)
            return std::move(header).error();
        frame.headers.push_back(std::move(*header));
    }
    return frame;
}

struct End {
    std::size_t head; // bytes of the head
    std::size_t body; // where the body begins
};

// The blank line that ends the head, which may be written with CR LF.
std::optional<End> end_of_head(std::string_view text, std::size_t from) {
    for (auto at = text.find('\n', from); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        if (at + 1 < text.size() && text[at + 1] == '\n')
            return End{at + 1, at + 2};
        if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n')
            return End{at + 1, at + 3};
    }
    return std::nullopt;
}

// "": none. malformed: not a number.
Result<std::optional<std::size_t>> content_length(const Frame& frame, std::size_t most) {
    const auto text = frame.header("content-length");
    if (text.empty())
        return std::optional<std::size_t>{};
    std::size_t length = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (end != text.data() + text.size() || fault == std::errc::invalid_argument)
        return malformed("content-length is not a number");
    if (fault != std::errc{} || length > most)
        return Error{Errc::overflow,
                     "STOMP: a body of " + std::string(text.substr(0, 20)) + " bytes is too large"};
    return std::optional(length);
}

} // namespace

Error malformed(std::string what) {
    return {Errc::malformed, "STOMP: " + std::move(what)};
}

std::string_view Frame::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name)
            return value;
    return {};
}

Result<std::string> encode(const Frame& frame) {
    if (!is_command(frame.command))
        return malformed("\"" + frame.command + "\" is not a command");
    std::string out = frame.command + '\n';
    for (const auto& header : frame.headers) {
        if (is_plain(frame.command)) {
            if (header.first.empty() || !fits_plainly(header))
                return malformed("header " + header.first + " cannot be written in " +
                                 frame.command);
            ((out += header.first) += ':') += header.second;
        } else {
            if (header.first.empty())
                return malformed("a header without a name");
            append_escaped(out, header.first);
            out += ':';
            append_escaped(out, header.second);
        }
        out += '\n';
    }
    if (!frame.body.empty())
        out += "content-length:" + std::to_string(frame.body.size()) + '\n';
    ((out += '\n') += frame.body) += '\0';
    return out;
}

Result<std::optional<Frame>> FrameReader::next() {
    if (fault_)
        return *fault_;
    auto read = this->read();
    if (!read) {
        fault_ = read.error();
        buffer_.clear();
    }
    return read;
}

Result<std::optional<Frame>> FrameReader::read() {
    if (!frame_) {
        const auto done = read_head();
        if (!done)
            return done.error();
        if (!*done)
            return std::optional<Frame>{};
    }
    const auto done = read_body();
    if (!done)
        return done.error();
    if (!*done)
        return std::optional<Frame>{};
    auto frame = std::move(frame_);
    frame_.reset();
    return frame;
}

// False: not all of it is there.
Result<bool> FrameReader::read_head() {
    if (searched_ == 0) {
        const auto begin = buffer_.find_first_not_of("\r\n"); // heart-beats
        buffer_.erase(0, begin);
    }
    const auto end = end_of_head(buffer_, searched_);
    if ((end ? end->head : buffer_.size()) > bounds_.head)
        return Error{Errc::overflow, "STOMP: the head of a frame is too large"};
    if (!end) {
        // The end may be split: look at its possible beginning again.
        searched_ = buffer_.size() > 2 ? buffer_.size() - 2 : 0;
        return false;
    }
    auto frame = parse_head(std::string_view(buffer_).substr(0, end->head), bounds_.headers);
    if (!frame)
        return std::move(frame).error();
    const auto length = content_length(*frame, bounds_.skipped);
    if (!length)
        return length.error();
    frame->too_large = *length && **length > bounds_.body;
    frame_ = std::move(*frame);
    length_ = *length;
    buffer_.erase(0, end->body);
    searched_ = 0;
    return true;
}

// One message that is too large must not cost the others behind it their connection.
Result<bool> FrameReader::skip_body() {
    const std::size_t part = std::min(buffer_.size(), *length_);
    buffer_.erase(0, part);
    *length_ -= part;
    if (buffer_.empty())
        return false;
    if (buffer_.front() != '\0')
        return malformed("no NUL after the body");
    buffer_.erase(0, 1);
    return true;
}

Result<bool> FrameReader::read_body() {
    if (frame_->too_large)
        return skip_body();
    const auto end = length_ ? (buffer_.size() > *length_ ? *length_ : std::string::npos)
                             : buffer_.find('\0', searched_);
    if (end == std::string::npos) {
        searched_ = buffer_.size();
        if (!length_ && buffer_.size() > bounds_.body)
            return Error{Errc::overflow, "STOMP: the body of a frame is too large"};
        return false;
    }
    if (end > bounds_.body)
        return Error{Errc::overflow, "STOMP: the body of a frame is too large"};
    if (buffer_[end] != '\0')
        return malformed("no NUL after the body");
    frame_->body = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    searched_ = 0;
    return true;
}

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
Frame subscribe_frame(const InboxQueue& queue, std::size_t number, std::size_t prefetch) {
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

Result<std::string> Session::begin(const InboxAccess& access, Time now) {
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
        return Error{Errc::refused, "the broker reports: " + broker_text(frame.header("message")) +
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
        return malformed("the broker requires version \"" + broker_text(frame.header("version")) +
                         '"');
    const auto beats = frame.header("heart-beat");
    const auto comma = beats.find(',');
    if (comma != std::string_view::npos) {
        const auto theirs = beat_of(beats.substr(0, comma));
        const auto wanted = beat_of(beats.substr(comma + 1));
        if (!theirs || !wanted)
            return malformed("a heart-beat that is not two numbers");
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
        return malformed("a message of an unknown subscription");
    if (frame.header("ack").empty())
        return malformed("a message without an ack id");
    const std::string fault =
        frame.too_large ? broker_text(frame.header("content-length")) + " bytes are more than 1 MiB"
                        : "";
    return Message{std::string(frame.header("ack")), queues_[number].kind, frame.body, fault};
}

// Without "requeue" RabbitMQ sends it again at once, for ever; so it goes to the dead letters.
Result<std::string> Session::settle(const std::string& ack, Ack outcome) const {
    if (outcome == Ack::done)
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
        return Error{Errc::timeout, "STOMP: the broker sends no heart-beats"};
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
