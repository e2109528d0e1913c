// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP requests to the daemon over its Unix socket. The only user of libcurl in the command line.
#pragma once

#include "common/base/result.hpp"
#include "common/json/json.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class Client {
public:
    // `cluster`: for each request; "": the only cluster of the daemon. If the daemon serves
    // several, a request that changes nothing fails with conflict and puts their names into
    // `several`.
    explicit Client(std::string socket, std::string cluster = {},
                    std::vector<std::string>* several = nullptr)
        : socket_(std::move(socket)), cluster_(std::move(cluster)), several_(several) {}

    // Errors are sentences for people, with the remedy. unavailable: no connection; timeout;
    // not_found; refused: by the daemon; malformed: the response is no JSON.
    Result<json::Value> get(const std::string& path, const Parameters& parameters = {}) const;
    // Waits for as long as a cycle may take.
    Result<json::Value> post(const std::string& path, const json::Value& body) const;

    // PUT, PATCH, DELETE; waits for as long.
    Result<json::Value> send(const char* method, const std::string& path,
                             const json::Value& body) const;
    Result<json::Value> remove(const std::string& path, const json::Value& body) const {
        return send("DELETE", path, body);
    }

private:
    Parameters with_cluster(Parameters parameters) const;

    std::string socket_;
    std::string cluster_;
    std::vector<std::string>* several_;
};

// "/api/v1/status?account=a%26b"
std::string target(const std::string& path, const Parameters& parameters);

} // namespace sluice::cli
