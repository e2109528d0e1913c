// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/token_views.hpp"

#include "common/base/log.hpp"
#include "daemon/http/nonces.hpp"
#include "daemon/http/tokens.hpp"
#include "daemon/http/view_parts.hpp"

namespace sluice::http {
namespace {

using json::Value;

std::optional<Response> refusal(const Call& call) {
    const auto& viewer = call.request.viewer;
    if (!viewer.staff || !viewer.name.empty())
        return failure(403, "Tokens are made and removed on the host of sluiced, by root or "
                            "SlurmUser.");
    if (call.shared.tokens == nullptr)
        return failure(404, "This daemon has no tokens; set http.tokens in sluiced.yaml.");
    return std::nullopt;
}

void log_change(const char* what, const std::string& name, const Call& call) {
    log::event(log::Level::notice, "SLUICE-0515", "token-changed",
               {{"change", what},
                {"name", name},
                {"by", "uid " + std::to_string(call.request.viewer.uid)}});
}

} // namespace

Response view_tokens(const Call& call) {
    if (auto no = refusal(call))
        return std::move(*no);
    Value list = Value::array();
    for (const auto& token : call.shared.tokens->list()) {
        Value one = Value::object();
        one.set("name", token.name).set("role", name(token.role));
        put_instant(one, "made", token.made);
        list.append(std::move(one));
    }
    Value out = envelope(call);
    out.set("tokens", std::move(list));
    return ok(out);
}

Response view_add_token(const Call& call) {
    if (auto no = refusal(call))
        return std::move(*no);
    const auto body = json::parse(call.request.body);
    if (!body)
        return failure(body.error());
    const std::string role = (*body)["role"].text();
    if (role != name(Role::staff) && role != name(Role::reader))
        return failure(400, "role is staff or reader");
    const std::string named = (*body)["name"].text();
    const auto token = call.shared.tokens->add(
        named, role == name(Role::staff) ? Role::staff : Role::reader, call.service.info().now);
    if (!token)
        return failure(token.error());
    log_change("added", named, call);
    Value out = envelope(call);
    out.set("name", named).set("role", role).set("token", token->reveal());
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
        return failure(404, "This daemon has no munge logins, since http.listen is not set. The "
                            "Unix socket needs no login.");
    const auto nonce = call.shared.nonces->make(std::chrono::steady_clock::now());
    if (!nonce)
        return failure(nonce.error());
    Value out = Value::object();
    out.set("nonce", *nonce).set("valid_s", std::int64_t{Nonces::kLife.count()});
    return ok(out);
}

} // namespace sluice::http
