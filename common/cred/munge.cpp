// SPDX-License-Identifier: GPL-2.0-or-later
// The one file that includes munge.h.
#include "common/cred/munge.hpp"

#include <munge.h>

#include <cstdlib>
#include <ctime>

namespace sluice::cred {
namespace {

struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

// The error class of a munge error.
Errc meaning(munge_err_t code) {
    switch (code) {
    case EMUNGE_SOCKET:
    case EMUNGE_TIMEOUT:
    case EMUNGE_NO_MEMORY:
        return Errc::unavailable;
    case EMUNGE_BAD_LENGTH:
    case EMUNGE_OVERFLOW:
        return Errc::overflow;
    case EMUNGE_CRED_EXPIRED:
    case EMUNGE_CRED_REWOUND:
    case EMUNGE_CRED_REPLAYED:
    case EMUNGE_CRED_UNAUTHORIZED:
        return Errc::refused;
    case EMUNGE_BAD_CRED:
    case EMUNGE_BAD_VERSION:
    case EMUNGE_BAD_CIPHER:
    case EMUNGE_BAD_MAC:
    case EMUNGE_BAD_ZIP:
    case EMUNGE_BAD_REALM:
    case EMUNGE_CRED_INVALID:
        return Errc::malformed;
    default:
        return Errc::internal;
    }
}

} // namespace

void MungeContext::Release::operator()(munge_ctx* context) const noexcept {
    munge_ctx_destroy(context);
}

Error MungeContext::failed(int code, munge_ctx* context) {
    const auto munge_code = static_cast<munge_err_t>(code);
    const char* detail = munge_ctx_strerror(context);
    if (detail == nullptr)
        detail = munge_strerror(munge_code);
    std::string text = std::string("munge: ") + detail;
    if (munge_code == EMUNGE_SOCKET)
        text +=
            " (without munge: KeyFile= of sluice.conf, plugin_server: key_file: of sluiced.yaml)";
    return Error{meaning(munge_code), std::move(text)};
}

Result<MungeContext::Handle> MungeContext::make(const std::string& socket, int ttl_seconds) {
    Handle context(munge_ctx_create());
    if (!context)
        return Error{Errc::internal, "munge: no memory"};
    munge_ctx* raw = context.get();
    if (!socket.empty())
        if (const auto rc = munge_ctx_set(raw, MUNGE_OPT_SOCKET, socket.c_str());
            rc != EMUNGE_SUCCESS)
            return failed(rc, raw);
    if (ttl_seconds > 0)
        if (const auto rc = munge_ctx_set(raw, MUNGE_OPT_TTL, ttl_seconds); rc != EMUNGE_SUCCESS)
            return failed(rc, raw);
    return context;
}

Result<MungeContext> MungeContext::create(const std::string& socket, int ttl_seconds) {
    auto encoder = make(socket, ttl_seconds);
    if (!encoder)
        return std::move(encoder).error();
    auto decoder = make(socket, ttl_seconds);
    if (!decoder)
        return std::move(decoder).error();
    return MungeContext(std::move(*encoder), std::move(*decoder));
}

Result<std::string> MungeContext::encode(std::string_view payload, std::optional<uid_t> only) {
    if (payload.size() > kMaxPayload)
        return Error{Errc::overflow, "munge: payload too large"};
    munge_ctx* raw = encoder_.get();
    const uid_t restriction = only.value_or(static_cast<uid_t>(MUNGE_UID_ANY));
    if (const auto rc = munge_ctx_set(raw, MUNGE_OPT_UID_RESTRICTION, restriction);
        rc != EMUNGE_SUCCESS)
        return failed(rc, raw);
    char* text = nullptr;
    const auto rc = munge_encode(&text, raw, payload.data(), static_cast<int>(payload.size()));
    const std::unique_ptr<char, Free> owner(text);
    if (rc != EMUNGE_SUCCESS)
        return failed(rc, raw);
    return std::string(text);
}

Result<Credential> MungeContext::decode(std::string_view text) {
    if (text.starts_with(kKeyMark))
        return Error{Errc::refused, "the other side uses a key file, this side munge"};
    // munge_decode() takes a C string: what follows a NUL would go unchecked.
    if (!text.starts_with("MUNGE:") || text.find('\0') != std::string_view::npos)
        return Error{Errc::malformed, "munge: not a credential"};
    munge_ctx* raw = decoder_.get();
    void* payload = nullptr;
    int length = 0;
    Credential out;
    const auto rc =
        munge_decode(std::string(text).c_str(), raw, &payload, &length, &out.uid, &out.gid);
    // Expired and replayed credentials come with a payload, too.
    const std::unique_ptr<void, Free> owner(payload);
    if (rc != EMUNGE_SUCCESS)
        return failed(rc, raw);
    if (length < 0 || static_cast<std::size_t>(length) > kMaxPayload)
        return Error{Errc::overflow, "munge: payload too large"};
    time_t encoded = 0;
    if (munge_ctx_get(raw, MUNGE_OPT_ENCODE_TIME, &encoded) == EMUNGE_SUCCESS)
        out.encoded = instant(encoded);
    if (payload != nullptr)
        out.payload.assign(static_cast<const char*>(payload), static_cast<std::size_t>(length));
    return out;
}

} // namespace sluice::cred
