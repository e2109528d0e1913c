// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "daemon/http/auth/web_sessions.hpp"
#include "daemon/http/views/common.hpp"
#include "daemon/http/views/views.hpp"

#include <chrono>

namespace sluice::http {
namespace {

using json::Value;
using Clock = std::chrono::steady_clock;

std::optional<Response> not_over_tcp(const Call& call) {
    if (call.shared.sessions != nullptr && !call.shared.page.empty())
        return std::nullopt;
    return failure(404, "sluiced shows the page on its Unix socket only, where no session is "
                        "needed. Set http.listen in sluiced.yaml, or forward the socket: ssh -L "
                        "6831:/run/sluice/sluiced.sock HOST, then open http://localhost:6831/.");
}

// As Slurm knows it: no user database is asked, which may take seconds.
std::string name_of(const Call& call, std::uint32_t uid) {
    for (const auto& service : call.services.clusters)
        if (const CyclePtr cycle = service.status.last_cycle())
            for (const auto& user : cycle->users)
                if (user.uid == uid && uid != kNoUid)
                    return user.name;
    return uid == 0 ? "root" : "";
}

bool owns(const Viewer& viewer, const WebSession& session) {
    return viewer.login != LoginKind::token && viewer.uid == session.uid;
}

Value render_session(const WebSession& session, const Viewer& viewer) {
    return object(kv("id", session.id), kv("uid", session.uid), kv("user", session.user),
                  kv("opened", session.opened), kv("until", session.until),
                  kv("address", session.address), kv("this_one", session.id == viewer.session));
}

// The browser forgets the cookie. Without Path it is for the folder of this route, behind any
// prefix of a proxy: the files of the page need no login, and other paths never get it.
std::string cookie(std::string_view value, std::int64_t seconds, bool https) {
    return std::string(kSessionCookie) + '=' + std::string(value) +
           "; Max-Age=" + std::to_string(seconds) + "; HttpOnly; SameSite=Strict" +
           (https ? "; Secure" : "");
}

} // namespace

Response view_make_link(const Call& call) {
    const auto& viewer = call.request.viewer;
    if (viewer.login != LoginKind::socket && viewer.login != LoginKind::munge)
        return failure(403, "A link is made for the user of a connection on the Unix socket or of "
                            "a munge login, not by a token or a session. Run sluice web.");
    if (auto no = not_over_tcp(call))
        return std::move(*no);
    const std::string user = name_of(call, viewer.uid);
    const auto code = call.shared.sessions->make_code(viewer.uid, user, Clock::now());
    if (!code)
        return failure(code.error());
    log::event(log::Level::info, "SLUICE-0820", "web-link-made",
               {{"uid", std::to_string(viewer.uid)}, {"user", user}});
    Value out = envelope(call);
    put(out, kv("link", std::string(call.shared.page) + "#/code/" + std::string(code->reveal())),
        kv("valid_s", std::int64_t{WebSessions::kCodeLife.count()}));
    return ok(out, 201);
}

Response view_open_session(const Call& call) {
    if (call.request.viewer.login == LoginKind::socket)
        return failure(409,
                       "On the Unix socket the connection is the login: no session is needed.");
    if (auto no = not_over_tcp(call))
        return std::move(*no);
    Form form(call.request, {"code"});
    const std::string code = form.text("code");
    if (code.empty())
        form.fail("code is missing: run sluice web for a link");
    if (form.fault())
        return failure(*form.fault());
    auto& sessions = *call.shared.sessions;
    const auto now = Clock::now();
    const auto opened = sessions.open(code, call.request.address, now, call.status.info().now);
    if (!opened) {
        const auto& error = opened.error();
        sessions.refused("link", call.request.address, error.context, now);
        return error.code == Errc::refused ? failure(401, error.context) : failure(error);
    }
    Value out = envelope(call);
    put(out, kv("session", render_session(opened->session, call.request.viewer)));
    Response response = ok(out, 201);
    response.headers.emplace_back(
        "Set-Cookie", cookie(opened->cookie.reveal(),
                             std::chrono::seconds(WebSessions::kLife).count(), call.request.https));
    return response;
}

Response view_leave_session(const Call& call) {
    const auto& viewer = call.request.viewer;
    if (viewer.session == 0 || call.shared.sessions == nullptr)
        return failure(404, "This request has no session. List the sessions: sluice web list.");
    call.shared.sessions->end(viewer.session, "by the page", Clock::now());
    Response response = ok(envelope(call));
    response.headers.emplace_back("Set-Cookie", cookie("", 0, call.request.https));
    return response;
}

Response view_sessions(const Call& call) {
    if (auto no = not_over_tcp(call))
        return std::move(*no);
    const auto& viewer = call.request.viewer;
    Value sessions = Value::array();
    for (const auto& session : call.shared.sessions->list(Clock::now()))
        if (viewer.sees_all() || owns(viewer, session))
            sessions.append(render_session(session, viewer));
    return answer(call, kv("sessions", std::move(sessions)));
}

Response view_end_session(const Call& call) {
    if (auto no = not_over_tcp(call))
        return std::move(*no);
    const auto& viewer = call.request.viewer;
    const auto id = whole_number<std::uint64_t>(call.name);
    for (const auto& session : call.shared.sessions->list(Clock::now()))
        if (id && session.id == *id && (viewer.staff || owns(viewer, session))) {
            call.shared.sessions->end(*id, "by " + viewer.label(), Clock::now());
            return answer(call, kv("ended", 1));
        }
    return failure(404, "session " + call.name + " does not exist, has ended, or is not yours");
}

Response view_end_sessions(const Call& call) {
    if (auto no = not_over_tcp(call))
        return std::move(*no);
    const auto& viewer = call.request.viewer;
    Form form(call.request, {"all"});
    const bool all = form.flag("all");
    if (form.fault())
        return failure(*form.fault());
    if (all && !viewer.staff)
        return failure(403, "Only staff may end the sessions of all users. Leave all out to end "
                            "your own.");
    int ended = 0;
    for (const auto& session : call.shared.sessions->list(Clock::now()))
        if ((all || owns(viewer, session)) &&
            call.shared.sessions->end(session.id, "by " + viewer.label(), Clock::now()))
            ++ended;
    return answer(call, kv("ended", ended));
}

} // namespace sluice::http
