// SPDX-License-Identifier: GPL-2.0-or-later
// Munge credentials, which only one uid can decode. Each call asks munged over its Unix socket and
// may block (libmunge gives up after about 2 s): never call it on slurmctld's submit path.
#pragma once

#include "common/base/result.hpp"
#include "common/cred/sealer.hpp"

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct munge_ctx;

namespace sluice::cred {

// Not thread-safe: one context per thread.
class MungeContext final : public Sealer {
public:
    // `socket` is munged's; "": the one munge was built with. `ttl_seconds` 0: munged's default
    // (300 s), which also bounds the difference of two hosts' clocks.
    static Result<MungeContext> create(const std::string& socket, int ttl_seconds = 0);

    // The credential text ("MUNGE:...:"). Only a process of uid `only` can decode it.
    // Errors: overflow (payload too large), unavailable (munged is away), refused, internal.
    Result<std::string> encode(std::string_view payload, std::optional<uid_t> only) override;

    // Errors: malformed (no credential, altered, foreign key), refused (expired, from the future,
    // replayed, made for another uid), overflow (payload too large), unavailable. Anything but
    // success yields no payload.
    Result<Credential> decode(std::string_view text) override;

private:
    struct Release {
        void operator()(munge_ctx* context) const noexcept;
    };
    using Handle = std::unique_ptr<munge_ctx, Release>;

    MungeContext(Handle encoder, Handle decoder)
        : encoder_(std::move(encoder)), decoder_(std::move(decoder)) {}
    static Result<Handle> make(const std::string& socket, int ttl_seconds);
    static Error failed(int code, munge_ctx* context);

    // munge_decode() overwrites its context with the credential's values, and with zeros when it
    // fails: an encoder must never share that context.
    Handle encoder_;
    Handle decoder_;
};

} // namespace sluice::cred
