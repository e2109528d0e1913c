// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP server with as many accounts as wanted behind it, for bench_http.py:
// bench_http ACCOUNTS SOCKET TOKENS PLAIN-ADDRESS [TLS-ADDRESS CERTIFICATE KEY]. Prints "ready",
// runs until its standard input ends.
#include "daemon/http/auth/tokens.hpp"
#include "daemon/http/server/server.hpp"
#include "tests/daemon/http/fake_service.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <unistd.h>

using namespace sluice;

namespace {

// Three components with figures that repeat as little as real ones do, else compression is too
// good.
void vary(model::AccountDecision& account, int number) {
    std::minstd_rand random(static_cast<unsigned>(number) + 1);
    account.figures.resize(3, account.figures.front());
    for (std::size_t i = 0; i < account.figures.size(); ++i) {
        auto& figure = account.figures[i];
        figure.component.name = i == 0 ? "node_hours" : i == 1 ? "gpu_hours" : "cpu_hours";
        figure.effective = figure.allocation = static_cast<Amount>(random() % 9000 + 1) * 3600;
        figure.usage = {static_cast<Amount>(random() % 20'000'000),
                        static_cast<Amount>(random() % 99'999),
                        static_cast<Amount>(random() % 9999)};
        figure.percent = static_cast<std::int64_t>(figure.used() * 10'000 / figure.effective);
    }
    account.percent = account.figures.front().percent;
    account.flags.paused = *account.percent >= 12'000;
    account.flags.downscaled = *account.percent >= 10'000;
    account.thresholds.front().forecast.date =
        account.period.begin + std::chrono::seconds(random() % 7'000'000);
}

std::shared_ptr<const ports::CycleReport> many(int accounts) {
    auto cycle = test::sample_cycle();
    const auto sample = cycle.decision.accounts.front();
    cycle.decision.accounts.clear();
    for (int i = 0; i < accounts; ++i) {
        cycle.decision.accounts.push_back(sample);
        char name[32];
        std::snprintf(name, sizeof name, "account%06d", i);
        vary(cycle.decision.accounts.back(), i);
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
