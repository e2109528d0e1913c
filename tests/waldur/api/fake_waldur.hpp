// SPDX-License-Identifier: GPL-2.0-or-later
// An HTTP server on loopback that answers what a test says and keeps what it was asked: for what
// the stand-in (tests/support/waldur_stand_in.py) would never say. One connection at a time.
#pragma once

#include "common/base/files.hpp"
#include "common/base/thread.hpp"

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace sluice::test {

class FakeWaldur {
public:
    struct Asked {
        std::string method;
        std::string target; // path and query
        std::string authorization;
        std::string body;

        bool is(const std::string& start) const {
            return (method + ' ' + target).rfind(start, 0) == 0;
        }
    };
    struct Answer {
        int status = 200;
        std::string body = "{}";
        std::string headers = ""; // whole lines, each with CR LF
    };
    // Called on the server's thread.
    using Script = std::function<Answer(const Asked&)>;

    explicit FakeWaldur(Script script);
    FakeWaldur(const FakeWaldur&) = delete;
    FakeWaldur& operator=(const FakeWaldur&) = delete;
    ~FakeWaldur();

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/api/"; }
    // "GET /api/customers/", without the query.
    std::vector<std::string> asked();

private:
    void serve();
    void answer(int client);

    Script script_;
    UniqueFd listener_;
    unsigned port_ = 0;
    Guarded<std::vector<std::string>> asked_;
    std::thread thread_;
};

} // namespace sluice::test
