// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/cred/key.hpp"

#include "common/hash/hash.hpp"
#include "tests/support/case.hpp"

#include <cstddef>
#include <string>

using namespace sluice;

namespace {

// Bytes without a pattern that a block could hide.
std::string some_bytes(std::size_t count) {
    std::string out;
    unsigned state = 1;
    while (out.size() < count) {
        state = state * 1'103'515'245U + 12'345U;
        out += static_cast<char>((state >> 16) & 0xff);
    }
    return out;
}

} // namespace

CASE(the_examples_of_the_standard_hash_right) {
    CHECK_EQ(hash::hex(cred::sha256("abc")),
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_EQ(hash::hex(cred::sha256("")),
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

CASE(every_length_around_the_blocks_hashes_like_gnutls) {
    for (std::size_t length = 0; length <= 260; ++length) {
        const std::string bytes = some_bytes(length);
        CHECK_EQ(cred::sha256(bytes), *hash::sha256(bytes));
    }
    const std::string large = some_bytes(300'001);
    CHECK_EQ(cred::sha256(large), *hash::sha256(large));
}

CASE(keys_of_every_length_authenticate_like_gnutls) {
    const std::string bytes = some_bytes(1000);
    for (std::size_t length = 1; length <= 200; ++length) {
        const std::string key = some_bytes(length);
        CHECK_EQ(cred::hmac_sha256(key, bytes), *hash::hmac_sha256(key, bytes));
    }
}
