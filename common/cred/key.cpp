// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/cred/key.hpp"

#include "common/base/files.hpp"

#include <utility>

namespace sluice::cred {
namespace {

constexpr std::size_t kCodeBytes = 32;

// Takes as long wherever the first difference is.
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

Result<KeySealer> KeySealer::create(const std::string& path, Hmac hmac, uid_t peer) {
    auto key = read_file(path, kMaxKey, ReadableBy::owner);
    if (!key && key.error().code != Errc::malformed)
        return Error{key.error().code, "key file " + key.error().context};
    if (!key || key->size() < kLeastKey)
        return Error{Errc::malformed,
                     "key file " + path + ": a key has " + std::to_string(kLeastKey) + " to " +
                         std::to_string(kMaxKey) + " bytes; make one: head -c 64 /dev/urandom"};
    return KeySealer(std::move(*key), hmac, peer);
}

// The mark is part of what is authenticated: the same key used for something else fits nothing
// here.
Result<std::string> KeySealer::code(std::string_view payload) const {
    std::string bytes(kKeyMark);
    bytes += payload;
    return hmac_(key_, bytes);
}

Result<std::string> KeySealer::encode(std::string_view payload, std::optional<uid_t>) {
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "shared key: payload too large"};
    auto made = code(payload);
    if (!made)
        return made;
    std::string text(kKeyMark);
    text += *made;
    text += payload;
    return text;
}

Result<Credential> KeySealer::decode(std::string_view text) {
    if (text.starts_with("MUNGE:"))
        return Error{Errc::refused, "the other side uses munge, this one a key file"};
    if (!text.starts_with(kKeyMark) || text.size() < kKeyMark.size() + kCodeBytes)
        return Error{Errc::malformed, "shared key: not a credential"};
    text.remove_prefix(kKeyMark.size());
    const std::string_view claimed = text.substr(0, kCodeBytes);
    const std::string_view payload = text.substr(kCodeBytes);
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "shared key: payload too large"};
    const auto made = code(payload);
    if (!made)
        return made.error();
    if (!same(claimed, *made))
        return Error{Errc::refused, "made with another key"};
    Credential out;
    out.payload = payload;
    out.uid = peer_;
    return out;
}

} // namespace sluice::cred
