// SPDX-License-Identifier: GPL-2.0-or-later
// A request and its response as values, so that routes can be tested and fuzzed without a socket.
#pragma once

#include "common/json/json.hpp"
#include "daemon/ports/service.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

struct Request {
    std::string method; // "GET"; HEAD arrives as GET, the server leaves the body out
    std::string path;   // percent-decoded
    std::map<std::string, std::string> query;
    std::string body;
    ports::Viewer viewer;
    std::string origin = "http://localhost"; // what links begin with
};

struct Response {
    int status = 200;
    std::string body;       // JSON and a line feed
    std::string allow = {}; // 405: the methods that would do
    std::string type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers = {};
};

Response ok(const json::Value& payload, int status = 200);
// {"detail": "..."} as Django REST says it.
Response failure(int status, std::string_view detail);
// The status that fits the code: 403, 404, 400, 409, 503 or 500.
Response failure(const Error& error);

} // namespace sluice::http
