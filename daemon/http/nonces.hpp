// SPDX-License-Identifier: GPL-2.0-or-later
// Nonces for munge logins: texts that only this process can have made, not long ago, and that log a
// user in once. None is stored when it is made; only used ones are, until they are too old anyway.
// In memory alone: after a restart every nonce is unknown.
#pragma once

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/thread.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::http {

// Thread-safe.
class Nonces {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kLife{60};
    // Used ones that are remembered, of all users and of one.
    static constexpr std::size_t kMaxUsed = 20000;
    static constexpr std::size_t kMaxUsedByUser = 2000;

    // internal: the system has no random bytes.
    static Result<Nonces> create();
    Nonces(Nonces&& other) noexcept : secret_(std::move(other.secret_)) {}
    Nonces& operator=(Nonces&&) = delete;

    // 64 hex digits. internal: no random bytes, or the hash library fails.
    Result<std::string> make(Time now) const;
    // Made here, and not older than kLife.
    bool valid(std::string_view nonce, Time now) const;

    enum class Use {
        first,
        again,   // this user logged in with it before
        too_many // no room to remember it: refused, or it could be used again
    };
    // A valid one. Others cannot use up a user's nonce: each user has their own.
    Use use(std::uint32_t uid, std::string_view nonce, Time now);

private:
    struct Used {
        std::map<std::pair<std::uint32_t, std::string>, Time> until;
        std::map<std::uint32_t, std::size_t> by_user;
        Time cleaned{};
    };
    explicit Nonces(Secret secret) : secret_(std::move(secret)) {}
    static void forget_old(Used& used, Time now);

    Secret secret_;
    Guarded<Used> used_;
};

} // namespace sluice::http
