// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/nonces.hpp"

#include "common/hash/hash.hpp"

#include <charconv>

namespace sluice::http {
namespace {

constexpr std::size_t kTimeDigits = 16; // seconds of the steady clock, hex
constexpr std::size_t kSaltDigits = 16;
constexpr std::size_t kMarkDigits = 32; // of the HMAC over both, which has 64
constexpr std::size_t kSecretBytes = 32;

std::string digits(std::uint64_t value) {
    std::string bytes(kTimeDigits / 2, '\0');
    for (std::size_t i = bytes.size(); i-- > 0; value >>= 8)
        bytes[i] = static_cast<char>(value & 0xffU);
    return hash::hex(bytes);
}

std::uint64_t seconds(Nonces::Time time) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

Result<std::string> mark(const Secret& secret, std::string_view body) {
    auto hmac = hash::hmac_sha256(secret.reveal(), "sluice http nonce " + std::string(body));
    if (!hmac)
        return std::move(hmac).error();
    return hash::hex(*hmac).substr(0, kMarkDigits);
}

} // namespace

Result<Nonces> Nonces::create() {
    auto secret = hash::random_bytes(kSecretBytes);
    if (!secret)
        return std::move(secret).error();
    return Nonces(Secret(std::move(*secret)));
}

Result<std::string> Nonces::make(Time now) const {
    const auto salt = hash::random_bytes(kSaltDigits / 2);
    if (!salt)
        return salt.error();
    std::string out = digits(seconds(now)) + hash::hex(*salt);
    auto proof = mark(secret_, out);
    if (!proof)
        return std::move(proof).error();
    return out + *proof;
}

bool Nonces::valid(std::string_view nonce, Time now) const {
    constexpr std::size_t kBody = kTimeDigits + kSaltDigits;
    if (nonce.size() != kBody + kMarkDigits)
        return false;
    const auto proof = mark(secret_, nonce.substr(0, kBody));
    if (!proof || !hash::equal_in_constant_time(*proof, nonce.substr(kBody)))
        return false;
    std::uint64_t made = 0;
    std::from_chars(nonce.data(), nonce.data() + kTimeDigits, made, 16);
    const std::uint64_t current = seconds(now);
    return made <= current && current - made <= static_cast<std::uint64_t>(kLife.count());
}

void Nonces::forget_old(Used& used, Time now) {
    if (now - used.cleaned < std::chrono::seconds(1))
        return;
    used.cleaned = now;
    std::erase_if(used.until, [&](const auto& entry) {
        if (entry.second >= now)
            return false;
        if (const auto count = used.by_user.find(entry.first.first); --count->second == 0)
            used.by_user.erase(count);
        return true;
    });
}

Nonces::Use Nonces::use(std::uint32_t uid, std::string_view nonce, Time now) {
    auto used = used_.lock();
    forget_old(*used, now);
    const auto key = std::pair(uid, std::string(nonce));
    if (used->until.contains(key))
        return Use::again;
    if (used->until.size() >= kMaxUsed)
        return Use::too_many;
    auto& count = used->by_user[uid];
    if (count >= kMaxUsedByUser)
        return Use::too_many;
    // A second longer than it is valid: its age is counted in whole seconds.
    used->until.emplace(key, now + kLife + std::chrono::seconds(2));
    ++count;
    return Use::first;
}

} // namespace sluice::http
