// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/channel.hpp"

#include "common/base/curl_handle.hpp"
#include "common/base/files.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <curl/curl.h>

namespace sluice::stomp {
namespace {

int look_for_end(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(interrupted)->load() ? 1 : 0;
}

Error curl_failure(CURLcode code, const char* detail) {
    const std::string text = *detail != '\0' ? detail : curl_easy_strerror(code);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return {Errc::timeout, text};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return {Errc::refused, text + "; set waldur.ca_file to the CA certificates of the site"};
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

constexpr std::size_t kMaxWaiting = 1024 * 1024;

bool is_default(const StreamOptions& options) {
    return options.port == (options.tls ? 443U : 80U);
}

} // namespace

struct Channel::Stream {
    EasyHandle easy;
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_socket_t socket = CURL_SOCKET_BAD;

    static Result<std::unique_ptr<Stream>> open(const StreamOptions& options,
                                                const std::atomic<bool>& interrupted);
    // How many bytes were sent; 0: it would block.
    Result<std::size_t> send(std::string_view bytes);
    // "": no data now. unavailable: the server closed.
    Result<std::string> receive();
    Error failure(CURLcode code) const { return curl_failure(code, detail.data()); }
};

Result<std::unique_ptr<Channel::Stream>>
Channel::Stream::open(const StreamOptions& options, const std::atomic<bool>& interrupted) {
    if (auto usable = check_regular(options.ca_file); !usable)
        return std::move(usable).error().in("waldur.ca_file");
    auto stream = std::make_unique<Stream>();
    stream->easy.reset(curl_easy_init());
    if (!stream->easy)
        return Error{Errc::internal, "libcurl cannot be initialised"};
    CURL* easy = stream->easy.get();
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, stream->detail.data());
    prepare(easy, options, interrupted);
    CURLcode code = curl_easy_perform(easy);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &stream->socket);
    if (code != CURLE_OK)
        return stream->failure(code);
    if (stream->socket == CURL_SOCKET_BAD)
        return Error{Errc::unavailable, "the connection was closed at once"};
    stream->detail[0] = '\0';
    return stream;
}

Result<std::size_t> Channel::Stream::send(std::string_view bytes) {
    std::size_t sent = 0;
    const CURLcode code = curl_easy_send(easy.get(), bytes.data(), bytes.size(), &sent);
    if (code != CURLE_OK && code != CURLE_AGAIN)
        return failure(code);
    return sent;
}

Result<std::string> Channel::Stream::receive() {
    std::array<char, 16 * 1024> buffer{};
    std::size_t got = 0;
    const CURLcode code = curl_easy_recv(easy.get(), buffer.data(), buffer.size(), &got);
    if (code == CURLE_AGAIN)
        return std::string();
    if (code != CURLE_OK)
        return failure(code);
    if (got == 0)
        return Error{Errc::unavailable, "the server closed the connection"};
    return std::string(buffer.data(), got);
}

Channel::Channel(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() = default;

// TLS may hold bytes that the socket no longer shows: receive() first.
int Channel::fd() const {
    return static_cast<int>(stream_->socket);
}

Result<Channel> Channel::open(const StreamOptions& options, const std::string& path,
                              const std::atomic<bool>& interrupted) {
    auto stream = Stream::open(options, interrupted);
    if (!stream)
        return stream.error();
    Channel channel(std::move(*stream));
    if (path.empty())
        return channel;
    const auto key = hash::random_bytes(16);
    if (!key)
        return key.error();
    const std::string port = is_default(options) ? "" : ':' + std::to_string(options.port);
    channel.opening_ = Opening{options.host + port, path, hash::base64(*key)};
    channel.opened_ = false;
    const auto request = opening_request(*channel.opening_);
    if (!request)
        return request.error();
    channel.out_ = *request;
    return channel;
}

Result<void> Channel::queue(std::string_view bytes) {
    if (!opened_) {
        held_ += bytes;
        return {};
    }
    if (opening_)
        return frame(Opcode::text, bytes);
    out_ += bytes;
    return {};
}

Result<void> Channel::frame(Opcode opcode, std::string_view payload) {
    const auto random = hash::random_bytes(sizeof(Mask));
    if (!random)
        return random.error();
    Mask mask{};
    std::copy(random->begin(), random->end(), mask.begin());
    out_ += encode(opcode, payload, mask);
    return {};
}

Result<bool> Channel::flush() {
    while (!out_.empty()) {
        const auto sent = stream_->send(out_);
        if (!sent)
            return sent.error();
        if (*sent == 0)
            break;
        explicit_bzero(out_.data(), *sent); // the login's passcode goes this way
        out_.erase(0, *sent);
    }
    if (out_.size() > kMaxWaiting)
        return Error{Errc::timeout, "the broker does not read what is sent"};
    return out_.empty();
}

Result<std::string> Channel::receive() {
    for (;;) {
        auto bytes = stream_->receive();
        if (!bytes || !opening_ || bytes->empty())
            return bytes;
        if (opened_) {
            reader_.add(*bytes);
        } else {
            answer_ += *bytes;
            if (const auto opened = open_up(); !opened)
                return opened.error();
        }
        auto payload = unpack();
        if (!payload || !payload->empty())
            return payload;
    }
}

Result<void> Channel::open_up() {
    const auto head = check_opening(answer_, *opening_);
    if (!head)
        return head.error();
    if (!*head)
        return {};
    opened_ = true;
    reader_.add(std::string_view(answer_).substr(**head));
    answer_.clear();
    const auto framed = frame(Opcode::text, held_);
    explicit_bzero(held_.data(), held_.size());
    held_.clear();
    return framed;
}

Result<std::string> Channel::unpack() {
    std::string bytes;
    for (;;) {
        const auto message = reader_.next();
        if (!message)
            return message.error();
        if (!*message)
            return bytes;
        switch ((*message)->opcode) {
        case Opcode::ping:
            if (const auto framed = frame(Opcode::pong, (*message)->payload); !framed)
                return framed.error();
            break;
        case Opcode::close:
            return Error{Errc::unavailable,
                         "the server closed the connection: " + close_reason((*message)->payload)};
        case Opcode::pong:
            break;
        default:
            bytes += (*message)->payload;
        }
    }
}

} // namespace sluice::stomp
