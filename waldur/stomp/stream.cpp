// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/stream.hpp"

#include "common/base/curl_handle.hpp"
#include "common/base/files.hpp"

#include <curl/curl.h>

#include <array>

namespace sluice::stomp {
namespace {

int look_for_end(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(interrupted)->load() ? 1 : 0;
}

Error failure(CURLcode code, const char* detail) {
    const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
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

// The scheme only chooses between plain and TLS. Without HTTP/1.1 a server would be offered HTTP/2,
// which no WebSocket of ours speaks.
void prepare(CURL* easy, const StreamOptions& options, const std::atomic<bool>& interrupted) {
    const std::string url = std::string(options.tls ? "https://" : "http://") + options.host + ':' +
                            std::to_string(options.port);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options.verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options.verify ? 2L : 0L);
    if (!options.ca_file.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_for_end);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &interrupted);
}

} // namespace

struct Stream::Handle {
    EasyHandle easy;
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_socket_t socket = CURL_SOCKET_BAD;

    Error failure(CURLcode code) const { return stomp::failure(code, detail.data()); }
};

Stream::Stream(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Result<Stream> Stream::open(const StreamOptions& options, const std::atomic<bool>& interrupted) {
    if (auto usable = check_regular(options.ca_file); !usable)
        return std::move(usable).error().in("waldur.ca_file");
    auto handle = std::make_unique<Handle>();
    handle->easy.reset(curl_easy_init());
    if (!handle->easy)
        return Error{Errc::internal, "libcurl cannot be started"};
    CURL* easy = handle->easy.get();
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle->detail.data());
    prepare(easy, options, interrupted);
    CURLcode code = curl_easy_perform(easy);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &handle->socket);
    if (code != CURLE_OK)
        return handle->failure(code);
    if (handle->socket == CURL_SOCKET_BAD)
        return Error{Errc::unavailable, "the connection is gone already"};
    handle->detail[0] = '\0';
    return Stream(std::move(handle));
}

Result<std::size_t> Stream::send(std::string_view bytes) {
    std::size_t sent = 0;
    const CURLcode code = curl_easy_send(handle_->easy.get(), bytes.data(), bytes.size(), &sent);
    if (code != CURLE_OK && code != CURLE_AGAIN)
        return handle_->failure(code);
    return sent;
}

Result<std::string> Stream::receive() {
    std::array<char, 16 * 1024> buffer{};
    std::size_t got = 0;
    const CURLcode code = curl_easy_recv(handle_->easy.get(), buffer.data(), buffer.size(), &got);
    if (code == CURLE_AGAIN)
        return std::string();
    if (code != CURLE_OK)
        return handle_->failure(code);
    if (got == 0)
        return Error{Errc::unavailable, "the other side closed the connection"};
    return std::string(buffer.data(), got);
}

int Stream::fd() const {
    return static_cast<int>(handle_->socket);
}

} // namespace sluice::stomp
