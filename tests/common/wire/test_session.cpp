// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/channel.hpp"

#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::wire;

namespace {

Nonce nonce(unsigned char fill) {
    Nonce out{};
    out.fill(fill);
    return out;
}

struct Pair {
    Session plugin{Direction::to_daemon, nonce(1)};
    Session daemon{Direction::to_plugin, nonce(2)};

    void greet() {
        CHECK(plugin.open(*daemon.seal(Challenge{})).has_value());
        CHECK(daemon.open(*plugin.seal(Hello{})).has_value());
        CHECK(plugin.open(*daemon.seal(Welcome{})).has_value());
    }
};

Errc refusal(Session& session, std::string_view payload) {
    const auto opened = session.open(payload);
    CHECK(!opened.has_value());
    return opened.error().code;
}

} // namespace

CASE(frames_flow_both_ways_after_the_greeting) {
    Pair pair;
    pair.greet();
    for (std::uint64_t i = 0; i < 3; ++i) {
        CHECK(*pair.plugin.open(*pair.daemon.seal(Heartbeat{{}, i})) == Message(Heartbeat{{}, i}));
        CHECK(pair.daemon.open(*pair.plugin.seal(Status{i})).has_value());
    }
}

CASE(a_replayed_frame_is_refused) {
    Pair pair;
    pair.greet();
    const auto payload = *pair.daemon.seal(Heartbeat{});
    CHECK(pair.plugin.open(payload).has_value());
    CHECK(refusal(pair.plugin, payload) == Errc::refused);
}

CASE(a_left_out_or_reordered_frame_is_refused) {
    Pair pair;
    pair.greet();
    const auto first = *pair.daemon.seal(Heartbeat{});
    const auto second = *pair.daemon.seal(Heartbeat{});
    CHECK(refusal(pair.plugin, second) == Errc::refused);
    CHECK(pair.plugin.open(first).has_value());
    CHECK(pair.plugin.open(second).has_value());
}

CASE(a_reflected_frame_is_refused) {
    Pair pair;
    pair.greet();
    CHECK(refusal(pair.plugin, *pair.plugin.seal(Status{})) == Errc::refused);
    CHECK(refusal(pair.daemon, *pair.daemon.seal(Heartbeat{})) == Errc::refused);
}

CASE(a_frame_of_another_session_is_refused) {
    Pair old;
    old.greet();
    Pair fresh{Session(Direction::to_daemon, nonce(3)), Session(Direction::to_plugin, nonce(2))};
    fresh.greet();
    CHECK(refusal(fresh.plugin, *old.daemon.seal(Heartbeat{})) == Errc::refused);
    CHECK(refusal(fresh.daemon, *old.plugin.seal(Status{})) == Errc::refused);
}

CASE(a_welcome_to_another_hello_is_refused) {
    Pair old;
    const auto challenge = *old.daemon.seal(Challenge{});
    CHECK(old.plugin.open(challenge).has_value());
    CHECK(old.daemon.open(*old.plugin.seal(Hello{})).has_value());
    const auto welcome = *old.daemon.seal(Welcome{});
    Session plugin(Direction::to_daemon, nonce(5));
    CHECK(plugin.open(challenge).has_value()); // of no use to its sender: it cannot go on
    CHECK(refusal(plugin, welcome) == Errc::refused);
}

// On another host, too, where munged has never seen it.
CASE(a_hello_is_good_for_the_daemon_that_challenged_only) {
    Pair old;
    CHECK(old.plugin.open(*old.daemon.seal(Challenge{})).has_value());
    const auto hello = *old.plugin.seal(Hello{});
    Session other(Direction::to_plugin, nonce(9));
    CHECK(other.seal(Challenge{}).has_value());
    CHECK(refusal(other, hello) == Errc::refused);
    CHECK(old.daemon.open(hello).has_value());
}

CASE(a_hello_without_a_challenge_is_refused) {
    Pair pair;
    CHECK(pair.daemon.seal(Challenge{}).has_value());
    CHECK(refusal(pair.daemon, *pair.plugin.seal(Hello{})) == Errc::refused);
}

CASE(nothing_comes_before_the_greeting_and_no_second_greeting) {
    Pair pair;
    CHECK(refusal(pair.daemon, *Session(Direction::to_daemon, nonce(1)).seal(Status{})) ==
          Errc::refused);
    CHECK(refusal(pair.plugin, *Session(Direction::to_plugin, nonce(2)).seal(Heartbeat{})) ==
          Errc::refused);
    CHECK(refusal(pair.plugin, *Session(Direction::to_plugin, nonce(2)).seal(Welcome{})) ==
          Errc::refused);
    pair.greet();
    CHECK(refusal(pair.daemon, *pair.plugin.seal(Hello{})) == Errc::refused);
    CHECK(refusal(pair.plugin, *pair.daemon.seal(Challenge{})) == Errc::refused);
}

CASE(a_payload_made_for_another_purpose_is_malformed) {
    Pair pair;
    auto payload = *pair.daemon.seal(Challenge{});
    CHECK(payload.starts_with("sluice plugin-server v1\n"));
    for (const std::string_view other : {"", "sluice http v1\n", "sluice plugin-server v2\n"}) {
        const auto changed = std::string(other) + payload.substr(kPurpose.size());
        CHECK(refusal(pair.plugin, changed) == Errc::malformed);
    }
    CHECK(pair.plugin.open(payload).has_value());
}

CASE(each_side_sends_only_its_own_kinds) {
    Pair pair;
    pair.greet();
    CHECK(refusal(pair.daemon, *pair.plugin.seal(Heartbeat{})) == Errc::refused);
    CHECK(refusal(pair.plugin, *pair.daemon.seal(Status{})) == Errc::refused);
}

CASE(a_frame_cut_at_any_byte_is_malformed) {
    Pair pair;
    CHECK(pair.plugin.open(*pair.daemon.seal(Challenge{})).has_value());
    const auto payload = *pair.plugin.seal(Hello{1, "lab", "h", "v", "p", 1});
    for (std::size_t i = 0; i < payload.size(); ++i)
        CHECK(refusal(pair.daemon, std::string_view(payload).substr(0, i)) == Errc::malformed);
    CHECK(refusal(pair.daemon, payload + 'x') == Errc::malformed);
    CHECK(pair.daemon.open(payload).has_value()); // refusals left the session as it was
}

CASE(a_frame_of_another_version_is_malformed) {
    Pair pair;
    pair.greet();
    pair.daemon.agree(kVersion + 1);
    CHECK(refusal(pair.plugin, *pair.daemon.seal(Heartbeat{})) == Errc::malformed);
}

CASE(nonces_differ) {
    CHECK(*random_nonce() != *random_nonce());
}

CASE(frames_come_out_whole_however_they_arrive) {
    const auto bytes = *frame("first") + *frame("second");
    for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
        FrameReader reader;
        std::string got;
        for (std::size_t at = 0; at < bytes.size(); at += chunk) {
            reader.add(std::string_view(bytes).substr(at, chunk));
            while (auto next = *reader.next(kMaxFrame))
                got += *next + ';';
        }
        CHECK_EQ(got, "first;second;");
    }
}

CASE(an_impossible_length_is_refused_before_its_bytes_arrive) {
    for (const std::string_view head :
         {std::string_view("\0\0\0\0", 4), std::string_view("\xff\xff\xff\xff", 4),
          std::string_view("\x01\xa0\x05\x00", 4)}) {
        FrameReader reader;
        reader.add(head);
        CHECK(!reader.next(kMaxFrame).has_value());
    }
    FrameReader reader;
    reader.add(*frame(std::string(kMaxGreeting + 1, 'x')));
    CHECK(!reader.next(kMaxGreeting).has_value());
}

CASE(too_large_a_frame_does_not_leave) {
    CHECK(!frame(std::string(kMaxFrame + 1, 'x')).has_value());
    CHECK(!frame("").has_value());
}
