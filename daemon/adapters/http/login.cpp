// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/login.hpp"

#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/cred/munge.hpp"

#include <algorithm>
#include <climits>

namespace sluice::http {
namespace {

constexpr int kMostFailures = 20; // of one address in a minute
constexpr std::chrono::seconds kMemory{60};
constexpr std::size_t kMostAddresses = 10000;
constexpr std::uint32_t kNobody = UINT_MAX; // a token's viewer is no user

Response unauthorized(std::string_view detail) {
    Response out = failure(401, detail);
    out.headers.emplace_back("WWW-Authenticate", "Token");
    out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"sluice\"");
    return out;
}

} // namespace

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

std::optional<ports::Viewer> Login::by_token(std::string_view text) const {
    const auto token = tokens_.find(text);
    if (!token)
        return std::nullopt;
    return ports::Viewer{kNobody, token->role == Role::staff, "token " + token->name,
                         token->role == Role::reader};
}

std::optional<ports::Viewer> Login::by_munge(std::string_view credential) const {
    auto munge = cred::MungeContext::create(settings_.munge_socket);
    if (!munge)
        return std::nullopt;
    const auto found = munge->decode(credential);
    if (!found) {
        log::event(log::Level::debug, "SLUICE-0512", "munge-refused",
                   {{"error", found.error().context}});
        return std::nullopt;
    }
    const auto& staff = settings_.staff_uids;
    return ports::Viewer{
        found->uid, std::find(staff.begin(), staff.end(), found->uid) != staff.end(), "", false};
}

std::optional<ports::Viewer> Login::known(const std::string& authorization) const {
    const auto blank = authorization.find(' ');
    if (blank == std::string::npos)
        return std::nullopt;
    const std::string scheme = lower(authorization.substr(0, blank));
    const auto rest = trim(std::string_view(authorization).substr(blank + 1));
    if (scheme == "token" || scheme == "bearer")
        return by_token(rest);
    if (scheme == "munge")
        return by_munge(rest);
    if (scheme != "basic")
        return std::nullopt;
    const auto pair = from_base64(rest);
    const auto colon = pair ? pair->find(':') : std::string::npos;
    return colon == std::string::npos ? std::nullopt : by_token(pair->substr(colon + 1));
}

bool Login::barred(const std::string& address) {
    auto failures = failures_.lock();
    const auto found = failures->find(address);
    if (found == failures->end())
        return false;
    if (Clock::now() - found->second.since <= kMemory)
        return found->second.count >= kMostFailures;
    failures->erase(found);
    return false;
}

void Login::note_failure(const std::string& address) {
    auto failures = failures_.lock();
    if (failures->size() >= kMostAddresses)
        failures->clear();
    auto& entry = (*failures)[address];
    if (entry.count++ == 0)
        entry.since = Clock::now();
    if (entry.count == kMostFailures)
        log::event(log::Level::warning, "SLUICE-0511", "logins-refused", {{"address", address}});
}

// A right one always passes: behind a proxy or on a login node many people share an address. Who
// sends wrong ones there holds up only those that are wrong, too.
std::variant<ports::Viewer, Response> Login::identify(const std::string& authorization,
                                                      const std::string& address) {
    if (authorization.empty())
        return unauthorized("Authentication credentials were not provided.");
    if (auto viewer = known(authorization))
        return *viewer;
    if (barred(address)) {
        Response out = failure(429, "Too many wrong tokens from your address; wait a minute.");
        out.headers.emplace_back("Retry-After", "60");
        return out;
    }
    note_failure(address);
    return unauthorized("Invalid token.");
}

} // namespace sluice::http
