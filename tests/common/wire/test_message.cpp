// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/message.hpp"

#include "common/wire/bytes.hpp"
#include "tests/common/wire/samples.hpp"
#include "tests/support/case.hpp"

#include <vector>

using namespace sluice;
using namespace sluice::wire;
using test::sample_delta;
using test::sample_snapshot;

namespace {

std::vector<Message> one_of_each() {
    return {Challenge{1},
            Hello{1, "lab", "ctl1", "22.05.8", "0.1.0", 42},
            Welcome{true, "0.1.0"},
            Begin{42, 1000, 0xdeadbeef},
            Part{"bytes"},
            End{},
            sample_delta(),
            Heartbeat{instant(1'790'000'000), 42},
            Status{42, 41, 1, 2, 3, 4, 5}};
}

std::uint8_t number(const Message& message) {
    return static_cast<std::uint8_t>(kind_of(message));
}

Begin begin_of(std::string_view image) {
    return Begin{42, static_cast<std::uint32_t>(image.size()), crc32c(image)};
}

} // namespace

CASE(each_message_comes_back_as_it_was) {
    for (const auto& message : one_of_each()) {
        const auto back = decode(number(message), *encode(message));
        CHECK(back.has_value());
        CHECK(*back == message);
    }
}

CASE(each_message_is_refused_when_cut) {
    for (const auto& message : one_of_each()) {
        if (kind_of(message) == Kind::part)
            continue; // any bytes are a part
        const auto bytes = *encode(message);
        for (std::size_t i = 0; i < bytes.size(); ++i)
            CHECK(!decode(number(message), std::string_view(bytes).substr(0, i)).has_value());
    }
}

CASE(only_greetings_may_grow_at_the_end) {
    for (const auto& message : one_of_each()) {
        const Kind kind = kind_of(message);
        if (kind == Kind::part)
            continue;
        const bool greeting =
            kind == Kind::challenge || kind == Kind::hello || kind == Kind::welcome;
        CHECK_EQ(decode(number(message), *encode(message) + "new").has_value(), greeting);
    }
}

CASE(an_unknown_kind_is_refused) {
    for (const int kind : {0, 10, 255})
        CHECK(!decode(static_cast<std::uint8_t>(kind), "").has_value());
    CHECK_EQ(name(static_cast<Kind>(10)), "unknown");
    CHECK_EQ(name(Kind::status), "status");
}

CASE(a_version_of_zero_is_refused) {
    CHECK(!decode(number(Challenge{}), *encode(Challenge{0})).has_value());
    CHECK(!decode(number(Hello{}), *encode(Hello{0, "lab", "h", "v", "p", 1})).has_value());
}

CASE(an_image_in_parts_is_put_together_again) {
    const auto image = *encode_image(sample_snapshot());
    Assembly assembly(begin_of(image));
    for (std::size_t at = 0; at < image.size(); at += 7)
        CHECK(assembly.add(Part{image.substr(at, 7)}).has_value());
    const auto snapshot = assembly.finish();
    CHECK(snapshot.has_value());
    CHECK(snapshot->same_content(sample_snapshot()));
}

CASE(an_image_with_missing_more_or_wrong_bytes_is_refused) {
    const auto image = *encode_image(sample_snapshot());
    Assembly missing(begin_of(image));
    CHECK(missing.add(Part{image.substr(1)}).has_value());
    CHECK(!missing.finish().has_value());
    Assembly more(begin_of(image));
    CHECK(more.add(Part{image}).has_value());
    CHECK(!more.add(Part{"x"}).has_value());
    auto damaged = image;
    damaged[20] = static_cast<char>(damaged[20] ^ 1);
    Assembly wrong(begin_of(image));
    CHECK(wrong.add(Part{damaged}).has_value());
    CHECK(!wrong.finish().has_value());
}

CASE(an_image_larger_than_the_bound_is_not_begun) {
    CHECK(!decode(number(Begin{}), *encode(Begin{1, static_cast<std::uint32_t>(kMaxImage) + 1, 0}))
               .has_value());
    CHECK(!decode(number(Part{}), *encode(Part{std::string(kPartBytes + 1, 'x')})).has_value());
}

CASE(the_checksum_is_crc32c) {
    CHECK_EQ(crc32c("123456789"), 0xe3069283U); // the check value of RFC 3720's polynomial
    CHECK_EQ(crc32c(""), 0U);
}
