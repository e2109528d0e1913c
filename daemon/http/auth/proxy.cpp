// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/auth/proxy.hpp"

#include "common/base/files.hpp"
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <pwd.h>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::size_t kMaxSecretFile = 4096;
constexpr std::size_t kMaxUser = 256;
constexpr std::size_t kMaxEntry = 1024 * 1024; // of the user database
constexpr std::chrono::hours kLogEvery{12};

// The bytes of the address; an IPv4 address mapped into IPv6, as a socket for both shows it, is the
// IPv4 address. "": no address.
std::string bytes_of(std::string_view text) {
    const std::string address(text.substr(0, text.find('%')));
    in_addr four{};
    if (::inet_pton(AF_INET, address.c_str(), &four) == 1)
        return {reinterpret_cast<const char*>(&four), sizeof four};
    in6_addr six{};
    if (::inet_pton(AF_INET6, address.c_str(), &six) != 1)
        return "";
    std::string out(reinterpret_cast<const char*>(&six), sizeof six);
    return IN6_IS_ADDR_V4MAPPED(&six) ? out.substr(12) : out;
}

Result<std::optional<std::uint32_t>> look_up(const std::string& user) {
    passwd entry{};
    passwd* found = nullptr;
    for (std::size_t size = 16'384; size <= kMaxEntry; size *= 4) {
        std::vector<char> buffer(size);
        const int code = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
        if (code == 0 && found == nullptr)
            return std::optional<std::uint32_t>();
        if (code == 0)
            return std::optional<std::uint32_t>(entry.pw_uid);
        // getpwnam(3): some of the modules report an unknown user in these ways
        if (code == ENOENT || code == ESRCH)
            return std::optional<std::uint32_t>();
        if (code != ERANGE)
            return Error{Errc::unavailable, std::strerror(code)};
    }
    return Error{Errc::unavailable, "the entry of the user is too long"};
}

bool is_name(std::string_view user) {
    return !user.empty() && user.size() <= kMaxUser &&
           std::all_of(user.begin(), user.end(), [](char c) {
               return c > ' ' && c < '\x7f' && c != ':' && c != '/' && c != ',';
           });
}

} // namespace

Result<std::unique_ptr<ProxyLogin>> ProxyLogin::open(const ProxySettings& settings, Lookup lookup) {
    auto text = read_file(settings.secret_file, kMaxSecretFile, ReadableBy::group);
    if (!text)
        return Error(text.error()).in("http.proxy.secret_file");
    Secret secret{std::string(trim(*text))};
    if (secret.reveal().size() < kLeastSecret)
        return Error{Errc::malformed, "http.proxy.secret_file " + settings.secret_file +
                                          ": shorter than 32 bytes; make it with: openssl rand "
                                          "-hex 32"};
    std::vector<std::string> addresses;
    for (const auto& address : settings.addresses) {
        addresses.push_back(bytes_of(address));
        if (addresses.back().empty())
            return Error{Errc::not_found,
                         "http.proxy.addresses: '" + address + "' is no IP address"};
    }
    return std::unique_ptr<ProxyLogin>(new ProxyLogin(
        settings, std::move(secret), std::move(addresses), lookup ? std::move(lookup) : look_up));
}

bool ProxyLogin::is_proxy(std::string_view address) const {
    const auto bytes = bytes_of(address);
    return !bytes.empty() &&
           std::find(addresses_.begin(), addresses_.end(), bytes) != addresses_.end();
}

Result<std::string> ProxyLogin::user(const ProxyHeaders& headers, std::string_view address) const {
    const auto no = [](std::string what) { return Error{Errc::refused, std::move(what)}; };
    if (!is_proxy(address))
        return no("The header " + settings_.header + " or " + settings_.secret_header +
                  " came from an address that is not in http.proxy.addresses. Log in by "
                  "sluice web or a token.");
    if (headers.secrets.size() != 1 ||
        !hash::equal_in_constant_time(headers.secrets.front(), secret_.reveal()))
        return no("The header " + settings_.secret_header +
                  (headers.secrets.empty()      ? " is missing"
                   : headers.secrets.size() > 1 ? " was sent more than once"
                                                : " does not have the secret of "
                                                  "http.proxy.secret_file") +
                  ". Correct the settings of the proxy.");
    if (headers.users.size() > 1)
        return no("The header " + settings_.header +
                  " was sent more than once. Let the proxy replace what its clients send.");
    const std::string user = headers.users.empty() ? "" : headers.users.front();
    if (user.empty())
        return no("The header " + settings_.header +
                  " is missing or empty: the proxy did not name the user.");
    if (!is_name(user))
        return no("The header " + settings_.header +
                  " has no name of a user: blanks, ':', '/', ',', more than 256 bytes, or bytes "
                  "outside ASCII.");
    return user;
}

bool ProxyLogin::remembers(const std::string& user, Time now) const {
    auto known = known_.lock();
    const auto found = known->find(user);
    return found != known->end() && now - found->second.looked_up < kMemory;
}

Result<std::uint32_t> ProxyLogin::uid(const std::string& user, std::string_view address, Time now) {
    std::optional<std::optional<std::uint32_t>> fresh;
    if (!remembers(user, now)) {
        auto answer = lookup_(user); // without the lock: it may take seconds
        if (!answer)
            return Error{Errc::unavailable, "The host of sluiced cannot look up the user '" + user +
                                                "' now: " + answer.error().context +
                                                ". Try again in a moment."};
        fresh = *answer;
    }
    auto known = known_.lock();
    if (known->size() >= kMaxMemory && !known->contains(user))
        known->clear();
    auto& entry = (*known)[user];
    if (fresh) {
        entry.uid = *fresh;
        entry.looked_up = now;
    }
    if (!entry.uid)
        return Error{Errc::not_found, "The proxy names the user '" + user +
                                          "', whom the host of sluiced does not know. Ask the "
                                          "administrators of the cluster."};
    if (entry.logged == Time{} || now - entry.logged >= kLogEvery) {
        entry.logged = now;
        log::event(log::Level::notice, "SLUICE-0824", "proxy-login",
                   {{"user", user},
                    {"uid", std::to_string(*entry.uid)},
                    {"address", std::string(address)}});
    }
    return *entry.uid;
}

} // namespace sluice::http
