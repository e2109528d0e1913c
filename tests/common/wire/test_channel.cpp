// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/channel.hpp"

#include "common/cred/munge.hpp"
#include "tests/common/cred/private_munged.hpp"
#include "tests/support/case.hpp"

#include <unistd.h>

using namespace sluice;
using namespace sluice::wire;

CASE(a_message_passes_through_munge) {
    const test::PrivateMunged munged;
    auto munge = *cred::MungeContext::create(munged.socket());
    Channel plugin(munge, Session(Direction::to_daemon, *random_nonce()));
    Channel daemon(munge, Session(Direction::to_plugin, *random_nonce()));
    FrameReader reader;
    reader.add(*daemon.seal(Challenge{}, ::getuid()));
    CHECK(plugin.open(**reader.next(kMaxGreeting)).has_value());
    reader.add(*plugin.seal(Hello{}, ::getuid()));
    const auto credential = **reader.next(kMaxGreeting);
    const auto opened = daemon.open(credential);
    CHECK(opened.has_value());
    CHECK_EQ(opened->uid, ::getuid());
    CHECK(opened->message == Message(Hello{}));
    CHECK(daemon.open(credential).error().code == Errc::refused);
}

CASE(the_largest_part_fits_into_a_frame) {
    const test::PrivateMunged munged;
    auto munge = *cred::MungeContext::create(munged.socket());
    Channel daemon(munge, Session(Direction::to_plugin, *random_nonce()));
    CHECK(daemon.seal(Part{std::string(kPartBytes, 'x')}, ::getuid()).has_value());
}
