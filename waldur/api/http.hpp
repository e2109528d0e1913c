// SPDX-License-Identifier: GPL-2.0-or-later
// One HTTP exchange over libcurl: bounded in size and time, cut short when the daemon ends, never
// redirected (the token would go along). Knows nothing of Waldur.
#pragma once

#include "common/base/result.hpp"

#include <atomic>
#include <chrono>
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

// Keeps its connection between exchanges. One thread, except interrupt().
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

} // namespace sluice::waldur
