// SPDX-License-Identifier: GPL-2.0-or-later
// Credentials by a key file that both sides have, for sites without munge: authentic, not secret.
// The session (common/wire/channel.hpp) protects against replay, not the credential.
#pragma once

#include "common/cred/sealer.hpp"

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::cred {

// 32 raw bytes each (FIPS 180-4, RFC 2104). For nothing but this key, so that no cryptographic
// library with start-up code and dependencies of its own is loaded into slurmctld
// (docs/decisions/0008). Tests compare them with GnuTLS.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// Bytes of a key file.
constexpr std::size_t kLeastKey = 32;
constexpr std::size_t kMaxKey = 4096;

class KeySealer final : public Sealer {
public:
    // Reads the file `path` once. `peer`: the uid that decode() returns for a holder of the key.
    // Errors: those of read_file() for its owner only; malformed (too short or too long).
    static Result<KeySealer> create(const std::string& path, uid_t peer);

    Result<std::string> encode(std::string_view payload, std::optional<uid_t> only) override;
    Result<Credential> decode(std::string_view text) override;

private:
    KeySealer(std::string key, uid_t peer) : key_(std::move(key)), peer_(peer) {}
    std::string code(std::string_view payload) const;

    std::string key_;
    uid_t peer_;
};

} // namespace sluice::cred
