// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/cred/munge.hpp"

#include "tests/common/cred/private_munged.hpp"
#include "tests/support/case.hpp"

#include <unistd.h>

using namespace sluice;
using cred::MungeContext;
using test::PrivateMunged;

namespace {

MungeContext context(const PrivateMunged& munged, int ttl = 0) {
    auto made = MungeContext::create(munged.socket(), ttl);
    CHECK(made.has_value());
    return std::move(*made);
}

} // namespace

CASE(a_payload_comes_back_with_the_uid_of_its_encoder) {
    const PrivateMunged munged;
    auto munge = context(munged);
    const std::string payload("a\0b", 3);
    const auto text = munge.encode(payload, ::getuid());
    CHECK(text.has_value());
    const auto back = munge.decode(*text);
    CHECK(back.has_value());
    CHECK_EQ(back->payload, payload);
    CHECK_EQ(back->uid, ::getuid());
    CHECK_EQ(back->gid, ::getgid());
    CHECK(epoch(back->encoded) > 1'600'000'000);
}

CASE(a_credential_is_good_once) {
    const PrivateMunged munged;
    auto munge = context(munged);
    const auto text = munge.encode("once", std::nullopt);
    CHECK(munge.decode(*text).has_value());
    const auto again = munge.decode(*text);
    CHECK(!again.has_value());
    CHECK(again.error().code == Errc::refused);
}

CASE(a_credential_for_another_uid_stays_closed) {
    const PrivateMunged munged;
    auto munge = context(munged);
    const auto text = munge.encode("not for us", ::getuid() + 1);
    const auto back = munge.decode(*text);
    CHECK(!back.has_value());
    CHECK(back.error().code == Errc::refused);
    // The restriction does not stick to the context.
    CHECK(munge.decode(*munge.encode("for all", std::nullopt)).has_value());
}

CASE(an_old_credential_is_refused) {
    const PrivateMunged munged;
    auto munge = context(munged, 1);
    const auto text = munge.encode("old", std::nullopt);
    ::sleep(3);
    const auto back = munge.decode(*text);
    CHECK(!back.has_value());
    CHECK(back.error().code == Errc::refused);
}

CASE(an_altered_or_foreign_credential_is_malformed) {
    const PrivateMunged munged;
    const PrivateMunged other;
    auto munge = context(munged);
    auto text = *munge.encode("payload", std::nullopt);
    auto foreign = context(other);
    CHECK(foreign.decode(text).error().code == Errc::malformed);
    text[text.size() / 2] = text[text.size() / 2] == 'A' ? 'B' : 'A';
    CHECK(munge.decode(text).error().code == Errc::malformed);
    for (const std::string_view bad : {"", "MUNGE", "MUNGE:", "MUNGE:AAAA:", "hello"})
        CHECK(munge.decode(bad).error().code == Errc::malformed);
}

CASE(nothing_after_a_nul_byte_is_taken_along) {
    const PrivateMunged munged;
    auto munge = context(munged);
    auto text = *munge.encode("payload", std::nullopt);
    text += '\0';
    text += "more";
    CHECK(munge.decode(text).error().code == Errc::malformed);
}

CASE(the_largest_payload_passes_and_a_larger_one_does_not) {
    const PrivateMunged munged;
    auto munge = context(munged);
    const std::string payload(cred::kMaxPayload, 'x');
    const auto text = munge.encode(payload, std::nullopt);
    CHECK(text.has_value());
    CHECK_EQ(munge.decode(*text)->payload.size(), payload.size());
    CHECK(munge.encode(payload + 'x', std::nullopt).error().code == Errc::overflow);
}

CASE(munged_away_is_unavailable_and_its_return_needs_no_new_context) {
    PrivateMunged munged;
    auto munge = context(munged);
    munged.stop();
    CHECK(munge.encode("x", std::nullopt).error().code == Errc::unavailable);
    munged.start();
    CHECK(munge.encode("x", std::nullopt).has_value());
}
