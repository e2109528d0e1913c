// SPDX-License-Identifier: GPL-2.0-or-later
// A request and its response as values, so that routes can be tested and fuzzed without a socket.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/json/json.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

// What a request was logged in by.
enum class LoginKind { none, socket, munge, token, session, proxy };

constexpr std::string_view name(LoginKind kind) {
    constexpr std::string_view kNames[] = {"none", "socket", "munge", "token", "session", "proxy"};
    return kNames[static_cast<std::size_t>(kind)];
}

// Who asks. Users see only the accounts they have an association with, coordinators also those
// below the accounts that they coordinate. auth/rights.hpp adds what roles give.
struct Viewer {
    std::uint32_t uid = 0;
    bool staff = false;     // root, SlurmUser, and who is `granted` it
    std::string name = {};  // as the ledger records it; "": by uid
    bool reads_all = false; // sees what staff see, changes nothing
    LoginKind login = LoginKind::none;
    std::string user = {};             // name of the user with this uid; "": not known
    std::uint64_t session = 0;         // of the web page
    std::optional<Instant> until = {}; // end of the session

    bool granted = false; // staff by an admin level or the staff list: manages no tokens
    std::vector<std::string> coordinates = {}; // accounts, in Slurm

    bool sees_all() const { return staff || reads_all; }
    // A browser sends this login by itself, also when a page of another site makes it.
    bool sent_by_browser() const {
        return login == LoginKind::session || login == LoginKind::proxy;
    }
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
    std::string address = {};                // of the client over TCP
    bool https = false;                      // the browser's page came by TLS

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
