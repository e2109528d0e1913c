// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's REST interface: one HTTP exchange over libcurl, the login, and Waldur's conventions
// (lists in pages, errors as Django REST writes them).
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "common/json/json.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::waldur {

struct HttpOptions {
    bool verify = true;
    std::string ca_file; // "": the host's own
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds timeout{55}; // of the whole exchange
    std::size_t most_bytes = 32U * 1024 * 1024;
};

struct HttpRequest {
    std::string method = "GET"; // GET, POST, PUT
    std::string url;
    std::string authorization; // value of the header; "": none
    std::string content_type = "application/json";
    std::optional<std::string> body;
};

struct HttpAnswer {
    long status = 0;
    std::string body;
    std::optional<std::int64_t> result_count; // X-Result-Count
    std::string link;                         // Link
    std::optional<std::chrono::seconds> retry_after;
};

// Exchanges that are bounded in size and time, cut short when the daemon ends and never redirected
// (the token would go along). Keeps its connection between them. One thread, except interrupt().
class Http {
public:
    explicit Http(HttpOptions options);
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;
    ~Http();

    // Any status is an answer. unavailable: no connection, cut off; timeout; refused: the
    // certificate is not trusted; overflow: too long.
    Result<HttpAnswer> exchange(const HttpRequest& request);
    void interrupt() { interrupted_ = true; }

private:
    struct Handle;
    HttpOptions options_;
    std::unique_ptr<Handle> handle_;
    std::atomic<bool> interrupted_{false};
};

// A token from the settings or a file, or one that an OIDC server issues for client credentials.
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
    // The token was not accepted: the next one is read or fetched again. False: that was just done.
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

struct ApiOptions {
    std::string url;      // "https://waldur.example.org", without "/api/"
    std::string offering; // 32 hex digits; of no account for the deliverer
    HttpOptions http;
    LoginOptions login;
    bool reports = true; // results of commands are reported, for which Waldur wants staff
};

using Query = std::vector<std::pair<std::string, std::string>>;

// Why a call failed, and when the server wants the next.
struct Fault {
    Error error;
    long status = 0; // 0: no answer
    std::optional<std::chrono::seconds> retry_after;
};

struct Called {
    json::Value value; // null when the body is empty
    std::optional<Fault> fault;
};

// One thread, except interrupt().
class Api {
public:
    Api(const ApiOptions& options, const Clock& clock)
        : base_(options.url), http_(options.http), login_(options.login, http_, clock) {}

    // `path` begins with "/api/" and ends with "/".
    Called get(const std::string& path, const Query& query);
    Called send(const char* method, const std::string& path, const json::Value& body);
    // All pages of a list, each element handed to `take`. unavailable: it changed while it was
    // read, or a page is cut.
    Result<void> list(const std::string& path, Query query,
                      const std::function<void(json::View)>& take);
    // The bare token, for use as a password.
    Result<Secret> token();
    void interrupt() { http_.interrupt(); }

private:
    struct Page;
    Called call(HttpRequest request, HttpAnswer* headers = nullptr);
    Result<bool> page(const std::string& path, const Query& query, std::size_t number, Page& page,
                      const std::function<void(json::View)>& take);

    std::string base_;
    Http http_;
    Login login_;
};

// "400: amount: A valid number is required." from Django REST's error bodies; bounded.
std::string error_text(long status, const std::string& body);
// The page of rel="next"; 0: there is none.
std::size_t next_page(std::string_view link);

// The agent identity of sluiced in Waldur: its service and queues are registered under it.
constexpr const char* kIdentities = "/api/marketplace-site-agent-identities/";

// `uuid` of the identity with that name; "" when there is none. nullopt: no fault.
std::optional<Fault> find_identity(Api& api, const std::string& name, std::string& uuid);

} // namespace sluice::waldur
