// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/http.hpp"

#include "common/base/curl_handle.hpp"
#include "common/base/files.hpp"
#include "common/base/text.hpp"

#include <charconv>
#include <curl/curl.h>

namespace sluice::waldur {
namespace {

constexpr std::size_t kMaxHeader = 8192;
constexpr long kSlowBytes = 10; // a second, for kSlowSeconds: it hangs
constexpr long kSlowSeconds = 30;

struct Receiver {
    HttpAnswer answer;
    std::size_t most_bytes = 0;
    bool overflow = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* out) {
    auto& receiver = *static_cast<Receiver*>(out);
    const std::size_t bytes = size * count;
    if (receiver.answer.body.size() + bytes > receiver.most_bytes) {
        receiver.overflow = true;
        return 0;
    }
    try {
        receiver.answer.body.append(data, bytes);
    } catch (...) {
        return 0;
    }
    return bytes;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return value;
}

void note_header(HttpAnswer& answer, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.size() > kMaxHeader)
        return;
    const std::string key = lower(trim(line.substr(0, colon)));
    const std::string_view value = trim(line.substr(colon + 1));
    if (key == "x-result-count")
        answer.result_count = number(value);
    else if (key == "link")
        answer.link = value;
    else if (key == "retry-after")
        // The form with a date is left to our own backoff.
        if (const auto seconds = number(value))
            answer.retry_after = std::chrono::seconds{*seconds};
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* out) {
    const std::size_t bytes = size * count;
    try {
        auto& answer = static_cast<Receiver*>(out)->answer;
        const std::string_view line(data, bytes);
        if (line.substr(0, 5) == "HTTP/") // 100 Continue and the like come before
            answer = {};
        note_header(answer, line);
    } catch (...) {
        return 0;
    }
    return bytes;
}

int look_for_end(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<std::atomic<bool>*>(interrupted)->load() ? 1 : 0;
}

Error failure(CURLcode code, const char* detail, const Receiver& receiver) {
    const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
    if (receiver.overflow)
        return {Errc::overflow,
                "the answer is longer than " + std::to_string(receiver.most_bytes) + " bytes"};
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return {Errc::timeout, text};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return {Errc::refused, text + "; name the site's certificates in waldur.ca_file"};
    default:
        return {Errc::unavailable, text};
    }
}

} // namespace

struct Http::Handle {
    EasyHandle easy;
    char detail[CURL_ERROR_SIZE] = "";
};

Http::Http(HttpOptions options)
    : options_(std::move(options)), handle_(std::make_unique<Handle>()) {
    handle_->easy.reset(curl_easy_init());
}

Http::~Http() = default;

// Setters fail only for lack of memory or an option unknown to an older libcurl; the exchange then
// fails by itself.
Result<HttpAnswer> Http::exchange(const HttpRequest& request) {
    if (auto usable = check_regular(options_.ca_file); !usable)
        return std::move(usable).error().in("waldur.ca_file");
    if (!handle_->easy)
        return Error{Errc::internal, "libcurl cannot be started"};
    CURL* easy = handle_->easy.get();
    curl_easy_reset(easy); // keeps the connection
    handle_->detail[0] = '\0';
    Receiver receiver;
    receiver.most_bytes = options_.most_bytes;
    HeaderList headers(curl_slist_append(nullptr, "Accept: application/json"));
    const auto header = [&](const std::string& line) {
        if (curl_slist* longer = curl_slist_append(headers.get(), line.c_str()))
            (void)headers.release(), headers.reset(longer);
    };
    if (!request.authorization.empty())
        header("Authorization: " + request.authorization);
    if (request.body)
        header("Content-Type: " + request.content_type);
    header("Expect:"); // no wait for 100 Continue
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle_->detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(options_.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, kSlowBytes);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options_.verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options_.verify ? 2L : 0L);
    if (!options_.ca_file.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &receiver);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &receiver);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_for_end);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &interrupted_);
    if (request.body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body->size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body->c_str());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK)
        return failure(code, handle_->detail, receiver);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &receiver.answer.status);
    return std::move(receiver.answer);
}

} // namespace sluice::waldur
