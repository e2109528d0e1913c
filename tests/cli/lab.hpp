// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a subcommand against the real HTTP adapter with a fixed cluster behind it.
#pragma once

#include "cli/command.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "daemon/http/server/server.hpp"
#include "daemon/http/views/common.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace sluice::test {

struct FixedClock final : Clock {
    Instant at = instant(sluice::test::kNow + 12);
    Instant now() const override { return at; }
};

// A memory file; what was printed to it is its text.
struct Capture {
    char* data = nullptr;
    std::size_t size = 0;
    std::FILE* file = ::open_memstream(&data, &size);
    Capture() = default;
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    ~Capture() {
        std::fclose(file);
        std::free(data);
    }
    std::string text() {
        std::fflush(file);
        return {data, size};
    }
};

struct Outcome {
    int code;
    std::string out;
    std::string err;
};

struct Lab {
    char directory[32] = "/tmp/sluice-cli-XXXXXX";
    FakeService service;
    FixedClock clock;
    std::unique_ptr<http::HttpServer> server;
    std::string format;
    std::size_t terminal = 0; // its columns; 0: none
    bool colour = false;
    std::string waldur;         // JSON of GET /api/v1/waldur; "": null
    std::string waldur_refusal; // of POST /api/v1/waldur/sync; "": none

    Lab() {
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
        CHECK(::mkdtemp(directory) != nullptr);
        restart();
    }
    // The daemon anew, after a change of its services.
    void restart() {
        server.reset();
        auto started = http::HttpServer::start({socket(), {}}, service, waldur_routes());
        CHECK(started.has_value());
        server = std::move(*started);
    }
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    ~Lab() {
        server.reset();
        ::rmdir(directory);
    }
    // In the place of the module's, which the command line must not need.
    std::vector<http::Route> waldur_routes() {
        return {{"GET", "/api/v1/waldur", http::kStaff,
                 [this](const http::Call& call) {
                     return http::answer(
                         call,
                         http::kv("waldur", waldur.empty() ? json::Value() : *json::parse(waldur)));
                 },
                 ""},
                {"POST", "/api/v1/waldur/sync", http::kStaff,
                 [this](const http::Call& call) {
                     return waldur_refusal.empty() ? http::answer(call, http::kv("asked", true))
                                                   : http::failure(502, waldur_refusal);
                 },
                 ""}};
    }
    std::string socket() const { return std::string(directory) + "/s"; }

    Outcome run(std::vector<std::string> words) {
        Capture out;
        Capture err;
        const auto* found = cli::find_subcommand(words.front());
        CHECK(found != nullptr);
        std::vector<char*> argv;
        for (auto& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        const cli::Context context{clock, out.file, err.file, socket(), format, false,
                                   0,     "",       nullptr,  terminal, colour};
        const int code =
            cli::run_subcommand(*found, context, static_cast<int>(words.size()), argv.data());
        return {code, out.text(), err.text()};
    }
};

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace sluice::test
