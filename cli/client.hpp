// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP requests to the daemon: over its Unix socket, where the kernel names the user, or to a
// server by TLS, where a munge credential does. The only user of libcurl in the command line.
#pragma once

#include "cli/route.hpp"
#include "common/base/result.hpp"
#include "common/json/json.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Client {
public:
    struct Exchange; // in client.cpp

    // `cluster`: for each request; "": the only cluster of the daemon. If the daemon serves
    // several, a request that changes nothing fails with conflict and puts their names into
    // `several`. `answered` keeps the server that answered first, so that later requests do not
    // wait for a dead one again.
    explicit Client(Result<Route> route, std::string cluster = {},
                    std::vector<std::string>* several = nullptr, std::string* answered = nullptr)
        : route_(std::move(route)), cluster_(std::move(cluster)), several_(several),
          answered_(answered) {}

    // The socket or the servers, for messages.
    std::string label() const { return route_ ? route_->label() : "no server"; }

    // Errors are sentences for people, with the remedy. unavailable: no connection; timeout;
    // not_found; refused: by the daemon; malformed: the response is no JSON.
    Result<json::Value> get(const std::string& path, const Parameters& parameters = {}) const;
    // Waits for as long as a cycle may take. Calls `waiting` meanwhile: after three seconds, then
    // every ten. It does not throw and may make other requests.
    using Waiting = std::function<void()>;
    Result<json::Value> post(const std::string& path, const json::Value& body,
                             const Waiting& waiting = {}) const;

    // PUT, PATCH, DELETE; waits for as long.
    Result<json::Value> send(const char* method, const std::string& path,
                             const json::Value& body) const;
    Result<json::Value> remove(const std::string& path, const json::Value& body) const {
        return send("DELETE", path, body);
    }

private:
    Parameters with_cluster(Parameters parameters) const;
    Result<json::Value> perform(Exchange exchange, std::vector<std::string>* several) const;

    Result<Route> route_;
    std::string cluster_;
    std::vector<std::string>* several_;
    std::string* answered_;
};

// "/api/v1/status?account=a%26b"
std::string target(const std::string& path, const Parameters& parameters);

} // namespace sluice::cli
