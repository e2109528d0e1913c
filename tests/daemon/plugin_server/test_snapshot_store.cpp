// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/plugin_server/snapshot_store.hpp"

#include "common/wire/message.hpp"
#include "tests/common/wire/samples.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::plugin_server;
using test::sample_snapshot;

CASE(the_same_content_gets_no_new_sequence) {
    SnapshotStore shelf(instant(1000));
    CHECK(shelf.put(sample_snapshot()));
    const auto first = shelf.newest("LAB");
    auto again = sample_snapshot();
    again.sequence = 99;
    again.made = instant(5);
    CHECK(!shelf.put(again));
    CHECK(shelf.newest("lab") == first);
    again.accounts[0].percent = 1;
    CHECK(shelf.put(again));
    CHECK_EQ(shelf.newest("lab")->sequence, first->sequence + 1);
}

CASE(a_restarted_daemon_goes_on_above_its_last_sequence) {
    SnapshotStore before(instant(1000));
    for (int i = 0; i < 5; ++i) {
        auto next = sample_snapshot();
        next.accounts[0].percent = i;
        CHECK(before.put(next));
    }
    SnapshotStore after(instant(1001));
    CHECK(after.put(sample_snapshot()));
    CHECK(after.newest_sequence() > before.newest_sequence());
    SnapshotStore soon(instant(1000) + std::chrono::milliseconds(1));
    CHECK(soon.put(sample_snapshot()));
    CHECK(soon.newest_sequence() > before.newest_sequence());
    CHECK(soon.newest_sequence() < after.newest_sequence());
}

CASE(clusters_do_not_see_each_other) {
    SnapshotStore shelf(instant(1000));
    auto other = sample_snapshot();
    other.cluster = "other";
    CHECK(shelf.put(sample_snapshot()));
    CHECK(shelf.put(other));
    CHECK_EQ(shelf.newest("lab")->cluster, "lab");
    CHECK_EQ(shelf.newest("other")->cluster, "other");
    CHECK(shelf.newest("third") == nullptr);
}

CASE(what_comes_unsorted_or_twice_leaves_sorted_and_once) {
    SnapshotStore shelf(instant(1000));
    auto mixed = sample_snapshot();
    std::swap(mixed.accounts.front(), mixed.accounts.back());
    mixed.accounts.push_back(mixed.accounts.front());
    std::swap(mixed.users.front(), mixed.users.back());
    CHECK(shelf.put(mixed));
    CHECK(wire::decode_image(*wire::encode_image(*shelf.newest("lab"))).has_value());
    CHECK(shelf.newest("lab")->same_content(sample_snapshot()));
}

CASE(a_large_difference_is_not_pressed_into_a_delta) {
    auto from = std::make_shared<model::Snapshot>(sample_snapshot());
    auto near = std::make_shared<model::Snapshot>(sample_snapshot());
    near->sequence = 43;
    near->accounts[0].percent = 5;
    auto far = std::make_shared<model::Snapshot>(sample_snapshot());
    far->sequence = 44;
    for (int i = 10'000; i < 20'000; ++i)
        far->accounts.push_back({"x" + std::to_string(i), model::Standing::normal, i, "text"});
    SnapshotEncoder press;
    CHECK_EQ(press.delta(from, near)->accounts.size(), 1U);
    CHECK(press.delta(from, far) == nullptr);
    const auto first = press.image(far);
    CHECK(first->get() == press.image(far)->get()); // made once
}
