// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.hpp"

#include "common/base/curl_handle.hpp"
#include "common/base/text.hpp"

#include <cerrno>
#include <cstring>
#include <curl/curl.h>
#include <memory>
#include <optional>

namespace sluice::cli {
namespace {

constexpr std::size_t kMaxAnswer = 256U * 1024 * 1024; // 100,000 accounts are about 100 MB
constexpr long kConnectSeconds = 5;
constexpr long kReadSeconds = 60;   // for a whole answer
constexpr long kSilentSeconds = 10; // without a byte: answers are made from memory
constexpr long kCycleSeconds = 600;

struct Exchange {
    std::string socket;
    std::string target;
    std::optional<std::string> body; // set: POST
    long seconds = kReadSeconds;
    const char* method = nullptr; // not GET or POST
    long silent = 0;              // longest time without a byte; 0: any
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* out) {
    auto& text = *static_cast<std::string*>(out);
    const std::size_t bytes = size * count;
    if (text.size() + bytes > kMaxAnswer)
        return 0;
    try {
        text.append(data, bytes);
    } catch (...) {
        return 0;
    }
    return bytes;
}

Error unreachable(const Exchange& exchange, CURLcode code, long os_error) {
    const std::string where = "cannot reach sluiced at " + exchange.socket + ": ";
    if (code == CURLE_OPERATION_TIMEDOUT)
        return Error{Errc::timeout,
                     "no response from sluiced at " + exchange.socket + " within " +
                         std::to_string(exchange.silent != 0 ? exchange.silent : exchange.seconds) +
                         " s; see journalctl -u sluiced"};
    if (code == CURLE_COULDNT_CONNECT && os_error == EACCES)
        return Error{Errc::refused, where + std::strerror(EACCES) +
                                        "; the directory of the socket is closed to you"};
    if (code == CURLE_COULDNT_CONNECT)
        return Error{Errc::unavailable,
                     where +
                         (os_error != 0 ? std::strerror(static_cast<int>(os_error))
                                        : curl_easy_strerror(code)) +
                         "; check the service with: systemctl status sluiced"};
    if (code == CURLE_WRITE_ERROR)
        return Error{Errc::overflow,
                     "the response of sluiced at " + exchange.socket + " is too large"};
    return Error{Errc::unavailable, where + curl_easy_strerror(code)};
}

Error refused(long status, const std::string& body, std::vector<std::string>* several) {
    const auto answer = json::parse(body);
    if (answer && several != nullptr && status == 400)
        *several = (*answer)["clusters"].texts();
    std::string detail = answer ? (*answer)["detail"].text() : "";
    if (detail.empty())
        detail = "sluiced responded with HTTP status " + std::to_string(status);
    if (several != nullptr && !several->empty())
        return Error{Errc::conflict, std::move(detail)};
    return Error{status == 404 ? Errc::not_found : Errc::refused, std::move(detail)};
}

// Option setters fail only for lack of memory or an option unknown to an older libcurl; the
// exchange then fails by itself.
void prepare(CURL* easy, const Exchange& exchange, std::string& answer) {
    const std::string url = "http://localhost" + exchange.target;
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, exchange.socket.c_str());
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, exchange.seconds);
    if (exchange.silent != 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, exchange.silent);
    }
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    if (exchange.method != nullptr)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange.method);
    if (exchange.body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange.body->c_str());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(exchange.body->size()));
    }
}

Result<json::Value> perform(const Exchange& exchange, std::vector<std::string>* several = nullptr) {
    const EasyHandle easy(curl_easy_init());
    const HeaderList headers(curl_slist_append(nullptr, "Content-Type: application/json"));
    if (!easy || !headers)
        return Error{Errc::internal, "libcurl does not start"};
    std::string answer;
    prepare(easy.get(), exchange, answer);
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    const CURLcode code = curl_easy_perform(easy.get());
    long os_error = 0;
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &os_error);
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        return unreachable(exchange, code, os_error);
    if (status < 200 || status > 299)
        return refused(status, answer, several);
    auto parsed = json::parse(answer, {.bytes = kMaxAnswer, .depth = 64});
    if (!parsed)
        return std::move(parsed).error().in("the response of sluiced at " + exchange.socket);
    return parsed;
}

} // namespace

std::string target(const std::string& path, const Parameters& parameters) {
    std::string out = path;
    char separator = '?';
    for (const auto& [key, value] : parameters) {
        (out += separator) += percent_encoded(key);
        (out += '=') += percent_encoded(value);
        separator = '&';
    }
    return out;
}

Parameters Client::with_cluster(Parameters parameters) const {
    if (!cluster_.empty())
        parameters.emplace_back("cluster", cluster_);
    return parameters;
}

Result<json::Value> Client::get(const std::string& path, const Parameters& parameters) const {
    // These two requests ask Slurm.
    bool slow = path == "/api/v1/controller";
    for (const auto& [key, value] : parameters)
        slow = slow || key == "by_user";
    return perform({socket_, target(path, with_cluster(parameters)), std::nullopt, kReadSeconds,
                    nullptr, slow ? 0 : kSilentSeconds},
                   several_);
}

Result<json::Value> Client::post(const std::string& path, const json::Value& body) const {
    // An entry is made once, in one cluster.
    const bool shows = path == "/api/v1/evaluate";
    return perform(
        {socket_, target(path, with_cluster({})), body.compact(), kCycleSeconds, nullptr, 0},
        shows ? several_ : nullptr);
}

Result<json::Value> Client::send(const char* method, const std::string& path,
                                 const json::Value& body) const {
    return perform(
        {socket_, target(path, with_cluster({})), body.compact(), kCycleSeconds, method, 0});
}

} // namespace sluice::cli
