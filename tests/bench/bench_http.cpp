// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP server with as many accounts as wanted behind it, for bench_http.py:
// bench_http ACCOUNTS SOCKET TOKENS PLAIN-ADDRESS [TLS-ADDRESS CERTIFICATE KEY]. Prints "ready",
// runs until its standard input ends.
#include "daemon/http/server.hpp"
#include "daemon/http/tokens.hpp"
#include "tests/daemon/http/fake_service.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace sluice;

namespace {

std::shared_ptr<const ports::CycleReport> many(int accounts) {
    auto cycle = test::sample_cycle();
    const auto sample = cycle.decision.accounts.front();
    cycle.decision.accounts.clear();
    for (int i = 0; i < accounts; ++i) {
        cycle.decision.accounts.push_back(sample);
        char name[32];
        std::snprintf(name, sizeof name, "account%06d", i);
        cycle.decision.accounts.back().account = name;
    }
    return std::make_shared<const ports::CycleReport>(std::move(cycle));
}

int fail(const Error& error) {
    std::fprintf(stderr, "%s\n", error.context.c_str());
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5 && argc != 8)
        return 2;
    test::FakeService service;
    service.cycle = many(std::atoi(argv[1]));
    std::string token;
    {
        const auto tokens = http::TokenFile::open(argv[3]);
        const auto made = tokens ? (*tokens)->add("bench", http::Role::reader, Instant{})
                                 : Result<Secret>(tokens.error());
        if (!made)
            return fail(made.error());
        token = made->reveal();
    }
    http::HttpSettings settings;
    settings.socket_path = argv[2];
    settings.tokens = argv[3];
    settings.listen = {argv[4]};
    const auto plain = http::HttpServer::start(settings, service);
    if (!plain)
        return fail(plain.error());
    std::unique_ptr<http::HttpServer> tls;
    if (argc == 8) {
        settings.socket_path += ".tls";
        settings.listen = {argv[5]};
        settings.tls_certificate = argv[6];
        settings.tls_key = argv[7];
        auto started = http::HttpServer::start(settings, service);
        if (!started)
            return fail(started.error());
        tls = std::move(*started);
    }
    std::printf("ready %s\n", token.c_str());
    std::fflush(stdout);
    char buffer[64];
    while (::read(STDIN_FILENO, buffer, sizeof buffer) > 0)
        continue;
    return 0;
}
