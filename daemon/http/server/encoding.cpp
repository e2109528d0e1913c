// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/server/encoding.hpp"

#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

#include <limits>
#include <optional>
#include <zlib.h>

namespace sluice::http {
namespace {

constexpr std::size_t kSmallest = 1024;  // a shorter body gains nothing
constexpr std::size_t kTagged = 1 << 20; // a longer body costs more to hash than to send
constexpr std::size_t kTagDigits = 32;   // of the 64 of SHA-256
constexpr int kLevel = 5;                // speed before size
constexpr int kGzip = MAX_WBITS + 16;    // zlib.h: a gzip header instead of zlib's
constexpr int kDeflateMemory = 8;        // zlib's default

// nullopt: no memory, or the text is too long for zlib.
std::optional<std::string> gzip(std::string_view text) {
    if (text.size() > std::numeric_limits<uInt>::max() / 2)
        return std::nullopt;
    z_stream stream{};
    if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzip, kDeflateMemory, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return std::nullopt;
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? std::optional(std::move(out)) : std::nullopt;
}

// Weak, since the compressed and the plain body share it.
std::string etag(std::string_view body) {
    const auto digest = hash::sha256(body);
    return digest ? "W/\"" + hash::hex(*digest).substr(0, kTagDigits) + '"' : "";
}

} // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    for (const auto& item : split(lower(std::string(accept_encoding)), ',')) {
        const auto semicolon = item.find(';');
        if (trim(item.substr(0, semicolon)) != "gzip")
            continue;
        const auto weight = semicolon == std::string::npos ? "q=1" : item.substr(semicolon);
        return weight.find_first_of("123456789") != std::string::npos;
    }
    return false;
}

void encode(Response& response, const Accepted& accepted) {
    if (response.status != 200)
        return;
    const std::string tag = response.body.size() > kTagged ? "" : etag(response.body);
    response.headers.emplace_back("Vary", "Accept-Encoding, Authorization");
    if (!tag.empty()) {
        response.headers.emplace_back("ETag", tag);
        for (const auto& known : split(accepted.etags, ','))
            if (trim(known) == tag) {
                response.status = 304;
                response.body.clear();
                return;
            }
    }
    if (!accepted.gzip || response.body.size() < kSmallest)
        return;
    if (auto smaller = gzip(response.body)) {
        response.body = std::move(*smaller);
        response.headers.emplace_back("Content-Encoding", "gzip");
    }
}

} // namespace sluice::http
