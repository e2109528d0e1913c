// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes themselves: a change of the codec that still reads its own output would pass every
// round trip, and break every installed plugin. SLUICE_WRITE_GOLDEN=1 writes the files anew.
#include "common/wire/channel.hpp"
#include "common/wire/file.hpp"
#include "tests/common/wire/samples.hpp"
#include "tests/support/case.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace sluice;
using namespace sluice::wire;
using test::full_delta;
using test::full_snapshot;

namespace {

std::string hex(std::string_view bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
        if (i % 32 == 31)
            out += '\n';
    }
    return out + '\n';
}

void check_golden(const std::string& name, std::string_view bytes) {
    const char* top = std::getenv("SLUICE_SRCDIR");
    const std::string path = std::string(top != nullptr ? top : ".") + "/tests/data/wire/" + name;
    if (std::getenv("SLUICE_WRITE_GOLDEN") != nullptr)
        std::ofstream(path) << hex(bytes);
    std::ifstream in(path);
    std::ostringstream golden;
    golden << in.rdbuf();
    CHECK_EQ(hex(bytes), golden.str());
}

Nonce nonce(unsigned char fill) {
    Nonce out{};
    out.fill(fill);
    return out;
}

} // namespace

CASE(the_file_has_the_documented_bytes) {
    check_golden("snapshot-file-1.hex", *encode_file(full_snapshot()));
}

CASE(the_payloads_have_the_documented_bytes) {
    Session plugin(Direction::to_daemon, nonce(0xa1));
    Session daemon(Direction::to_plugin, nonce(0xd2));
    const auto challenge = *daemon.seal(Challenge{1});
    check_golden("challenge-1.hex", challenge);
    CHECK(plugin.open(challenge).has_value());
    const auto hello = *plugin.seal(Hello{1, "lab", "ctl1", "22.05.8", "0.1.0", 41});
    check_golden("hello-1.hex", hello);
    CHECK(daemon.open(hello).has_value());
    const auto welcome = *daemon.seal(Welcome{true, "0.1.0"});
    check_golden("welcome-1.hex", welcome);
    CHECK(plugin.open(welcome).has_value());
    check_golden("begin-1.hex", *daemon.seal(Begin{42, 1000, 0xdeadbeef}));
    check_golden("part-1.hex", *daemon.seal(Part{"any bytes"}));
    check_golden("end-1.hex", *daemon.seal(End{}));
    check_golden("delta-1.hex", *daemon.seal(full_delta()));
    check_golden("heartbeat-1.hex", *daemon.seal(Heartbeat{instant(1'790'000'060), 43}));
    check_golden("status-1.hex", *plugin.seal(Status{43, 42, 1000, 20, 3, 0, 1}));
}
