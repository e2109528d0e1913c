// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/letter.hpp"

#include "common/base/printable.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace sluice::mail {
namespace {

constexpr std::size_t kMaxLine = 900;     // RFC 5322 allows 998
constexpr std::size_t kEncodedBytes = 42; // of text in one encoded word, which may have 75 bytes

bool is_atom(char c) {
    constexpr std::string_view kSigns = "!#$%&'*+-/=?^_`{|}~.";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(c) != std::string_view::npos;
}

bool is_host(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string two(unsigned value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

// "Mon, 23 Nov 2026 04:30:00 +0000"
std::string date_text(Instant at) {
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    return std::string(kDays[std::chrono::weekday(day).c_encoding()]) + ", " +
           two(static_cast<unsigned>(date.day())) + ' ' +
           kMonths[static_cast<unsigned>(date.month()) - 1] + ' ' +
           std::to_string(static_cast<int>(date.year())) + ' ' +
           two(static_cast<unsigned>(time.hours().count())) + ':' +
           two(static_cast<unsigned>(time.minutes().count())) + ':' +
           two(static_cast<unsigned>(time.seconds().count())) + " +0000";
}

// RFC 2047: base64 words, never cut inside a character.
std::string encoded_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t end = std::min(kEncodedBytes, text.size());
        while (end > 1 && end < text.size() &&
               (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;
        if (!out.empty())
            out += "\r\n ";
        out += "=?UTF-8?B?" + hash::base64(text.substr(0, end)) + "?=";
        text.remove_prefix(end);
    }
    return out;
}

std::string subject_text(const std::string& subject) {
    const std::string line = printable(subject);
    return is_plain(line) && line.size() <= kMaxLine ? line : encoded_words(line);
}

bool is_plain_text(std::string_view text) {
    std::size_t line = 0;
    for (const char c : text) {
        if (c == '\n')
            line = 0;
        else if ((c < 0x20 && c != '\t') || c >= 0x7F || ++line > kMaxLine)
            return false;
    }
    return true;
}

std::string with_line_ends(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += c == '\n' ? "\r\n" : std::string(1, c);
    return out.ends_with("\r\n") ? out : out + "\r\n";
}

std::string folded_base64(std::string_view text) {
    constexpr std::size_t kLine = 57; // 76 characters
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(kLine, text.size())))
        out += hash::base64(text.substr(0, kLine)) + "\r\n";
    return out;
}

Result<std::string> message_id(const Letter& letter) {
    const auto digest = hash::sha256(letter.id);
    if (!digest)
        return digest.error();
    return '<' + hash::hex(*digest).substr(0, 32) + letter.from.substr(letter.from.find('@')) + '>';
}

} // namespace

bool is_address(std::string_view text) {
    const auto at = text.find('@');
    if (text.size() > 254 || at == std::string_view::npos || at == 0 || at > 64 ||
        text.front() == '-' || at + 1 == text.size())
        return false;
    const auto name = text.substr(0, at);
    const auto host = text.substr(at + 1);
    return std::all_of(name.begin(), name.end(), is_atom) &&
           std::all_of(host.begin(), host.end(), is_host);
}

Result<std::string> compose(const Letter& letter) {
    if (!is_address(letter.from) || !is_address(letter.to))
        return Error{Errc::malformed,
                     "the mail's sender or recipient is no plain address (name@host)"};
    if (letter.subject.size() > kMaxSubject || letter.text.size() > kMaxText)
        return Error{Errc::overflow, "the mail is too long"};
    const auto id = message_id(letter);
    if (!id)
        return id.error();
    const std::string text = printable(letter.text, Breaks::kept);
    const bool plain = is_plain_text(text);
    std::string out = "From: " + letter.from + "\r\nTo: " + letter.to +
                      "\r\nSubject: " + subject_text(letter.subject) +
                      "\r\nDate: " + date_text(letter.date) + "\r\nMessage-ID: " + *id +
                      // No answer of a machine shall come back (RFC 3834).
                      "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0"
                      "\r\nContent-Type: text/plain; charset=utf-8"
                      "\r\nContent-Transfer-Encoding: ";
    out += plain ? "7bit\r\n\r\n" + with_line_ends(text) : "base64\r\n\r\n" + folded_base64(text);
    return out;
}

} // namespace sluice::mail
