// SPDX-License-Identifier: GPL-2.0-or-later
// Real file systems that are full or read-only: a small tmpfs in a mount namespace of its own,
// which needs root.
#include "common/wire/file.hpp"
#include "daemon/http/auth/tokens.hpp"
#include "daemon/storage/backup.hpp"
#include "daemon/storage/journal.hpp"
#include "plugin/snapshot_manager.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

using namespace sluice;
namespace fs = std::filesystem;

namespace {

constexpr Instant kNow = instant(1'800'000'000);

// Once: the namespace is the process's from then on.
bool may_mount() {
    static const bool may = ::geteuid() == 0 && ::unshare(CLONE_NEWNS) == 0 &&
                            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!may)
        std::puts("skipped: no right to mount");
    return may;
}

class SmallDisk {
public:
    SmallDisk() { CHECK_EQ(::mount("tmpfs", path().c_str(), "tmpfs", 0, kOptions), 0); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() { ::umount2(path().c_str(), MNT_DETACH); }

    std::string path() const { return dir_.path(); }
    std::string file(const std::string& name) const { return dir_.file(name); }
    // No block is left, and none to be had by shortening a file a little.
    void fill() const {
        std::ofstream filler(file("filler"), std::ios::binary);
        const std::string block(4096, 'x');
        while (filler.write(block.data(), 4096).flush()) {
        }
    }
    void free() const { fs::remove(file("filler")); }
    void read_only(bool on) const {
        const unsigned long flags = MS_REMOUNT | (on ? static_cast<unsigned long>(MS_RDONLY) : 0UL);
        CHECK_EQ(::mount("tmpfs", path().c_str(), "tmpfs", flags, kOptions), 0);
    }

private:
    static constexpr const char* kOptions = "size=4m,mode=700";
    test::ScratchDir dir_;
};

std::string g_lines;

plugin::Log capture() {
    g_lines.clear();
    const auto add = [](const char* line) { g_lines += std::string(line) + '\n'; };
    return plugin::Log{add, add};
}

} // namespace

CASE(a_snapshot_waits_for_room_on_a_full_file_system) {
    if (!may_mount())
        return;
    const SmallDisk disk;
    plugin::SnapshotCell cell;
    plugin::SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(disk.file("s"));
    auto snapshot = test::world();
    std::int64_t at = 100;
    const auto failed_then_stored = [&](const char* why, auto&& spoil, auto&& restore) {
        CHECK(manager.take(snapshot, ++at));
        const auto stored = manager.stored_sequence();
        CHECK_EQ(stored, snapshot.sequence);
        spoil();
        ++snapshot.sequence;
        CHECK(manager.take(snapshot, ++at));
        CHECK(g_lines.find(why) != std::string::npos);
        CHECK_EQ(manager.stored_sequence(), stored);
        CHECK_EQ(wire::load_file(disk.file("s"))->snapshot.sequence, stored);
        restore();
        manager.confirm(at += 60);
        CHECK_EQ(wire::load_file(disk.file("s"))->snapshot.sequence, snapshot.sequence);
        CHECK_EQ(manager.stored_sequence(), snapshot.sequence);
    };
    failed_then_stored(
        "No space left on device", [&] { disk.fill(); }, [&] { disk.free(); });
    failed_then_stored(
        "Read-only file system", [&] { disk.read_only(true); }, [&] { disk.read_only(false); });
}

CASE(the_journal_records_nothing_or_all_on_a_full_file_system) {
    if (!may_mount())
        return;
    const SmallDisk disk;
    test::FixedClock clock(kNow);
    auto journal = storage::SqliteJournal::open(disk.file("j.db"), clock);
    CHECK(journal);
    // As sluiced does at its start; the index of the write-ahead log needs room then.
    CHECK((*journal)->close_unfinished(kNow));
    model::Decision decision;
    const std::vector<model::Command> commands(500);
    disk.fill();
    const auto recorded = (*journal)->record_cycle("c", decision, {}, commands);
    CHECK(!recorded);
    CHECK(recorded.error().code == Errc::unavailable);
    const auto held = (*journal)->commands({});
    CHECK(held);
    CHECK_EQ(held->size(), 0U);
    disk.free();
    CHECK((*journal)->record_cycle("c", decision, {}, commands));
    CHECK_EQ((*journal)->commands({"", {}, 1000})->size(), 500U);
}

CASE(a_new_journal_on_a_full_file_system_leaves_no_empty_file) {
    if (!may_mount())
        return;
    const SmallDisk disk;
    test::FixedClock clock(kNow);
    disk.fill();
    CHECK(!storage::SqliteJournal::open(disk.file("j.db"), clock));
    CHECK(!fs::exists(disk.file("j.db")));
    disk.free();
    CHECK(storage::SqliteJournal::open(disk.file("j.db"), clock));
}

CASE(a_backup_does_not_take_the_room_of_the_journal) {
    if (!may_mount())
        return;
    const SmallDisk disk;
    test::FixedClock clock(kNow);
    auto journal = storage::SqliteJournal::open(disk.file("j.db"), clock);
    CHECK(journal);
    storage::DailyBackup backup(disk.file("j.db"), clock);
    backup.make_if_due();
    const auto good = backup.state().file;
    CHECK(fs::exists(good));
    clock.advance(std::chrono::hours(24));
    disk.fill();
    backup.make_if_due();
    CHECK(backup.state().error.find("no space") != std::string::npos);
    CHECK_EQ(backup.state().file, good);
    CHECK(fs::exists(good));
    disk.free();
    journal->reset(); // a file system with a writer cannot become read-only
    disk.read_only(true);
    backup.make_if_due();
    CHECK(!backup.state().error.empty());
    disk.read_only(false);
    backup.make_if_due();
    CHECK_EQ(backup.state().error, "");
    CHECK(backup.state().file != good && fs::exists(good));
}

CASE(tokens_stay_as_they_are_on_a_full_file_system) {
    if (!may_mount())
        return;
    const SmallDisk disk;
    const auto tokens = http::TokenFile::open(disk.file("tokens"));
    CHECK(tokens);
    CHECK((*tokens)->add("one", http::Role::staff, kNow));
    disk.fill();
    CHECK(!(*tokens)->add("two", http::Role::staff, kNow));
    CHECK_EQ((*tokens)->list().size(), 1U);
    CHECK_EQ((*http::TokenFile::open(disk.file("tokens")))->list().size(), 1U);
    disk.free();
    CHECK((*tokens)->add("two", http::Role::staff, kNow));
    CHECK_EQ((*http::TokenFile::open(disk.file("tokens")))->list().size(), 2U);
}
