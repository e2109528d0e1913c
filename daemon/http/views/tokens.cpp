// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/views.hpp"

#include "common/base/log.hpp"
#include "daemon/http/auth/login.hpp"
#include "daemon/http/auth/tokens.hpp"
#include "daemon/http/views/common.hpp"

namespace sluice::http {
namespace {

using json::Value;

std::optional<Response> refusal(const Call& call) {
    const auto& viewer = call.request.viewer;
    // A token outlives the role of who made it.
    if (!viewer.staff || viewer.granted || !viewer.name.empty() || viewer.sent_by_browser())
        return failure(403, "Only root and SlurmUser may manage tokens, on the host of sluiced.");
    if (call.shared.tokens == nullptr)
        return failure(404, "sluiced has no tokens. Set http.tokens in sluiced.yaml.");
    return std::nullopt;
}

void log_change(const char* what, const std::string& name, const Call& call) {
    log::event(log::Level::notice, "SLUICE-0515", "token-changed",
               {{"change", what}, {"name", name}, {"by", call.request.viewer.label()}});
}

} // namespace

Response view_tokens(const Call& call) {
    if (auto no = refusal(call))
        return std::move(*no);
    const auto render_token = [](const Token& token) {
        return object(kv("name", token.name), kv("role", name(token.role)), kv("made", token.made));
    };
    return answer(call, kv("tokens", array_of(call.shared.tokens->list(), render_token)));
}

Response view_add_token(const Call& call) {
    if (auto no = refusal(call))
        return std::move(*no);
    Form form(call.request, {"name", "role"});
    const std::string named = form.text("name");
    const std::string role = form.text("role");
    if (role != name(Role::staff) && role != name(Role::reader))
        form.fail("role must be staff or reader");
    if (form.fault())
        return failure(*form.fault());
    const auto token = call.shared.tokens->add(
        named, role == name(Role::staff) ? Role::staff : Role::reader, call.status.info().now);
    if (!token)
        return failure(token.error());
    log_change("added", named, call);
    Value out = envelope(call);
    put(out, kv("name", named), kv("role", role), kv("token", token->reveal()));
    return ok(out, 201);
}

Response view_remove_token(const Call& call) {
    if (auto no = refusal(call))
        return std::move(*no);
    const auto removed = call.shared.tokens->remove(call.name);
    if (!removed)
        return failure(removed.error());
    log_change("removed", call.name, call);
    return ok(envelope(call));
}

Response view_nonce(const Call& call) {
    if (call.shared.nonces == nullptr)
        return failure(404, "sluiced has no munge logins, since http.listen is not set. The Unix "
                            "socket needs no login.");
    const auto nonce = call.shared.nonces->make(std::chrono::steady_clock::now());
    if (!nonce)
        return failure(nonce.error());
    return ok(object(kv("nonce", *nonce), kv("valid_s", std::int64_t{Nonces::kLife.count()})));
}

} // namespace sluice::http
