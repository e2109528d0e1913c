// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/login.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/json/json.hpp"

#include <algorithm>
#include <cerrno>

namespace sluice::waldur {
namespace {

constexpr std::chrono::seconds kEarly{30};     // a token is not used until its last second
constexpr std::chrono::seconds kUnstated{300}; // the server did not say how long it is good
constexpr std::chrono::seconds kRenewEvery{10};
constexpr std::size_t kMaxSecretFile = 16384;

} // namespace

Result<Secret> read_secret(const std::string& path) {
    auto whole = read_file(path, kMaxSecretFile, ReadableBy::group);
    if (!whole)
        return std::move(whole).error();
    const Secret bytes(std::move(*whole));
    const auto text = bytes.reveal();
    Secret secret{std::string(trim(text.substr(0, text.find('\n'))))};
    const auto clear = [](char c) { return c > ' ' && c != '\x7f'; };
    const auto shown = secret.reveal();
    if (shown.empty() || !std::all_of(shown.begin(), shown.end(), clear))
        return Error{Errc::refused, path + ": holds no token in its first line; write one to it"};
    return secret;
}

Result<std::string> Login::authorization() {
    const bool oidc = !options_.oidc_token_url.empty();
    if (!held_.empty() && (!oidc || clock_.now() < valid_until_))
        return std::string(held_.reveal());
    if (oidc)
        return fetch();
    if (options_.token_file.empty()) {
        held_ = Secret("Token " + std::string(options_.token ? options_.token->reveal() : ""));
    } else {
        const auto token = read_secret(options_.token_file);
        if (!token)
            return token.error();
        held_ = Secret("Token " + std::string(token->reveal()));
    }
    return std::string(held_.reveal());
}

bool Login::renew() {
    if (options_.oidc_token_url.empty() && options_.token_file.empty())
        return false;
    if (clock_.now() - renewed_ < kRenewEvery)
        return false;
    renewed_ = clock_.now();
    held_ = {};
    return true;
}

Result<std::string> Login::fetch() {
    std::string secret;
    if (options_.oidc_secret_file.empty()) {
        secret = options_.oidc_secret ? options_.oidc_secret->reveal() : "";
    } else {
        const auto read = read_secret(options_.oidc_secret_file);
        if (!read)
            return read.error();
        secret = read->reveal();
    }
    HttpRequest request;
    request.method = "POST";
    request.url = options_.oidc_token_url;
    request.content_type = "application/x-www-form-urlencoded";
    request.body =
        "grant_type=client_credentials&client_id=" + percent_encoded(options_.oidc_client_id) +
        "&client_secret=" + percent_encoded(secret);
    const auto answer = http_.exchange(request);
    if (!answer)
        return Error(answer.error()).in("OIDC server");
    if (answer->status >= 500 || answer->status == 429)
        return Error{Errc::unavailable, "OIDC server: HTTP " + std::to_string(answer->status)};
    const auto parsed = json::parse(answer->body);
    if (answer->status != 200 || !parsed || (*parsed)["access_token"].text().empty())
        return Error{Errc::refused, "OIDC server: HTTP " + std::to_string(answer->status) +
                                        " and no token; check oidc_client_id and its secret"};
    const auto seconds = std::chrono::seconds{
        std::clamp<std::int64_t>((*parsed)["expires_in"].integer(kUnstated.count()), 0, 86400)};
    valid_until_ = clock_.now() + std::max(seconds - kEarly, std::chrono::seconds{1});
    held_ = Secret("Bearer " + std::string((*parsed)["access_token"].text()));
    return std::string(held_.reveal());
}

} // namespace sluice::waldur
