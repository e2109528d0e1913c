// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/auth/login.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/cred/http_login.hpp"
#include "common/cred/munge.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>
#include <charconv>
#include <climits>

namespace sluice::http {
namespace {

constexpr int kMaxFailures = 20; // of one address in a minute
constexpr std::chrono::seconds kMemory{60};
// After munged did not respond, no call to it for so long: each may take 10 s while others wait.
constexpr std::chrono::seconds kAway{2};
constexpr std::size_t kMaxAddresses = 10000;
constexpr std::uint32_t kNoUser = UINT_MAX; // the uid of a token: no user has it
constexpr std::string_view kMungeText = cred::kHttpLogin;

Response unauthorized(std::string_view detail) {
    Response out = failure(401, detail);
    out.headers.emplace_back("WWW-Authenticate", "Token");
    out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"sluice\"");
    return out;
}

// The page reads `session`: what was typed is kept, and the remedy is shown.
Response session_over(std::string_view detail) {
    json::Value body = json::Value::object();
    body.set("detail", detail).set("session", "ended");
    Response out = ok(body, 401);
    out.headers.emplace_back("WWW-Authenticate", "Token");
    return out;
}

Response later(int status, std::string_view detail) {
    Response out = failure(status, detail);
    out.headers.emplace_back("Retry-After", status == 429 ? "60" : "5");
    return out;
}

constexpr std::size_t kTimeDigits = 16; // seconds of the steady clock, hex
constexpr std::size_t kSaltDigits = 16;
constexpr std::size_t kMarkDigits = 32; // of the HMAC over both, which has 64
constexpr std::size_t kSecretBytes = 32;

std::string digits(std::uint64_t value) {
    std::string bytes(kTimeDigits / 2, '\0');
    for (std::size_t i = bytes.size(); i-- > 0; value >>= 8)
        bytes[i] = static_cast<char>(value & 0xffU);
    return hash::hex(bytes);
}

std::uint64_t seconds(Nonces::Time time) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

Result<std::string> mark(const Secret& secret, std::string_view body) {
    auto hmac = hash::hmac_sha256(secret.reveal(), "sluice http nonce " + std::string(body));
    if (!hmac)
        return std::move(hmac).error();
    return hash::hex(*hmac).substr(0, kMarkDigits);
}

} // namespace

Result<Nonces> Nonces::create() {
    auto secret = hash::random_bytes(kSecretBytes);
    if (!secret)
        return std::move(secret).error();
    return Nonces(Secret(std::move(*secret)));
}

Result<std::string> Nonces::make(Time now) const {
    const auto salt = hash::random_bytes(kSaltDigits / 2);
    if (!salt)
        return salt.error();
    std::string out = digits(seconds(now)) + hash::hex(*salt);
    auto proof = mark(secret_, out);
    if (!proof)
        return std::move(proof).error();
    return out + *proof;
}

bool Nonces::valid(std::string_view nonce, Time now) const {
    constexpr std::size_t kBody = kTimeDigits + kSaltDigits;
    if (nonce.size() != kBody + kMarkDigits)
        return false;
    const auto proof = mark(secret_, nonce.substr(0, kBody));
    if (!proof || !hash::equal_in_constant_time(*proof, nonce.substr(kBody)))
        return false;
    std::uint64_t made = 0;
    std::from_chars(nonce.data(), nonce.data() + kTimeDigits, made, 16);
    const std::uint64_t current = seconds(now);
    return made <= current && current - made <= static_cast<std::uint64_t>(kLife.count());
}

void Nonces::forget_old(Used& used, Time now) {
    if (now - used.cleaned < std::chrono::seconds(1))
        return;
    used.cleaned = now;
    std::erase_if(used.until, [&](const auto& entry) {
        if (entry.second >= now)
            return false;
        if (const auto count = used.by_user.find(entry.first.first); --count->second == 0)
            used.by_user.erase(count);
        return true;
    });
}

Nonces::Use Nonces::use(std::uint32_t uid, std::string_view nonce, Time now) {
    auto used = used_.lock();
    forget_old(*used, now);
    const auto key = std::pair(uid, std::string(nonce));
    if (used->until.contains(key))
        return Use::again;
    if (used->until.size() >= kMaxUsed)
        return Use::too_many;
    auto& count = used->by_user[uid];
    if (count >= kMaxUsedByUser)
        return Use::too_many;
    // A second longer than it is valid: its age is counted in whole seconds.
    used->until.emplace(key, now + kLife + std::chrono::seconds(2));
    ++count;
    return Use::first;
}

std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::string out;
    unsigned bits = 0;
    int held = 0;
    for (const char c : text) {
        const auto digit = kDigits.find(c);
        if (digit == std::string_view::npos)
            return std::nullopt;
        bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xffffU;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>(bits >> held & 0xffU);
        }
    }
    return out;
}

namespace {

// "munge" of "Munge CREDENTIAL"; "": there is no Authorization header.
std::string scheme_of(std::string_view authorization) {
    return lower(authorization.substr(0, authorization.find(' ')));
}

} // namespace

Result<std::string> munge_text(std::string_view nonce, const LoginRequest& request) {
    const auto body = hash::sha256(request.body);
    if (!body)
        return body.error();
    return cred::http_login_text(nonce, request.method, request.target, hash::hex(*body));
}

Login::Outcome Login::by_token(std::string_view text) const {
    const auto token = tokens_.find(text);
    if (!token)
        return unauthorized("Invalid token.");
    return Viewer{kNoUser, token->role == Role::staff, "token " + token->name,
                  token->role == Role::reader, LoginKind::token};
}

Login::Outcome Login::by_basic(std::string_view pair, std::string_view method) const {
    if (changes(method))
        return failure(403, "Basic logins may only read, since browsers send them by themselves. "
                            "Send the token as Authorization: Token T.");
    const auto text = from_base64(pair);
    const auto colon = text ? text->find(':') : std::string::npos;
    return by_token(colon == std::string::npos ? "" : std::string_view(*text).substr(colon + 1));
}

Login::Outcome Login::by_munge(std::string_view credential, const LoginRequest& request) {
    const auto away = [] {
        return later(503, "munged on the host of sluiced does not respond. Log in by a token, or "
                          "try again.");
    };
    if (Clock::now() < munged_away_until_.load())
        return away();
    auto munge = cred::MungeContext::create(settings_.munge_socket);
    auto found = munge ? munge->decode(credential) : Result<cred::Credential>(munge.error());
    if (!found) {
        const auto& error = found.error();
        log::event(log::Level::debug, "SLUICE-0512", "munge-refused", {{"error", error.context}});
        if (error.code == Errc::unavailable)
            munged_away_until_ = Clock::now() + kAway;
        if (error.code == Errc::unavailable || error.code == Errc::internal)
            return away();
        return unauthorized("The munge credential is not valid: " + error.context +
                            ". Make a new one for each request.");
    }
    return by_credential(*found, request);
}

// munged vouches for the uid, the payload for the request.
Login::Outcome Login::by_credential(const cred::Credential& made, const LoginRequest& request) {
    const std::string_view payload = made.payload;
    const auto nonce =
        payload.starts_with(kMungeText)
            ? payload.substr(kMungeText.size(),
                             payload.find('\n', kMungeText.size()) - kMungeText.size())
            : std::string_view();
    const auto wanted = munge_text(nonce, request);
    if (!wanted || payload != *wanted)
        return unauthorized(
            "The munge credential was not made for this request. Its payload must be "
            "four lines: 'sluice http v1', a nonce of GET /api/v1/nonce, METHOD and "
            "target, SHA-256 of the body.");
    const auto now = Clock::now();
    if (!nonces_.valid(nonce, now))
        return unauthorized("The nonce in the munge credential was not made by this sluiced, or is "
                            "older than 60 s. Get a new one: GET /api/v1/nonce.");
    switch (nonces_.use(made.uid, nonce, now)) {
    case Nonces::Use::again:
        return unauthorized("The nonce in the munge credential was used before. Get a new one for "
                            "each request: GET /api/v1/nonce.");
    case Nonces::Use::too_many:
        return later(429, "Too many munge logins within a minute. Log in by a token, or wait.");
    case Nonces::Use::first:
        break;
    }
    return Viewer{made.uid, is_staff(made.uid), "", false, LoginKind::munge};
}

bool Login::is_staff(std::uint32_t uid) const {
    const auto& staff = settings_.staff_uids;
    return std::find(staff.begin(), staff.end(), uid) != staff.end();
}

// The session has the uid alone: its rights are those that this uid has now.
std::optional<Viewer> Login::by_session(std::string_view cookie) const {
    const auto session = sessions_.find(cookie, Clock::now());
    if (!session)
        return std::nullopt;
    return Viewer{session->uid,       is_staff(session->uid), "",          false,
                  LoginKind::session, session->user,          session->id, session->until};
}

// No person is root, SlurmUser or the daemon's user at a portal: these come by `sluice web`.
Login::Outcome Login::by_proxy(const std::string& user, std::string_view address) const {
    const auto now = Clock::now();
    const auto uid = proxy_->uid(user, address, now);
    auto refusal = std::optional<Response>();
    if (!uid)
        refusal = uid.error().code == Errc::unavailable ? later(503, uid.error().context)
                                                        : failure(403, uid.error().context);
    else if (is_staff(*uid))
        refusal = failure(403, "The proxy may not log in '" + user +
                                   "', a system account with all rights. Run sluice web as this "
                                   "user for a link.");
    if (!refusal)
        return Viewer{*uid, false, "", false, LoginKind::proxy, user};
    sessions_.refused("proxy", std::string(address),
                      uid ? user + " has all rights" : uid.error().context, now);
    return std::move(*refusal);
}

Login::Outcome Login::known(const LoginRequest& request) {
    const auto blank = std::min(request.authorization.find(' '), request.authorization.size());
    const std::string scheme = scheme_of(request.authorization);
    const auto rest = trim(request.authorization.substr(blank));
    const bool proxied = proxy_ != nullptr && request.proxy != nullptr && request.proxy->sent();
    // Refused even beside a token: the proxy, or someone in its place, is not what it should be.
    const auto user =
        proxied ? proxy_->user(*request.proxy, request.address) : Result<std::string>("");
    if (!user) {
        sessions_.refused("proxy", std::string(request.address), user.error().context,
                          Clock::now());
        return unauthorized(user.error().context);
    }
    if (scheme == "token" || scheme == "bearer")
        return by_token(rest);
    if (scheme == "munge")
        return by_munge(rest, request);
    const auto cookie = session_cookie(request.cookie);
    if (cookie)
        if (auto viewer = by_session(*cookie))
            return std::move(*viewer);
    if (proxied)
        return by_proxy(*user, request.address);
    if (cookie || cookie.error().code == Errc::malformed) {
        sessions_.refused("session", std::string(request.address),
                          cookie ? "no such session" : "malformed cookie", Clock::now());
        return session_over(cookie ? "Your session has ended, or sluiced was restarted. Run sluice "
                                     "web for a new link."
                                   : cookie.error().context);
    }
    if (scheme.empty())
        return unauthorized("Authentication credentials were not provided.");
    if (scheme == "basic")
        return by_basic(rest, request.method);
    return unauthorized("Unknown kind of login. Send Authorization: Token T, Bearer T, Basic or "
                        "Munge CREDENTIAL.");
}

bool Login::barred(const std::string& address) {
    auto failures = failures_.lock();
    const auto found = failures->find(address);
    if (found == failures->end())
        return false;
    if (Clock::now() - found->second.since <= kMemory)
        return found->second.count >= kMaxFailures;
    failures->erase(found);
    return false;
}

void Login::note_failure(const std::string& address) {
    auto failures = failures_.lock();
    if (failures->size() >= kMaxAddresses)
        failures->clear();
    auto& entry = (*failures)[address];
    if (entry.count++ == 0)
        entry.since = Clock::now();
    if (entry.count == kMaxFailures)
        log::event(log::Level::warning, "SLUICE-0511", "logins-refused", {{"address", address}});
}

// A valid login always passes: behind a proxy or on a login node many people share an address.
// Wrong logins from there delay only other wrong ones.
Response Login::counted(std::string_view from, Response response) {
    if (response.status != 401)
        return response;
    const std::string address(from);
    if (barred(address))
        return later(429, "Too many wrong logins from your address. Wait a minute.");
    note_failure(address);
    return response;
}

// A session that ended, or no login at all, is no guess.
Login::Outcome Login::proven(const LoginRequest& request) {
    auto outcome = known(request);
    auto* refusal = std::get_if<Response>(&outcome);
    const bool guess =
        !request.authorization.empty() || (request.proxy != nullptr && request.proxy->sent());
    return refusal != nullptr && guess ? counted(request.address, std::move(*refusal))
                                       : std::move(outcome);
}

Login::Outcome Login::identify(const LoginRequest& request) {
    auto outcome = proven(request);
    // Browsers ask for a password by themselves when they read Basic: not over the page.
    if (auto* refusal = std::get_if<Response>(&outcome); refusal != nullptr && request.from_page)
        std::erase_if(refusal->headers, [](const auto& header) {
            return header.first == "WWW-Authenticate" && header.second.starts_with("Basic");
        });
    const auto* viewer = std::get_if<Viewer>(&outcome);
    if (viewer != nullptr && viewer->sent_by_browser() && changes(request.method) &&
        !request.from_page) {
        sessions_.refused(name(viewer->login), std::string(request.address),
                          "a change without X-Sluice-Request", Clock::now());
        return failure(403, "Changes by a session or through a proxy need the header "
                            "X-Sluice-Request: 1, which the page of sluiced sends and a page of "
                            "another site cannot.");
    }
    return outcome;
}

bool Login::waits(const LoginRequest& request) const {
    const std::string scheme = scheme_of(request.authorization);
    if (scheme == "munge")
        return true;
    if (proxy_ == nullptr || request.proxy == nullptr || request.proxy->users.size() != 1 ||
        scheme == "token" || scheme == "bearer")
        return false;
    return proxy_->is_proxy(request.address) &&
           !proxy_->remembers(request.proxy->users.front(), Clock::now());
}

} // namespace sluice::http
