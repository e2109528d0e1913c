// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/snapshot_manager.hpp"

#include "common/wire/file.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

using namespace sluice;
using namespace sluice::plugin;

namespace {

std::string g_lines; // of the log; this test has one thread that logs

Log capture() {
    g_lines.clear();
    const auto add = [](const char* line) { g_lines += std::string(line) + '\n'; };
    return Log{add, add};
}

struct Scratch {
    Scratch() {
        std::string pattern = std::filesystem::temp_directory_path() / "sluice-manager-XXXXXX";
        CHECK(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::string file() const { return path / "sluice_snapshot"; }
    std::filesystem::path path;
};

} // namespace

CASE(a_snapshot_is_published_and_stored_and_read_again) {
    const Scratch scratch;
    {
        SnapshotCell cell;
        SnapshotManager manager(cell, capture(), "LAB");
        manager.store_in(scratch.file());
        CHECK(manager.take(test::world(), 100).has_value());
        CHECK_EQ(cell.get()->view->snapshot().sequence, 7U);
        CHECK_EQ(cell.confirmed(), 100);
    }
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(scratch.file());
    manager.load(instant(::time(nullptr)), 5000);
    CHECK_EQ(manager.sequence(), 7U);
    CHECK(cell.get()->view->account("physics") != nullptr);
    CHECK(cell.confirmed() <= 5000 && cell.confirmed() > 4900);
}

CASE(the_age_of_a_stored_snapshot_is_that_of_its_last_confirmation) {
    const Scratch scratch;
    CHECK(wire::save_file(scratch.file(), test::world()).has_value());
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(scratch.file());
    manager.load(instant(::time(nullptr) + 1000), 5000);
    CHECK(std::abs(cell.confirmed() - 4000) < 10);
    // Loading is no confirmation.
    CHECK(epoch(wire::load_file(scratch.file())->confirmed) <= ::time(nullptr));
}

CASE(a_damaged_file_is_ignored_with_one_line) {
    const Scratch scratch;
    std::ofstream(scratch.file()) << "SLUICESN and then nothing of use";
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(scratch.file());
    manager.load(instant(0), 0);
    CHECK(!manager.has_snapshot());
    CHECK_EQ(std::count(g_lines.begin(), g_lines.end(), '\n'), 1);
    CHECK(g_lines.find("snapshot file ignored") != std::string::npos);
}

CASE(a_damaged_or_missing_newest_file_gives_way_to_the_one_before_it_with_one_line) {
    for (const bool damaged : {true, false}) {
        const Scratch scratch;
        auto snapshot = test::world();
        CHECK(wire::save_file(scratch.file(), snapshot).has_value());
        snapshot.sequence = 8;
        CHECK(wire::save_file(scratch.file(), snapshot).has_value());
        if (damaged)
            std::filesystem::resize_file(scratch.file(), 40);
        else
            std::filesystem::remove(scratch.file());
        SnapshotCell cell;
        SnapshotManager manager(cell, capture(), "lab");
        manager.store_in(scratch.file());
        manager.load(instant(::time(nullptr)), 5000);
        CHECK_EQ(manager.sequence(), 7U);
        CHECK_EQ(manager.stored_sequence(), 7U);
        CHECK_EQ(std::count(g_lines.begin(), g_lines.end(), '\n'), 1);
        CHECK(g_lines.find(damaged ? "damaged snapshot file" : "no such file") !=
              std::string::npos);
        CHECK(g_lines.find("starting from the stored snapshot 7") != std::string::npos);
        // Nothing is written before the daemon confirms it.
        manager.retry_store(5100);
        CHECK(!wire::load_file(scratch.file()).has_value());
        manager.confirm(5101);
        CHECK_EQ(wire::load_file(scratch.file())->snapshot.sequence, 7U);
        CHECK_EQ(wire::load_file(wire::previous_file(scratch.file()))->snapshot.sequence, 7U);
    }
}

// The plugin starts from the one before it, and must find that one again after the next store.
CASE(a_refused_newest_file_never_takes_the_place_of_the_good_one) {
    const Scratch scratch;
    auto snapshot = test::world();
    for (int i = 0; i < 2; ++i, ++snapshot.sequence)
        CHECK(wire::save_file(scratch.file(), snapshot).has_value());
    const std::string previous = wire::previous_file(scratch.file());
    for (int i = 0; i < 3; ++i, ++snapshot.sequence) {
        CHECK_EQ(::chmod(scratch.file().c_str(), 0666), 0);
        SnapshotCell cell;
        SnapshotManager manager(cell, capture(), "lab");
        manager.store_in(scratch.file());
        manager.load(instant(::time(nullptr)), 5000);
        CHECK_EQ(manager.sequence(), 7U);
        CHECK(g_lines.find("in " + previous) != std::string::npos);
        if (i < 2)
            CHECK(manager.take(snapshot, 5010).has_value());
        else
            manager.confirm(5010);
        CHECK_EQ(wire::load_file(previous)->snapshot.sequence, 7U);
        CHECK_EQ(wire::load_file(scratch.file())->snapshot.sequence, manager.sequence());
    }
}

CASE(the_newest_file_wins_wherever_it_is_whole) {
    const Scratch scratch;
    auto snapshot = test::world();
    snapshot.sequence = 9; // of a journal before it was restored from a backup
    CHECK(wire::save_file(scratch.file(), snapshot).has_value());
    snapshot.sequence = 3;
    CHECK(wire::save_file(scratch.file(), snapshot).has_value());
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(scratch.file());
    manager.load(instant(::time(nullptr)), 5000);
    CHECK_EQ(manager.sequence(), 3U);
}

CASE(a_file_of_somebody_else_is_left_alone_and_reported_once) {
    const Scratch scratch;
    std::ofstream(scratch.file()) << "precious";
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in(scratch.file());
    CHECK(manager.take(test::world(), 0).has_value());
    for (std::int64_t at = 1; at < 600; ++at)
        manager.confirm(at);
    CHECK_EQ(std::count(g_lines.begin(), g_lines.end(), '\n'), 1);
    CHECK(g_lines.find("exists and is no snapshot of Sluice") != std::string::npos);
    CHECK_EQ(manager.stored_sequence(), 0U);
    CHECK_EQ(std::filesystem::file_size(scratch.file()), 8U);
    std::filesystem::remove(scratch.file());
    manager.confirm(660);
    CHECK_EQ(manager.stored_sequence(), 7U);
}

CASE(a_snapshot_of_another_cluster_is_refused) {
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "other");
    CHECK(manager.take(test::world(), 0).error().code == Errc::refused);
    CHECK(!manager.has_snapshot());
    CHECK(cell.get() == nullptr);
}

CASE(a_delta_for_another_snapshot_changes_nothing) {
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    CHECK(manager.take(test::world(), 0).has_value());
    wire::Delta delta;
    delta.base = 6;
    delta.sequence = 8;
    CHECK(!manager.take(delta, 0).has_value());
    delta.base = 7;
    delta.removed_accounts = {"physics"};
    CHECK(manager.take(delta, 0).has_value());
    CHECK(cell.get()->view->account("physics") == nullptr);
    CHECK_EQ(manager.sequence(), 8U);
}

CASE(a_folder_that_cannot_be_written_is_said_once_and_stops_nothing) {
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    manager.store_in("/nonexistent/folder/file");
    CHECK(manager.take(test::world(), 0).has_value());
    auto next = test::world();
    next.sequence = 8;
    CHECK(manager.take(next, 0).has_value());
    CHECK_EQ(std::count(g_lines.begin(), g_lines.end(), '\n'), 1);
    CHECK_EQ(cell.get()->view->snapshot().sequence, 8U);
}

CASE(the_reader_is_never_the_one_who_frees) {
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    CHECK(manager.take(test::world(), 0).has_value());
    auto held = cell.get();
    const std::weak_ptr<const Current> watch = held;
    auto next = test::world();
    next.sequence = 8;
    CHECK(manager.take(next, 0).has_value());
    manager.sweep();
    held.reset();
    CHECK(!watch.expired()); // the manager still has it
    manager.sweep();
    CHECK(watch.expired());
}

CASE(readers_always_see_a_whole_snapshot) {
    SnapshotCell cell;
    SnapshotManager manager(cell, capture(), "lab");
    CHECK(manager.take(test::world(), 0).has_value());
    std::atomic<bool> stop{false};
    std::atomic<int> torn{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 8; ++i)
        readers.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                const auto current = cell.get();
                const auto* account = current->view->account("physics");
                if (account == nullptr ||
                    account->percent !=
                        static_cast<std::int64_t>(current->view->snapshot().sequence))
                    torn.fetch_add(current->view->snapshot().sequence > 7 ? 1 : 0);
            }
        });
    for (std::uint64_t i = 8; i < 300; ++i) {
        auto next = test::world();
        next.sequence = i;
        next.accounts.back().percent = static_cast<std::int64_t>(i);
        CHECK(manager.take(std::move(next), 0).has_value());
        manager.sweep();
    }
    stop.store(true);
    for (auto& reader : readers)
        reader.join();
    CHECK_EQ(torn.load(), 0);
}

CASE(a_clock_of_slurmctld_that_jumps_forward_ends_no_pause) {
    SnapshotCell cell;
    CHECK(cell.now(instant(90'000), 10) == instant(90'000)); // the daemon was never there
    cell.note_time(instant(5'000), 10);
    CHECK(cell.now(instant(90'000), 20) == instant(5'010));
    CHECK(cell.now(instant(4'000), 20) == instant(4'000));
}
