// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/webhook.hpp"

#include "common/hash/hash.hpp"
#include "daemon/notify/transfer.hpp"

#include <string_view>
#include <vector>

namespace sluice::notify {
namespace {

using ports::Delivered;
using ports::Delivery;

// Account names may hold anything; a header line may not.
std::string plain(std::string text) {
    for (char& c : text)
        if (c <= 0x20 || c == 0x7F)
            c = '_';
    return text;
}

// libcurl copies each line; it returns nullptr for lack of memory and leaves the list as it was.
HeaderList header_list(const std::vector<std::string>& lines) {
    HeaderList list;
    for (const auto& line : lines) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr)
            return nullptr;
        (void)list.release();
        list.reset(longer);
    }
    return list;
}

std::optional<std::chrono::seconds> retry_after(CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x074200
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        return std::chrono::seconds(seconds);
#else
    (void)easy;
#endif
    return std::nullopt;
}

// Without the path: that of a chat's webhook is its password, and errors are logged.
std::string place_of(std::string_view url) {
    const auto host = url.find("://");
    const auto path = host == std::string_view::npos ? host : url.find_first_of("/?#", host + 3);
    return path == std::string_view::npos ? std::string(url)
                                          : std::string(url.substr(0, path)) + "/...";
}

Delivery outcome_of(CURL* easy, const WebhookSettings& settings, const ResponseStart& response) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300)
        return {};
    std::string text = place_of(settings.url.reveal()) + " responded " + std::to_string(status);
    if (const auto words = response.text(); !words.empty() && !settings.secret_path)
        text += ": " + words;
    if (status == 408 || status == 429 || status >= 500)
        return {Delivered::target_away, text, retry_after(easy)};
    return {Delivered::refused, text, {}};
}

} // namespace

Webhook::Webhook(WebhookSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {
    begin_library();
}

Result<std::string> Webhook::signature(const std::string& timestamp,
                                       const std::string& body) const {
    const auto mac = hash::hmac_sha256(settings_.secret.reveal(), timestamp + '.' + body);
    if (!mac)
        return mac.error();
    return "X-Sluice-Signature: sha256=" + hash::hex(*mac);
}

Delivery Webhook::deliver(const ports::OutboxEntry& entry) {
    if (stop_)
        return {Delivered::later, "sluiced is stopping", {}};
    const auto timestamp = std::to_string(epoch(clock_.now()));
    const auto& body = entry.message.body;
    std::vector<std::string> lines{"Content-Type: application/json",
                                   "Expect:", "X-Sluice-Event: " + plain(entry.message.kind),
                                   "X-Sluice-Delivery: " + plain(entry.message.correlation),
                                   "X-Sluice-Timestamp: " + timestamp};
    if (!settings_.secret.empty()) {
        auto line = signature(timestamp, body);
        if (!line)
            return {Delivered::target_away, line.error().context, {}};
        lines.push_back(std::move(*line));
    }
    const EasyHandle easy(curl_easy_init());
    const auto headers = header_list(lines);
    if (!easy || !headers)
        return {Delivered::target_away, "libcurl cannot be started", {}};
    ResponseStart response;
    response.attach(easy.get());
    bound(easy.get(), "http,https", stop_);
    if (const auto trusted = trust(easy.get(), settings_.ca_file); !trusted)
        return {Delivered::target_away, "ca_file " + trusted.error().context, {}};
    // libcurl keeps a copy of its own and frees it with the handle.
    const std::string url(settings_.url.reveal());
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.c_str());
    if (const CURLcode code = curl_easy_perform(easy.get()); code != CURLE_OK)
        return unreached(place_of(url), code);
    return outcome_of(easy.get(), settings_, response);
}

} // namespace sluice::notify
