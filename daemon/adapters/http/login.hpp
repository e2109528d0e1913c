// SPDX-License-Identifier: GPL-2.0-or-later
// Who comes over TCP: the Authorization header, as a token or a munge credential. Wrong ones are
// counted by address, so that who tries many is told to wait, and it is in the log.
#pragma once

#include "common/base/guarded.hpp"
#include "daemon/adapters/http/message.hpp"
#include "daemon/adapters/http/tokens.hpp"

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace sluice::http {

struct LoginSettings {
    std::vector<std::uint32_t> staff_uids;
    std::string munge_socket; // "": the library's default
};

// Thread-safe. May wait for munged.
class Login {
public:
    // `tokens` must outlive it.
    Login(LoginSettings settings, const TokenFile& tokens)
        : settings_(std::move(settings)), tokens_(tokens) {}

    // The viewer, or 401 (who are you?) or 429 (one more that is wrong from this
    // address).
    // `authorization`: "Token T", "Bearer T", "Munge CREDENTIAL", or "Basic ..." with the token as
    // the password, which is what a browser can send.
    std::variant<ports::Viewer, Response> identify(const std::string& authorization,
                                                   const std::string& address);

private:
    using Clock = std::chrono::steady_clock;
    struct Failures {
        int count = 0;
        Clock::time_point since{};
    };
    std::optional<ports::Viewer> known(const std::string& authorization) const;
    std::optional<ports::Viewer> by_token(std::string_view text) const;
    std::optional<ports::Viewer> by_munge(std::string_view credential) const;
    bool barred(const std::string& address);
    void note_failure(const std::string& address);

    LoginSettings settings_;
    const TokenFile& tokens_;
    Guarded<std::map<std::string, Failures>> failures_; // by address
};

// The bytes of RFC 4648 base64; nullopt: it is none.
std::optional<std::string> from_base64(std::string_view text);

} // namespace sluice::http
