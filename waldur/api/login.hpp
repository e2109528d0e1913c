// SPDX-License-Identifier: GPL-2.0-or-later
// Who we are to Waldur: a token from the settings or a file, or one that an OIDC server gives for
// client credentials. Never shows it.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/secret.hpp"
#include "waldur/api/http.hpp"

#include <memory>
#include <string>

namespace sluice::waldur {

struct LoginOptions {
    std::shared_ptr<const Secret> token; // or
    std::string token_file;              // or
    std::string oidc_token_url;
    std::string oidc_client_id;
    std::shared_ptr<const Secret> oidc_secret; // or
    std::string oidc_secret_file;
};

// One thread: that of its Http.
class Login {
public:
    Login(LoginOptions options, Http& http, const Clock& clock)
        : options_(std::move(options)), http_(http), clock_(clock) {}

    // Value of the Authorization header. refused: the file is missing, or others may read it.
    Result<std::string> authorization();
    // It was not accepted: the next one is read or fetched anew. False: that was just done.
    bool renew();

private:
    Result<std::string> fetch();

    LoginOptions options_;
    Http& http_;
    const Clock& clock_;
    Secret held_;           // header value
    Instant valid_until_{}; // of one from OIDC
    Instant renewed_{};
};

// A file's first line. Errors: those of read_file(); refused (no token in it).
Result<Secret> read_secret(const std::string& path);

} // namespace sluice::waldur
