// SPDX-License-Identifier: GPL-2.0-or-later
// Logins over TCP: a token or a munge credential in the Authorization header, the cookie of a
// session, or a user's name from an authenticating proxy. Wrong ones are counted by address: after
// many of them more wrong ones are refused for a minute, which is logged.
#pragma once

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/thread.hpp"
#include "common/cred/sealer.hpp"
#include "daemon/http/auth/proxy.hpp"
#include "daemon/http/auth/tokens.hpp"
#include "daemon/http/auth/web_sessions.hpp"
#include "daemon/http/server/message.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::http {

// Nonces for munge logins: texts that only this process can have made, at most kLife ago, each good
// for one login of a user. Only used ones are stored, until they expire. In memory alone: after a
// restart every nonce is unknown. Thread-safe.
class Nonces {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kLife{60};
    // How many used ones are stored, of all users together and of one.
    static constexpr std::size_t kMaxUsed = 20000;
    static constexpr std::size_t kMaxUsedByUser = 2000;

    // internal: the system has no random bytes.
    static Result<Nonces> create();
    Nonces(Nonces&& other) noexcept : secret_(std::move(other.secret_)) {}
    Nonces& operator=(Nonces&&) = delete;

    // 64 hex digits. internal: no random bytes, or the hash library fails.
    Result<std::string> make(Time now) const;
    // This process made it, at most kLife ago.
    bool valid(std::string_view nonce, Time now) const;

    enum class Use {
        first,
        again,   // this user logged in with it before
        too_many // no room to store it: refused, since it could be used again
    };
    // REQUIRES: valid(nonce, now). Each user has their own: no user can use up another's nonce.
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
    std::string_view cookie = {};        // value of the header Cookie
    const ProxyHeaders* proxy = nullptr; // nullptr: none
    bool from_page = false;              // has the header X-Sluice-Request: 1
};

// The payload that the credential of this request must have. internal: the hash library fails.
Result<std::string> munge_text(std::string_view nonce, const LoginRequest& request);

// Thread-safe.
class Login {
public:
    using Outcome = std::variant<Viewer, Response>;

    // The references must outlive it. `proxy`: nullptr if there is none.
    Login(LoginSettings settings, const TokenFile& tokens, Nonces& nonces, WebSessions& sessions,
          ProxyLogin* proxy = nullptr)
        : settings_(std::move(settings)), tokens_(tokens), nonces_(nonces), sessions_(sessions),
          proxy_(proxy) {}

    // The viewer; or 401 (not proven), 403 (a change that a browser may have sent by itself; a user
    // whom the proxy may not name), 429 (one more wrong login from this address, or too many of
    // this user), 503 (munged, or the user database, does not respond). The first of: "Token T",
    // "Bearer T" or "Munge CREDENTIAL" in the Authorization header; the cookie of a session; the
    // proxy's header; "Basic ..." with the token as the password. Browsers send the last three by
    // themselves: Basic may only read, and changes by the others need X-Sluice-Request: 1.
    Outcome identify(const LoginRequest& request);
    // True: identify() asks munged or the user database, which may take seconds.
    bool waits(const LoginRequest& request) const;
    // For an answer that is given without identify(): a 401 counts as a wrong login.
    Response counted(std::string_view address, Response response);

private:
    using Clock = std::chrono::steady_clock;
    struct Failures {
        int count = 0;
        Clock::time_point since{};
    };
    Outcome known(const LoginRequest& request);
    Outcome proven(const LoginRequest& request);
    Outcome by_token(std::string_view text) const;
    // nullopt: there is no session.
    std::optional<Viewer> by_session(std::string_view cookie) const;
    Outcome by_proxy(const std::string& user, std::string_view address) const;
    bool is_staff(std::uint32_t uid) const;
    Outcome by_basic(std::string_view pair, std::string_view method) const;
    Outcome by_munge(std::string_view credential, const LoginRequest& request);
    Outcome by_credential(const cred::Credential& made, const LoginRequest& request);
    bool barred(const std::string& address);
    void note_failure(const std::string& address);

    LoginSettings settings_;
    const TokenFile& tokens_;
    Nonces& nonces_;
    WebSessions& sessions_;
    ProxyLogin* proxy_;
    std::atomic<Clock::time_point> munged_away_until_{Clock::time_point{}};
    Guarded<std::map<std::string, Failures>> failures_; // by address
};

// The bytes of RFC 4648 base64; nullopt: not base64.
std::optional<std::string> from_base64(std::string_view text);

} // namespace sluice::http
