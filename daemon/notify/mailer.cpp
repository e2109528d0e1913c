// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/mailer.hpp"

#include "common/json/json.hpp"
#include "daemon/notify/exchange.hpp"
#include "daemon/notify/program.hpp"

#include <algorithm>
#include <cstring>
#include <sysexits.h>

namespace sluice::mail {
namespace {

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

// What the server's last answer means. 5xx at a login or at TLS is the site's fault, not the
// letter's: it goes out when the configuration is mended.
Delivery judge(const std::string& where, CURLcode code, long status) {
    if (code == CURLE_OK)
        return {};
    const bool about_letter = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
                              code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UPLOAD_FAILED ||
                              code == CURLE_QUOTE_ERROR;
    const std::string text = where + " answered " + std::to_string(status);
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

Mailer::Mailer(MailSettings settings) : settings_(std::move(settings)) {
    begin_library();
}

Delivery Mailer::deliver(const ports::OutboxEntry& entry) {
    if (stop_)
        return {Delivered::later, "sluiced is stopping", {}};
    const auto letter = read_letter(entry, settings_.from);
    if (!letter)
        return {Delivered::refused, letter.error().context, {}};
    const auto bytes = compose(*letter);
    if (!bytes)
        return {Delivered::refused, bytes.error().context, {}};
    return settings_.smtp.empty() ? by_program(*letter, *bytes) : by_smtp(*letter, *bytes);
}

Delivery Mailer::by_smtp(const Letter& letter, const std::string& bytes) {
    const EasyHandle easy(curl_easy_init());
    const HeaderList recipients(curl_slist_append(nullptr, letter.to.c_str()));
    if (!easy || !recipients)
        return {Delivered::target_away, "libcurl cannot be started", {}};
    Upload upload{bytes};
    AnswerKeeper answer;
    answer.attach(easy.get());
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
    return judge(settings_.smtp, code, status);
}

Delivery Mailer::by_program(const Letter& letter, const std::string& bytes) {
    // Programs of this kind want the host's line ends.
    std::string text = bytes;
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    const auto ended =
        run_program(settings_.sendmail, {"-i", "-f", letter.from, "--", letter.to}, text, stop_);
    if (!ended)
        return {Delivered::target_away, ended.error().context, {}};
    if (*ended == 0)
        return {};
    const std::string what = settings_.sendmail + " ended with " + std::to_string(*ended);
    if (*ended == EX_NOUSER || *ended == EX_NOHOST || *ended == EX_DATAERR)
        return {Delivered::refused, what, {}};
    return {Delivered::target_away, what, {}};
}

} // namespace sluice::mail
