// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/image.hpp"

#include "tests/common/wire/samples.hpp"
#include "tests/support/case.hpp"

#include <random>

using namespace sluice;
using namespace sluice::wire;
using test::full_delta;
using test::full_snapshot;
using test::sample_delta;
using test::sample_snapshot;

namespace {

bool same(const model::Snapshot& a, const model::Snapshot& b) {
    return a.same_content(b) && a.sequence == b.sequence && a.made == b.made;
}

// Some accounts and users out of a small world, so that two of them differ in every way.
model::Snapshot random_snapshot(std::mt19937& random, std::uint64_t sequence) {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.sequence = sequence;
    for (int i = 10; i < 40; ++i) {
        if (random() % 3 != 0)
            snapshot.accounts.push_back(
                {"acct" + std::to_string(i), static_cast<model::Standing>(random() % 3),
                 static_cast<std::int64_t>(random() % 4), random() % 2 != 0 ? "text" : ""});
        if (random() % 3 != 0)
            snapshot.users.push_back(
                {static_cast<std::uint32_t>(i), "d", std::vector<std::string>(random() % 3, "a")});
    }
    return snapshot;
}

} // namespace

CASE(a_snapshot_comes_back_as_it_was) {
    const auto bytes = encode_image(sample_snapshot());
    CHECK(bytes.has_value());
    const auto back = decode_image(*bytes);
    CHECK(back.has_value());
    CHECK(same(*back, sample_snapshot()));
    CHECK(same(*decode_image(*encode_image({})), {}));
    CHECK(same(*decode_image(*encode_image(full_snapshot())), full_snapshot()));
}

CASE(a_budget_without_its_measure_is_refused) {
    auto snapshot = full_snapshot();
    snapshot.measures.pop_back();
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
    snapshot = full_snapshot();
    snapshot.accounts[1].budgets[0].left = -1;
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
    snapshot = full_snapshot();
    snapshot.measures[0].per_unit = 0;
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
}

CASE(phases_out_of_order_are_refused) {
    auto snapshot = full_snapshot();
    snapshot.accounts[0].later[1].from = snapshot.accounts[0].later[0].from;
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
}

CASE(factors_out_of_order_or_below_zero_are_refused) {
    auto snapshot = full_snapshot();
    std::swap(snapshot.factors[0], snapshot.factors[1]);
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
    snapshot = full_snapshot();
    snapshot.factors[0].millionths = -1;
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
}

CASE(default_factors_out_of_order_or_below_zero_are_refused) {
    auto snapshot = full_snapshot();
    std::swap(snapshot.default_factors[0], snapshot.default_factors[1]);
    CHECK(!decode_image(*encode_image(snapshot)));
    snapshot = full_snapshot();
    snapshot.default_factors[0].millionths = -1;
    CHECK(!decode_image(*encode_image(snapshot)));
}

CASE(a_difference_brings_all_measures_and_partitions) {
    auto from = sample_snapshot();
    auto to = full_snapshot();
    to.sequence = 43;
    CHECK(apply(difference(from, to), from).has_value());
    CHECK(same(from, to));
}

CASE(a_snapshot_cut_at_any_byte_is_refused) {
    const auto bytes = *encode_image(full_snapshot());
    for (std::size_t i = 0; i < bytes.size(); ++i)
        CHECK(!decode_image(std::string_view(bytes).substr(0, i)).has_value());
    CHECK(!decode_image(bytes + '\0').has_value());
}

CASE(a_delta_comes_back_as_it_was_and_is_refused_when_cut) {
    const auto bytes = *encode_delta(full_delta());
    CHECK(*decode_delta(bytes) == full_delta());
    for (std::size_t i = 0; i < bytes.size(); ++i)
        CHECK(!decode_delta(std::string_view(bytes).substr(0, i)).has_value());
    CHECK(!decode_delta(bytes + '\0').has_value());
}

CASE(any_flipped_bit_decodes_or_is_refused) {
    const auto good = *encode_image(full_snapshot());
    int refused = 0;
    for (std::size_t i = 0; i < good.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto bytes = good;
            bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
            refused += decode_image(bytes).has_value() ? 0 : 1;
        }
    CHECK(refused > 0);
}

CASE(a_count_beyond_the_bytes_allocates_nothing) {
    model::Snapshot empty;
    auto bytes = *encode_image(empty);
    for (std::size_t i = bytes.size() - 8; i < bytes.size(); ++i)
        bytes[i] = '\xff';
    CHECK(!decode_image(bytes).has_value());
}

CASE(records_out_of_order_are_refused) {
    auto snapshot = sample_snapshot();
    std::swap(snapshot.accounts[0], snapshot.accounts[1]);
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
    snapshot = sample_snapshot();
    snapshot.users[1].uid = snapshot.users[0].uid;
    CHECK(!decode_image(*encode_image(snapshot)).has_value());
}

CASE(too_long_a_name_or_text_does_not_leave) {
    auto snapshot = sample_snapshot();
    snapshot.accounts[0].text = std::string(kMaxText + 1, 'x');
    CHECK(encode_image(snapshot).error().code == Errc::overflow);
    snapshot = sample_snapshot();
    snapshot.users[0].default_account = std::string(kMaxName + 1, 'x');
    CHECK(encode_image(snapshot).error().code == Errc::overflow);
}

CASE(the_difference_applied_gives_the_other_snapshot) {
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        auto from = random_snapshot(random, 5);
        const auto to = random_snapshot(random, 6);
        const auto delta = difference(from, to);
        CHECK(apply(*decode_delta(*encode_delta(delta)), from).has_value());
        CHECK(same(from, to));
        CHECK(difference(from, to).accounts.empty());
    }
}

CASE(a_delta_for_another_snapshot_changes_nothing) {
    auto snapshot = sample_snapshot();
    auto delta = sample_delta();
    delta.base = 41;
    CHECK(apply(delta, snapshot).error().code == Errc::conflict);
    delta = sample_delta();
    delta.sequence = delta.base; // must grow
    CHECK(apply(delta, snapshot).error().code == Errc::conflict);
    CHECK(same(snapshot, sample_snapshot()));
}
