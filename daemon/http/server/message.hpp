// SPDX-License-Identifier: GPL-2.0-or-later
// A request and its response as values, so that routes can be tested and fuzzed without a socket.
#pragma once

#include "common/base/result.hpp"
#include "common/json/json.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

// Who asks. Users see only the accounts they have an association with, coordinators also those
// below the accounts that they coordinate. auth/rights.hpp adds what roles give.
struct Viewer {
    std::uint32_t uid = 0;
    bool staff = false;     // root, SlurmUser, and who is `granted` it
    std::string name = {};  // as the ledger records it; "": by uid
    bool reads_all = false; // sees what staff see, changes nothing

    bool granted = false; // staff by an admin level or the staff list: manages no tokens
    std::vector<std::string> coordinates = {}; // accounts, in Slurm

    bool sees_all() const { return staff || reads_all; }
    // "token waldur", "uid 20001"
    std::string label() const { return name.empty() ? "uid " + std::to_string(uid) : name; }
};

// GET and HEAD change nothing.
constexpr bool changes(std::string_view method) {
    return method != "GET" && method != "HEAD";
}

struct Request {
    std::string method; // "GET"; HEAD arrives as GET, the server leaves the body out
    std::string path;   // percent-decoded
    std::map<std::string, std::string> query;
    std::string body;
    Viewer viewer;
    std::string origin = "http://localhost"; // what links begin with

    // The query's value of `key`; "": it has none.
    std::string argument(const std::string& key) const {
        const auto found = query.find(key);
        return found == query.end() ? "" : found->second;
    }
};

struct Response {
    int status = 200;
    std::string body;       // JSON and a line feed
    std::string allow = {}; // 405: the methods that the path has
    std::string type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers = {};
};

Response ok(const json::Value& payload, int status = 200);
// {"detail": "..."} as Django REST writes it.
Response failure(int status, std::string_view detail);
// The status that fits the code: 400, 403, 404, 409, 500 or 503.
Response failure(const Error& error);

} // namespace sluice::http
