// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin's snapshot file while each call on it fails once, or from there on.
#include "common/wire/file.hpp"
#include "plugin/snapshot_manager.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"
#include "tests/support/faulty_io.hpp"
#include "tests/support/scratch_dir.hpp"

#include <algorithm>
#include <filesystem>

using namespace sluice;
using namespace sluice::plugin;

namespace {

std::string g_lines;

Log capture() {
    g_lines.clear();
    const auto add = [](const char* line) { g_lines += std::string(line) + '\n'; };
    return Log{add, add};
}

model::Snapshot snapshot(std::uint64_t sequence) {
    auto out = test::world();
    out.sequence = sequence;
    return out;
}

// What a restarted slurmctld would start from; 0: nothing.
std::uint64_t after_restart(const std::string& file) {
    SnapshotCell cell;
    SnapshotManager manager(cell, Log{[](const char*) {}, [](const char*) {}}, "lab");
    manager.store_in(file);
    manager.load(instant(::time(nullptr)), 1000);
    return manager.sequence();
}

} // namespace

CASE(a_snapshot_that_could_not_be_stored_is_stored_within_a_minute) {
    int tried = 0;
    test::ScratchDir dir;
    const auto attempt = [&](const test::Fault& fault) {
        const auto file = dir.file("s" + std::to_string(++tried));
        SnapshotCell cell;
        SnapshotManager manager(cell, capture(), "lab");
        manager.store_in(file);
        CHECK(manager.take(snapshot(7), 100));
        bool reached = false;
        std::string call;
        {
            const test::FaultyIo faulty(fault);
            CHECK(manager.take(snapshot(8), 200));
            reached = faulty.reached();
            call = faulty.call();
        }
        // A file system without hard links keeps one snapshot, which is no error.
        const bool failed =
            reached && !(call.starts_with("link ") && fault.failing == test::Failing::once);
        CHECK_EQ(cell.get()->view->snapshot().sequence, 8U);
        const auto now = after_restart(file);
        CHECK(now == 7 || now == 8);
        if (failed) {
            CHECK(g_lines.find("snapshot 8 is not stored: ") != std::string::npos);
            CHECK_EQ(manager.stored_sequence(), 7U);
        }
        manager.confirm(260);
        CHECK_EQ(after_restart(file), 8U);
        CHECK_EQ(manager.stored_sequence(), 8U);
        CHECK_EQ(g_lines.find("snapshot 8 is stored in") != std::string::npos, failed);
        CHECK_EQ(std::count(g_lines.begin(), g_lines.end(), '\n'), failed ? 2 : 0);
        // Nothing unfinished stays.
        for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
            CHECK(entry.path().string().find(".new.") == std::string::npos);
        return reached;
    };
    test::for_each_fault(dir.path().string(), 6, attempt);
}

CASE(a_snapshot_file_that_cannot_be_read_gives_way_to_the_one_before_it_and_stays) {
    test::ScratchDir dir;
    const auto file = dir.file("s");
    CHECK(wire::save_file(file, snapshot(7)));
    CHECK(wire::save_file(file, snapshot(8)));
    test::for_each_fault(dir.path().string(), 2, [&](const test::Fault& fault) {
        SnapshotCell cell;
        SnapshotManager manager(cell, capture(), "lab");
        manager.store_in(file);
        bool reached = false;
        {
            const test::FaultyIo faulty(fault);
            manager.load(instant(::time(nullptr)), 1000);
            reached = faulty.reached();
        }
        CHECK_EQ(manager.sequence(), reached ? 7U : 8U);
        CHECK_EQ(std::count(g_lines.begin(), g_lines.end(), '\n'), 1);
        manager.retry_store(2000);
        CHECK_EQ(after_restart(file), 8U);
        return reached;
    });
}

CASE(a_full_disk_is_tried_again_at_most_once_a_minute) {
    test::ScratchDir dir;
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(dir.file("s"));
    // After the three looks at what is there: the new file.
    const test::FaultyIo faulty(dir.path().string(), 4, ENOSPC, test::Failing::onward);
    CHECK(manager.take(snapshot(8), 0));
    const int one_try = faulty.calls();
    CHECK_EQ(one_try, 4);
    for (std::int64_t at = 1; at <= 3600; ++at) {
        const auto before = g_lines;
        manager.confirm(at);
        CHECK_EQ(g_lines, before); // logged once
    }
    const int tries = faulty.calls() / one_try;
    CHECK(tries > 55 && tries < 70);
    CHECK_EQ(manager.stored_sequence(), 0U);
}

CASE(another_snapshot_file_is_written_at_once) {
    test::ScratchDir dir;
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(dir.file("a"));
    CHECK(manager.take(snapshot(7), 100));
    manager.store_in(dir.file("b"), 500);
    CHECK_EQ(after_restart(dir.file("b")), 7U);
    CHECK_EQ(manager.stored_sequence(), 7U);
    // Confirmed 400 s ago, not now.
    CHECK(::time(nullptr) - epoch(wire::load_file(dir.file("b"))->confirmed) >= 399);
    manager.store_in("", 500);
    CHECK_EQ(manager.stored_sequence(), 0U);
}
