// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/auth/web_sessions.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::size_t kCodeBytes = 16;
constexpr std::size_t kCookieBytes = 32;

struct Fresh {
    Secret text;
    std::string digest;
};

Result<std::string> digest_of(std::string_view text) {
    const auto digest = hash::sha256(text);
    if (!digest)
        return digest.error();
    return hash::hex(*digest);
}

Result<Fresh> fresh(std::size_t size) {
    const auto bytes = hash::random_bytes(size);
    if (!bytes)
        return bytes.error();
    Secret text(hash::hex(*bytes));
    auto digest = digest_of(text.reveal());
    if (!digest)
        return digest.error();
    return Fresh{std::move(text), std::move(*digest)};
}

// Looks at every entry, whatever it finds.
template <class List>
auto holder(List& list, std::string_view text) {
    auto found = list.end();
    const auto digest = digest_of(text);
    if (!digest)
        return found;
    for (auto it = list.begin(); it != list.end(); ++it)
        if (hash::equal_in_constant_time(it->digest, *digest))
            found = it;
    return found;
}

template <class List>
std::size_t of_user(const List& list, std::uint32_t uid) {
    return static_cast<std::size_t>(
        std::count_if(list.begin(), list.end(), [&](const auto& each) { return each.uid == uid; }));
}

template <class List>
auto oldest_of(List& list, std::uint32_t uid) {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& each) { return each.uid == uid; });
}

void log_end(const WebSession& session, std::string_view why) {
    log::event(log::Level::notice, "SLUICE-0822", "session-ended",
               {{"session", std::to_string(session.id)},
                {"uid", std::to_string(session.uid)},
                {"user", session.user},
                {"why", std::string(why)}});
}

} // namespace

void WebSessions::forget_old(State& state, Time now) {
    std::erase_if(state.codes, [&](const Code& code) { return code.expires <= now; });
    std::erase_if(state.sessions, [&](const WebSession& session) {
        if (session.expires > now)
            return false;
        log_end(session, "expired");
        return true;
    });
}

Result<Secret> WebSessions::make_code(std::uint32_t uid, const std::string& user, Time now) {
    auto made = fresh(kCodeBytes);
    if (!made)
        return std::move(made).error();
    auto state = state_.lock();
    forget_old(*state, now);
    if (of_user(state->codes, uid) >= kMaxCodesOfUser)
        state->codes.erase(oldest_of(state->codes, uid));
    if (state->codes.size() >= kMax)
        return Error{Errc::conflict, "Too many links wait to be opened. Try again in a minute."};
    state->codes.push_back({uid, user, now + kCodeLife, std::move(made->digest)});
    return std::move(made->text);
}

Result<WebSessions::Opened> WebSessions::open(std::string_view code, const std::string& address,
                                              Time now, Instant clock) {
    auto made = fresh(kCookieBytes);
    if (!made)
        return std::move(made).error();
    auto state = state_.lock();
    forget_old(*state, now);
    const auto found = holder(state->codes, code);
    if (found == state->codes.end())
        return Error{Errc::refused, "This link was used before, is older than 60 s, or was made "
                                    "before sluiced started. Run sluice web for a new one."};
    const Code owner = *found;
    state->codes.erase(found);
    auto& sessions = state->sessions;
    if (of_user(sessions, owner.uid) >= kMaxOfUser) {
        const auto oldest = oldest_of(sessions, owner.uid);
        log_end(*oldest, "replaced");
        sessions.erase(oldest);
    }
    if (sessions.size() >= kMax)
        return Error{Errc::conflict, "Too many sessions are open. End some: sluice web end."};
    sessions.push_back({++state->last_id, owner.uid, owner.user, address, clock, clock + kLife,
                        now + kLife, std::move(made->digest)});
    ++state->counts.opened;
    const WebSession& session = sessions.back();
    log::event(log::Level::notice, "SLUICE-0821", "session-opened",
               {{"session", std::to_string(session.id)},
                {"uid", std::to_string(session.uid)},
                {"user", session.user},
                {"address", address}});
    return Opened{std::move(made->text), session};
}

std::optional<WebSession> WebSessions::find(std::string_view cookie, Time now) {
    auto state = state_.lock();
    forget_old(*state, now);
    const auto found = holder(state->sessions, cookie);
    return found == state->sessions.end() ? std::nullopt : std::optional(*found);
}

std::vector<WebSession> WebSessions::list(Time now) {
    auto state = state_.lock();
    forget_old(*state, now);
    return state->sessions;
}

bool WebSessions::end(std::uint64_t id, std::string_view why, Time now) {
    auto state = state_.lock();
    forget_old(*state, now);
    const auto found = std::find_if(state->sessions.begin(), state->sessions.end(),
                                    [&](const WebSession& each) { return each.id == id; });
    if (found == state->sessions.end())
        return false;
    log_end(*found, why);
    state->sessions.erase(found);
    return true;
}

WebSessions::Counts WebSessions::counts(Time now) {
    auto state = state_.lock();
    forget_old(*state, now);
    Counts out = state->counts;
    out.open = state->sessions.size();
    return out;
}

void WebSessions::refused(std::string_view login, const std::string& address,
                          const std::string& reason, Time now) {
    std::uint64_t left_out = 0;
    {
        auto state = state_.lock();
        ++state->counts.refused;
        auto& refusals = state->refusals[std::string(login)];
        if (now - refusals.minute >= std::chrono::minutes(1)) {
            if (refusals.count > kRefusalsLogged)
                left_out = refusals.count - kRefusalsLogged;
            refusals = {now, 0};
        }
        if (++refusals.count > kRefusalsLogged)
            return;
    }
    log::event(log::Level::warning, "SLUICE-0823", "web-login-refused",
               {{"login", std::string(login)},
                {"address", address},
                {"reason", reason},
                {"left_out", std::to_string(left_out)}});
}

Result<std::string> session_cookie(std::string_view header) {
    std::optional<std::string> found;
    while (!header.empty()) {
        const auto end = std::min(header.find(';'), header.size());
        const auto pair = trim(header.substr(0, end));
        header.remove_prefix(std::min(end + 1, header.size()));
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != kSessionCookie)
            continue;
        if (found)
            return Error{Errc::malformed,
                         "The browser sent two cookies named sluice_session. Delete the cookies of "
                         "this site, then run sluice web for a new link."};
        found = std::string(trim(pair.substr(equals + 1)));
    }
    if (!found)
        return Error{Errc::not_found, "no session"};
    if (found->size() != 2 * kCookieBytes ||
        found->find_first_not_of("0123456789abcdef") != std::string::npos)
        return Error{Errc::malformed, "The cookie sluice_session is not one of sluiced. Run "
                                      "sluice web for a new link."};
    return *found;
}

} // namespace sluice::http
