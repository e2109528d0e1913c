// SPDX-License-Identifier: GPL-2.0-or-later
// Logins by an authenticating proxy, such as that of Open OnDemand: the proxy names the user in a
// header and proves itself by its address and by a shared secret in a second header. Knows no
// rights.
#pragma once

#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/base/thread.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

struct ProxySettings {
    std::string header;        // "": there is no such proxy
    std::string secret_header; // of the shared secret
    std::string secret_file;
    std::vector<std::string> addresses; // without port
};

// Values of the two headers, each as often as it was sent; at most two are kept.
struct ProxyHeaders {
    std::vector<std::string> users;
    std::vector<std::string> secrets;

    bool sent() const { return !users.empty() || !secrets.empty(); }
};

// Thread-safe.
class ProxyLogin {
public:
    using Time = std::chrono::steady_clock::time_point;
    // The uid; nullopt: no such user; unavailable: the host cannot look users up now.
    using Lookup = std::function<Result<std::optional<std::uint32_t>>(const std::string& user)>;
    // How long a uid is used without another look-up.
    static constexpr std::chrono::seconds kMemory{60};
    static constexpr std::size_t kMaxMemory = 10'000;
    static constexpr std::size_t kLeastSecret = 32;

    // Errors as those of read_file(); malformed: the secret is too short; not_found: an address is
    // none.
    static Result<std::unique_ptr<ProxyLogin>> open(const ProxySettings& settings,
                                                    Lookup lookup = {});

    const ProxySettings& settings() const { return settings_; }
    bool is_proxy(std::string_view address) const;
    // The name of the user. REQUIRES: headers.sent(). refused: with the reason.
    Result<std::string> user(const ProxyHeaders& headers, std::string_view address) const;
    // uid() answers without a look-up, which may take seconds.
    bool remembers(const std::string& user, Time now) const;
    // not_found: no such user; unavailable: no answer to the look-up. First logins of a user within
    // twelve hours are logged.
    Result<std::uint32_t> uid(const std::string& user, std::string_view address, Time now);

private:
    struct Known {
        std::optional<std::uint32_t> uid;
        Time looked_up{};
        Time logged{};
    };
    ProxyLogin(ProxySettings settings, Secret secret, std::vector<std::string> addresses,
               Lookup lookup)
        : settings_(std::move(settings)), secret_(std::move(secret)),
          addresses_(std::move(addresses)), lookup_(std::move(lookup)) {}

    const ProxySettings settings_;
    const Secret secret_;
    const std::vector<std::string> addresses_; // in bytes
    const Lookup lookup_;
    mutable Guarded<std::map<std::string, Known>> known_;
};

} // namespace sluice::http
