// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/hash/hash.hpp"

#include <algorithm>
#include <cstdint>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

namespace sluice::hash {
namespace {

Error fault(const char* what, int code) {
    return {Errc::internal, std::string(what) + ": " + gnutls_strerror(code)};
}

Result<std::string> digest(gnutls_digest_algorithm_t algorithm, std::string_view bytes,
                           const char* what) {
    std::string out(gnutls_hash_get_len(algorithm), '\0');
    const int code = gnutls_hash_fast(algorithm, bytes.data(), bytes.size(), out.data());
    if (code != 0)
        return fault(what, code);
    return out;
}

} // namespace

Result<std::string> sha1(std::string_view bytes) {
    return digest(GNUTLS_DIG_SHA1, bytes, "SHA-1");
}

Result<std::string> sha256(std::string_view bytes) {
    return digest(GNUTLS_DIG_SHA256, bytes, "SHA-256");
}

Result<std::string> hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string out(gnutls_hmac_get_len(GNUTLS_MAC_SHA256), '\0');
    const int code = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.data(), key.size(), bytes.data(),
                                      bytes.size(), out.data());
    if (code != 0)
        return fault("HMAC", code);
    return out;
}

Result<std::string> random_bytes(std::size_t count) {
    std::string out(count, '\0');
    const int code = gnutls_rnd(GNUTLS_RND_KEY, out.data(), out.size());
    if (code != 0)
        return fault("random bytes", code);
    return out;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        (out += kDigits[byte >> 4]) += kDigits[byte & 15];
    }
    return out;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
    }
    return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && gnutls_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace sluice::hash
