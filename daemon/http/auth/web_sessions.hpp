// SPDX-License-Identifier: GPL-2.0-or-later
// Sessions of the web page. `sluice web` gets a link with a one-time code for the person who ran
// it; the browser that opens the link exchanges the code for a cookie. Code and cookie are random,
// and only their SHA-256 is stored. In memory alone: a restart of sluiced ends all sessions.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/thread.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

inline constexpr std::string_view kSessionCookie = "sluice_session";

struct WebSession {
    std::uint64_t id = 0;
    std::uint32_t uid = 0;
    std::string user;    // "": not known
    std::string address; // that opened it
    Instant opened{};
    Instant until{}; // for people; `expires` decides
    std::chrono::steady_clock::time_point expires{};
    std::string digest; // of the cookie: SHA-256, hex
};

// Has a uid and never a right: who may do what is decided anew for each request. Thread-safe.
class WebSessions {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kCodeLife{60};
    static constexpr std::chrono::hours kLife{12};
    // Of one user: a newer one replaces the oldest. Of all users: more are refused.
    static constexpr std::size_t kMaxOfUser = 10;
    static constexpr std::size_t kMaxCodesOfUser = 3;
    static constexpr std::size_t kMax = 1000;

    struct Opened {
        Secret cookie;
        WebSession session;
    };
    struct Counts {
        std::size_t open = 0;
        std::uint64_t opened = 0; // since the start
        std::uint64_t refused = 0;
    };

    // The code of a link, good for one open() within kCodeLife. conflict: too many codes; internal:
    // no random bytes.
    Result<Secret> make_code(std::uint32_t uid, const std::string& user, Time now);
    // refused: no such code, or it expired or was used; conflict: too many sessions.
    Result<Opened> open(std::string_view code, const std::string& address, Time now, Instant clock);
    // Takes equally long for every wrong cookie of the same length.
    std::optional<WebSession> find(std::string_view cookie, Time now);
    // Oldest first.
    std::vector<WebSession> list(Time now);
    // Ends the session. `why` is for the log. False: no such session.
    bool end(std::uint64_t id, std::string_view why, Time now);
    Counts counts(Time now);
    // A login that failed, in the log: "session", "link" or "proxy". At most kRefusalsLogged lines
    // a minute of each; the next one has the number of those left out.
    void refused(std::string_view login, const std::string& address, const std::string& reason,
                 Time now);
    static constexpr std::uint64_t kRefusalsLogged = 10;

private:
    struct Code {
        std::uint32_t uid = 0;
        std::string user;
        Time expires{};
        std::string digest;
    };
    struct Refusals {
        Time minute{};
        std::uint64_t count = 0;
    };
    struct State {
        std::vector<Code> codes;
        std::vector<WebSession> sessions; // oldest first
        std::uint64_t last_id = 0;
        Counts counts;
        std::map<std::string, Refusals, std::less<>> refusals; // by login
    };
    static void forget_old(State& state, Time now);

    Guarded<State> state_;
};

// The value of the session cookie in a Cookie header (RFC 6265, section 4.2.1). not_found: none;
// malformed: more than one, or a value that no session has.
Result<std::string> session_cookie(std::string_view header);

} // namespace sluice::http
