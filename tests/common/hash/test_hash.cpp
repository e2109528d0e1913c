// SPDX-License-Identifier: GPL-2.0-or-later
// Known answers: FIPS 180 examples, RFC 4231, RFC 4648, RFC 6455 section 1.3.
#include "common/hash/hash.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::hash;

CASE(digests_are_those_of_the_standards) {
    CHECK_EQ(hex(*sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK_EQ(hex(*sha256("abc")),
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_EQ(hex(*sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

CASE(hmac_is_that_of_the_standard) {
    CHECK_EQ(hex(*hmac_sha256("Jefe", "what do ya want for nothing?")),
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

CASE(base64_pads_to_four) {
    CHECK_EQ(base64(""), "");
    CHECK_EQ(base64("f"), "Zg==");
    CHECK_EQ(base64("fo"), "Zm8=");
    CHECK_EQ(base64("foo"), "Zm9v");
    CHECK_EQ(base64("foobar"), "Zm9vYmFy");
    CHECK_EQ(base64("\xff\xfe\xfd"), "//79");
}

CASE(websocket_accept_key_of_the_rfc) {
    CHECK_EQ(base64(*sha1("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11")),
             "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

CASE(random_bytes_differ) {
    CHECK_EQ(random_bytes(16)->size(), 16U);
    CHECK(*random_bytes(16) != *random_bytes(16));
}

CASE(comparison_sees_length_and_content) {
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK(!equal_in_constant_time("abc", "abd"));
    CHECK(!equal_in_constant_time("abc", "ab"));
    CHECK(equal_in_constant_time("", ""));
}
