// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/cred/key.hpp"

#include "common/base/files.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <utility>

namespace sluice::cred {
namespace {

constexpr std::size_t kCodeBytes = 32;

constexpr std::size_t kBlock = 64;
using State = std::array<std::uint32_t, 8>;

// FIPS 180-4, 5.3.3 and 4.2.2: fractions of square and cube roots of the first primes.
constexpr State kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr std::array<std::uint32_t, kBlock> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t big_endian(const char* bytes) {
    std::uint32_t word = 0;
    for (int i = 0; i < 4; ++i)
        word = (word << 8) | static_cast<unsigned char>(bytes[i]);
    return word;
}

// 6.2.2, step 1.
std::array<std::uint32_t, kBlock> schedule(const char* block) {
    std::array<std::uint32_t, kBlock> w{};
    for (std::size_t t = 0; t < 16; ++t)
        w[t] = big_endian(block + 4 * t);
    for (std::size_t t = 16; t < kBlock; ++t) {
        const std::uint32_t a = w[t - 15];
        const std::uint32_t b = w[t - 2];
        w[t] = w[t - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3)) + w[t - 7] +
               (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10));
    }
    return w;
}

// 6.2.2, steps 2 to 4.
void compress(State& state, const char* block) {
    const auto w = schedule(block);
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < kBlock; ++t) {
        const std::uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t first = h + sum1 + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
        const std::uint32_t second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const State added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i)
        state[i] += added[i];
}

// Takes the same time wherever the first difference is.
bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i])) ^
                      static_cast<unsigned char>(b[i]);
    return difference == 0;
}

} // namespace

std::string sha256(std::string_view bytes) {
    State state = kStart;
    const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
    for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock))
        compress(state, bytes.data());
    std::string rest(bytes);
    rest += '\x80';
    while (rest.size() % kBlock != kBlock - 8)
        rest += '\0';
    for (int shift = 56; shift >= 0; shift -= 8)
        rest += static_cast<char>((bits >> shift) & 0xff);
    for (std::size_t at = 0; at < rest.size(); at += kBlock)
        compress(state, rest.data() + at);
    std::string out;
    for (const std::uint32_t word : state)
        for (int shift = 24; shift >= 0; shift -= 8)
            out += static_cast<char>((word >> shift) & 0xff);
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string block = key.size() > kBlock ? sha256(key) : std::string(key);
    block.resize(kBlock, '\0');
    std::string inner;
    std::string outer;
    for (const char c : block) {
        inner += static_cast<char>(c ^ 0x36);
        outer += static_cast<char>(c ^ 0x5c);
    }
    inner += bytes;
    return sha256(outer + sha256(inner));
}

Result<KeySealer> KeySealer::create(const std::string& path, uid_t peer) {
    auto key = read_file(path, kMaxKey, ReadableBy::owner);
    if (!key && key.error().code != Errc::malformed)
        return Error{key.error().code, "key file " + key.error().context};
    if (!key || key->size() < kLeastKey)
        return Error{Errc::malformed, "key file " + path + ": a key has " +
                                          std::to_string(kLeastKey) + " to " +
                                          std::to_string(kMaxKey) +
                                          " bytes; create one with: head -c 64 /dev/urandom"};
    return KeySealer(std::move(*key), peer);
}

// The mark is authenticated, too: a code made with the same key for another purpose does not match.
std::string KeySealer::code(std::string_view payload) const {
    std::string bytes(kKeyMark);
    bytes += payload;
    return hmac_sha256(key_, bytes);
}

Result<std::string> KeySealer::encode(std::string_view payload, std::optional<uid_t>) {
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "shared key: payload too large"};
    std::string text(kKeyMark);
    text += code(payload);
    text += payload;
    return text;
}

Result<Credential> KeySealer::decode(std::string_view text) {
    if (text.starts_with("MUNGE:"))
        return Error{Errc::refused, "the other side uses munge, this side a key file"};
    if (!text.starts_with(kKeyMark) || text.size() < kKeyMark.size() + kCodeBytes)
        return Error{Errc::malformed, "shared key: not a credential"};
    text.remove_prefix(kKeyMark.size());
    const std::string_view claimed = text.substr(0, kCodeBytes);
    const std::string_view payload = text.substr(kCodeBytes);
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "shared key: payload too large"};
    if (!same(claimed, code(payload)))
        return Error{Errc::refused, "credential made with another key"};
    Credential out;
    out.payload = payload;
    out.uid = peer_;
    return out;
}

} // namespace sluice::cred
