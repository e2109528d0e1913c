// SPDX-License-Identifier: GPL-2.0-or-later
// Logins over TCP: the Authorization header, as a token or a munge credential. Wrong ones are
// counted by address, so that who tries many has to wait, and the log says so.
#pragma once

#include "common/base/thread.hpp"
#include "common/cred/sealer.hpp"
#include "daemon/http/message.hpp"
#include "daemon/http/nonces.hpp"
#include "daemon/http/tokens.hpp"

#include <atomic>
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

// What a login is for. A munge credential logs in for exactly this.
struct LoginRequest {
    std::string_view authorization; // value of the header; "": none
    std::string_view address;       // of the client, without port
    std::string_view method;        // "GET", "HEAD" ...
    std::string_view target;        // path and query as they were sent
    std::string_view body;
};

// The text that the credential of this request has as its payload. internal: the hash library
// fails.
Result<std::string> munge_text(std::string_view nonce, const LoginRequest& request);

// True: identify() asks munged, and may take seconds when munged hangs.
bool asks_munged(std::string_view authorization);

// Thread-safe.
class Login {
public:
    using Outcome = std::variant<ports::Viewer, Response>;

    // `tokens` and `nonces` must outlive it.
    Login(LoginSettings settings, const TokenFile& tokens, Nonces& nonces)
        : settings_(std::move(settings)), tokens_(tokens), nonces_(nonces) {}

    // The viewer; or 401 (not proven), 403 (Basic for a change), 429 (one more wrong login from
    // this address, or too many of this user), 503 (munged does not respond). Header: "Token T",
    // "Bearer T", "Munge CREDENTIAL", or "Basic ..." with the token as the password, which browsers
    // send by themselves and which therefore only reads.
    Outcome identify(const LoginRequest& request);

private:
    using Clock = std::chrono::steady_clock;
    struct Failures {
        int count = 0;
        Clock::time_point since{};
    };
    Outcome known(const LoginRequest& request);
    Outcome by_token(std::string_view text) const;
    Outcome by_basic(std::string_view pair, std::string_view method) const;
    Outcome by_munge(std::string_view credential, const LoginRequest& request);
    Outcome by_credential(const cred::Credential& made, const LoginRequest& request);
    bool barred(const std::string& address);
    void note_failure(const std::string& address);

    LoginSettings settings_;
    const TokenFile& tokens_;
    Nonces& nonces_;
    std::atomic<Clock::time_point> munged_away_until_{Clock::time_point{}};
    Guarded<std::map<std::string, Failures>> failures_; // by address
};

// The bytes of RFC 4648 base64; nullopt: it is none.
std::optional<std::string> from_base64(std::string_view text);

} // namespace sluice::http
