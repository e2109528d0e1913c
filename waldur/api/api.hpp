// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's REST conventions: login, lists in pages, errors as Django REST tells them.
#pragma once

#include "common/json/json.hpp"
#include "waldur/api/login.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sluice::waldur {

using Query = std::vector<std::pair<std::string, std::string>>;

// What went wrong with a call, and what the other side asked for.
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
    // `base`: "https://waldur.example.org", without "/api/".
    Api(std::string base, HttpOptions http, LoginOptions login, const Clock& clock)
        : base_(std::move(base)), http_(std::move(http)), login_(std::move(login), http_, clock) {}

    // `path` begins with "/api/" and ends with "/".
    Called get(const std::string& path, const Query& query);
    Called send(const char* method, const std::string& path, const json::Value& body);
    // All pages of a list, each element handed to `take`. unavailable: it changed while it was
    // read, or a page is cut.
    Result<void> list(const std::string& path, Query query,
                      const std::function<void(json::View)>& take);
    // The bare token, for those who take it as a password.
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

// "400: amount: A valid number is required." out of Django REST's error bodies; bounded.
std::string error_text(long status, const std::string& body);
// The page of rel="next"; 0: there is none.
std::size_t next_page(std::string_view link);

} // namespace sluice::waldur
