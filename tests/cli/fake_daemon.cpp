// SPDX-License-Identifier: GPL-2.0-or-later
// A daemon with a fixed small cluster behind the real HTTP adapter, for tests of the program as a
// whole: fake_daemon SOCKET [stale|broken|empty|named=ACCOUNT]. Runs until its standard input ends.
#include "daemon/http/server.hpp"
#include "tests/daemon/http/fake_service.hpp"

#include <cstdio>
#include <string_view>
#include <unistd.h>

using namespace sluice;

namespace {

void spoil(test::FakeService& service, std::string_view how) {
    auto cycle = test::sample_cycle();
    if (how == "stale") {
        service.daemon.down = {"slurmdbd"};
        service.daemon.config_error = "sluiced.yaml:3:5: unknown key 'polcies'";
        cycle.error = "slurmdbd: Connection refused";
        service.plugins = false;
    }
    if (how.starts_with("named="))
        cycle.decision.accounts.front().account = how.substr(6);
    if (how == "broken")
        cycle.applied.front().success = false;
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    if (how == "empty")
        service.cycle = nullptr;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    test::FakeService service;
    spoil(service, argc > 2 ? argv[2] : "");
    const auto server = http::HttpServer::start({argv[1], {}}, service);
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().context.c_str());
        return 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    char buffer[64];
    while (::read(STDIN_FILENO, buffer, sizeof buffer) > 0)
        continue;
    return 0;
}
