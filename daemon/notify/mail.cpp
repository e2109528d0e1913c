// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/mail.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/format/message_templates.hpp"
#include "common/hash/hash.hpp"
#include "common/json/json.hpp"
#include "daemon/notify/program.hpp"
#include "daemon/notify/transfer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <sysexits.h>
#include <vector>

namespace sluice::notify {
namespace {

constexpr std::size_t kMaxLine = 900;     // RFC 5322 allows 998
constexpr std::size_t kEncodedBytes = 42; // of text in one encoded word, which may have 75 bytes

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

constexpr std::size_t kShortened = 140; // bytes of a subject in a list; 500 fit into a mail
constexpr std::size_t kLastLine = 200;  // room for the last line

std::string line_of(const std::string& subject) {
    return format::shortened(printable(subject), kShortened);
}

using ports::Delivered;
using ports::Delivery;

constexpr json::Bounds kBounds{ports::kMaxMessageBody, 8};

Result<Letter> read_letter(const ports::OutboxEntry& entry, const std::string& from) {
    auto body = json::parse(entry.message.body, kBounds);
    if (!body)
        return std::move(body).error().in("the message in the outbox");
    return Letter{from,
                  (*body)["to"].text(),
                  (*body)["subject"].text(),
                  (*body)["text"].text(),
                  instant((*body)["date_epoch"].integer()),
                  entry.message.correlation};
}

struct Upload {
    std::string_view rest;

    static std::size_t give(char* out, std::size_t size, std::size_t count, void* self) {
        auto& rest = static_cast<Upload*>(self)->rest;
        const std::size_t bytes = std::min(size * count, rest.size());
        std::memcpy(out, rest.data(), bytes);
        rest.remove_prefix(bytes);
        return bytes;
    }
};

// What the server's last reply means. 5xx at a login or at TLS is a fault of the configuration, not
// of the mail: the mail is sent when the configuration is correct.
Delivery outcome_of(const std::string& where, CURLcode code, long status) {
    if (code == CURLE_OK)
        return {};
    const bool about_letter = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
                              code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UPLOAD_FAILED ||
                              code == CURLE_QUOTE_ERROR;
    const std::string text = where + " replied " + std::to_string(status);
    if (about_letter && status >= 500 && status < 600)
        return {Delivered::refused, text, {}};
    if (about_letter && status >= 400)
        return {Delivered::later, text, {}};
    return unreached(where, code);
}

void log_in(CURL* easy, const MailSettings& settings) {
    if (settings.user.empty())
        return;
    curl_easy_setopt(easy, CURLOPT_USERNAME, settings.user.c_str());
    // libcurl keeps a copy of its own and frees it with the handle.
    const std::string password(settings.password.reveal());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password.c_str());
}

} // namespace

Result<std::string> compose(const Letter& letter) {
    if (!is_mail_address(letter.from) || !is_mail_address(letter.to))
        return Error{Errc::malformed,
                     "the sender or recipient of the mail is not a plain address (name@host)"};
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
                      // Asks other programs not to reply (RFC 3834).
                      "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0"
                      "\r\nContent-Type: text/plain; charset=utf-8"
                      "\r\nContent-Transfer-Encoding: ";
    out += plain ? "7bit\r\n\r\n" + with_line_ends(text) : "base64\r\n\r\n" + folded_base64(text);
    return out;
}

Letter joined(std::span<const Letter> letters) {
    const Letter& last = letters.back();
    const std::string count = std::to_string(letters.size());
    std::string text = count + " notices in one mail, since several mails went to this address "
                               "within an hour:\n\n";
    for (const auto& letter : letters)
        text += "- " + line_of(letter.subject) + '\n';
    std::size_t left_out = 0;
    for (const auto& letter : letters) {
        const std::string part = "\n--- " + line_of(letter.subject) + "\n\n" + letter.text;
        if (text.size() + part.size() > kMaxText - kLastLine)
            ++left_out;
        else
            text += part;
    }
    if (left_out > 0)
        text += "\n--- The texts of " + std::to_string(left_out) +
                (left_out == 1 ? " notice above is" : " notices above are") +
                " left out, since this mail would be too long.\n";
    return {last.from, last.to,   count + " notices of Sluice",
            text,      last.date, letters.front().id + " .. " + last.id};
}

Mailer::Mailer(MailSettings settings) : settings_(std::move(settings)) {
    begin_library();
}

Delivery Mailer::deliver(const ports::OutboxEntry& entry) {
    if (stop_)
        return {Delivered::later, "sluiced is stopping", {}};
    const auto letter = read_letter(entry, settings_.from);
    if (!letter)
        return {Delivered::refused, letter.error().context, {}};
    return send(*letter);
}

Delivery Mailer::deliver_all(std::span<const ports::OutboxEntry> entries) {
    if (stop_)
        return {Delivered::later, "sluiced is stopping", {}};
    std::vector<Letter> letters;
    for (const auto& entry : entries) {
        auto letter = read_letter(entry, settings_.from);
        if (!letter)
            return {Delivered::refused, letter.error().context, {}};
        letters.push_back(std::move(*letter));
    }
    return send(joined(letters));
}

Delivery Mailer::send(const Letter& letter) {
    const auto bytes = compose(letter);
    if (!bytes)
        return {Delivered::refused, bytes.error().context, {}};
    return settings_.smtp.empty() ? by_program(letter, *bytes) : by_smtp(letter, *bytes);
}

Delivery Mailer::by_smtp(const Letter& letter, const std::string& bytes) {
    const EasyHandle easy(curl_easy_init());
    const HeaderList recipients(curl_slist_append(nullptr, letter.to.c_str()));
    if (!easy || !recipients)
        return {Delivered::target_away, "libcurl cannot be started", {}};
    Upload upload{bytes};
    ResponseStart response;
    response.attach(easy.get());
    bound(easy.get(), "smtp,smtps", stop_);
    if (const auto trusted = trust(easy.get(), settings_.ca_file); !trusted)
        return {Delivered::target_away, "ca_file " + trusted.error().context, {}};
    log_in(easy.get(), settings_);
    curl_easy_setopt(easy.get(), CURLOPT_URL, settings_.smtp.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_USE_SSL,
                     static_cast<long>(settings_.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_FROM, letter.from.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(easy.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_READFUNCTION, Upload::give);
    curl_easy_setopt(easy.get(), CURLOPT_READDATA, &upload);
    const CURLcode code = curl_easy_perform(easy.get());
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    return outcome_of(settings_.smtp, code, status);
}

Delivery Mailer::by_program(const Letter& letter, const std::string& bytes) {
    // sendmail and its like expect the host's line ends.
    std::string text = bytes;
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    const auto ended =
        run_program(settings_.sendmail, {"-i", "-f", letter.from, "--", letter.to}, text, stop_);
    if (!ended)
        return {Delivered::target_away, ended.error().context, {}};
    if (*ended == 0)
        return {};
    const std::string what = settings_.sendmail + " exited with status " + std::to_string(*ended);
    if (*ended == EX_NOUSER || *ended == EX_NOHOST || *ended == EX_DATAERR)
        return {Delivered::refused, what, {}};
    return {Delivered::target_away, what, {}};
}

} // namespace sluice::notify
