// SPDX-License-Identifier: GPL-2.0-or-later
// The journal, its upgrade, closed days and backups while each call on a file fails once, or from
// there on: the old state or the new one is there as a whole, a failure is reported, and the next
// try succeeds.
#include "common/base/text.hpp"
#include "daemon/storage/backup.hpp"
#include "daemon/storage/journal.hpp"
#include "daemon/storage/schema.hpp"
#include "tests/support/case.hpp"
#include "tests/support/faulty_io.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

using namespace sluice;
using namespace sluice::storage;
namespace fs = std::filesystem;

namespace {

constexpr Instant kNow = instant(1'800'000'000); // 2027-01-15
constexpr std::chrono::milliseconds kShort{50};
constexpr const char* kCluster = "c";

using Journal = std::unique_ptr<SqliteJournal>;

Journal open(const std::string& path, const Clock& clock) {
    auto opened = SqliteJournal::open(path, clock, kShort);
    if (!opened)
        test::fail(opened.error().context);
    Database file(path, Database::Access::read_only, kShort);
    quick_check(file);
    return std::move(*opened);
}

// Accounts, evaluations, commands and closed days in `journal`: "2 2 2 1".
std::string content(SqliteJournal& journal) {
    const auto count = [](std::size_t n) { return std::to_string(n) + ' '; };
    const auto days = journal.closed_usage().days(kCluster);
    CHECK(days);
    return count(journal.history(kCluster, Instant{})->accounts.size()) +
           count(journal.evaluations({})->size()) + count(journal.commands({})->size()) +
           std::to_string(days->size());
}

bool record(SqliteJournal& journal) {
    model::Decision decision;
    decision.now = kNow;
    std::vector<ports::EvaluationRecord> evaluations(40);
    std::vector<model::Command> commands(40);
    for (int i = 0; i < 40; ++i) {
        auto& account = decision.accounts.emplace_back();
        account.account = "account-with-a-long-name-" + std::to_string(i);
        account.memory.period = "2027-Q1";
    }
    return journal.record_cycle(kCluster, decision, evaluations, commands).has_value();
}

bool close_days(SqliteJournal& journal) {
    std::vector<ports::ClosedDay> days;
    for (int day = 0; day < 30; ++day) {
        const Instant begin = kNow + std::chrono::hours(24 * day);
        ports::ClosedPiece piece{{begin, begin + std::chrono::hours(24)}, {}};
        for (int user = 0; user < 20; ++user)
            piece.sums["physics"]["user-with-a-long-name-" + std::to_string(user)][1] = user;
        days.push_back({begin, kNow, 1, {std::move(piece)}});
    }
    return journal.closed_usage().put(kCluster, days).has_value();
}

// `work` on a journal of its own for each fault: `before` or `after` is what it holds then.
void each_fault(const std::function<bool(SqliteJournal&)>& work, const std::string& after) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    int tried = 0;
    test::for_each_fault(dir.file("j"), 3, [&](const test::Fault& fault) {
        const auto path = dir.file("j" + std::to_string(++tried));
        auto journal = open(path, clock);
        bool reached = false;
        bool succeeded = false;
        {
            const test::FaultyIo faulty(fault);
            succeeded = work(*journal);
            reached = faulty.reached();
        }
        CHECK_EQ(content(*journal), succeeded ? after : "0 0 0 0");
        journal.reset();
        journal = open(path, clock);
        const auto now = content(*journal);
        CHECK(now == after || (!succeeded && now == "0 0 0 0"));
        if (now != after)
            CHECK(work(*journal));
        CHECK_EQ(content(*journal), after);
        return reached;
    });
}

std::string lines_of(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    std::string out;
    for (const auto& name : names)
        out += name + ' ';
    return out;
}

// `days` days from `first` after kNow, each with its copy.
void live(DailyBackup& backup, test::FixedClock& clock, int first, int days, bool trusted) {
    for (int day = first; day < first + days; ++day) {
        clock.set(kNow + std::chrono::hours(24 * day));
        backup.make_if_due();
        backup.make_if_due();
        if (trusted)
            backup.remove_oldest();
    }
}

std::string backups_of(const fs::path& folder) {
    std::string out;
    for (const auto& name : split(lines_of(folder), ' '))
        if (name.ends_with(".bak"))
            out += name.substr(5, name.size() - 9) + ' ';
    return out;
}

} // namespace

CASE(a_cycle_is_recorded_as_a_whole_or_not_at_all) {
    each_fault(record, "40 40 40 0");
}

CASE(closed_days_are_stored_as_a_whole_or_not_at_all) {
    each_fault(close_days, "0 0 0 30");
}

CASE(a_new_journal_is_there_complete_or_not_at_all) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    int tried = 0;
    test::for_each_fault(dir.file("j"), 6, [&](const test::Fault& fault) {
        const auto path = dir.file("j" + std::to_string(++tried));
        bool reached = false;
        {
            const test::FaultyIo faulty(fault);
            const auto opened = SqliteJournal::open(path, clock, kShort);
            reached = faulty.reached();
            if (!opened)
                CHECK(opened.error().code != Errc::internal);
        }
        std::error_code none;
        CHECK(fs::file_size(path, none) > 0); // -1: not there
        CHECK_EQ(content(*open(path, clock)), "0 0 0 0");
        return reached;
    });
}

CASE(an_upgrade_is_made_as_a_whole_and_with_its_copy) {
    test::ScratchDir dir;
    int tried = 0;
    test::for_each_fault(dir.file("j"), 8, [&](const test::Fault& fault) {
        const auto path = dir.file("j" + std::to_string(++tried));
        {
            Database old(path, Database::Access::read_write, kShort);
            upgrade(old, path, migrations());
        }
        const std::array list{migrations().front(),
                              Migration{2, "ALTER TABLE account ADD COLUMN extra"}};
        bool reached = false;
        {
            const test::FaultyIo faulty(fault);
            [[maybe_unused]] const auto upgraded = at_port("upgrade", [&] {
                Database database(path, Database::Access::read_write, kShort);
                upgrade(database, path, list);
            });
            reached = faulty.reached();
        }
        const auto schema = [](const std::string& file) {
            // Writes: an interrupted transaction is rolled back by whoever opens the file next.
            return Database(file, Database::Access::read_write, kShort)
                .integer("PRAGMA user_version");
        };
        if (schema(path) != 1)
            CHECK_EQ(schema(path + ".schema-1.bak"), 1);
        Database again(path, Database::Access::read_write, kShort);
        upgrade(again, path, list);
        quick_check(again);
        CHECK_EQ(schema(path), 2);
        CHECK_EQ(schema(path + ".schema-1.bak"), 1);
        return reached;
    });
}

CASE(a_backup_that_fails_leaves_the_last_good_one_and_is_made_again) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    int tried = 0;
    test::for_each_fault(dir.path().string(), 6, [&](const test::Fault& fault) {
        const fs::path folder = dir.path() / std::to_string(++tried);
        fs::create_directory(folder);
        const std::string path = folder / "j.db";
        clock.set(kNow);
        auto journal = open(path, clock);
        CHECK(record(*journal));
        {
            DailyBackup yesterday(path, clock);
            yesterday.make_if_due();
            CHECK_EQ(yesterday.state().error, "");
        }
        CHECK(close_days(*journal));
        clock.advance(std::chrono::hours(24));
        DailyBackup backup(path, clock);
        const std::string old = path + ".2027-01-15.bak";
        const std::string fresh = path + ".2027-01-16.bak";
        CHECK_EQ(backup.state().file, old);
        bool reached = false;
        {
            const test::FaultyIo faulty(fault);
            backup.make_if_due();
            reached = faulty.reached();
        }
        CHECK(fs::exists(old));
        CHECK_EQ(backup.state().error.empty(), backup.state().file == fresh);
        CHECK(fs::exists(fresh) || !backup.state().error.empty());
        backup.make_if_due();
        CHECK_EQ(backup.state().error, "");
        CHECK_EQ(backup.state().file, fresh);
        // Both are whole, with what was there when they were made, and nothing else is left.
        CHECK_EQ(lines_of(folder), "j.db j.db-wal j.db.2027-01-15.bak j.db.2027-01-16.bak ");
        CHECK_EQ(content(*open(old, clock)), "40 40 40 0");
        CHECK_EQ(content(*open(fresh, clock)), "40 40 40 30");
        return reached;
    });
}

CASE(seven_backups_are_kept) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    const auto journal = open(dir.file("j.db"), clock);
    DailyBackup backup(dir.file("j.db"), clock);
    std::ofstream(dir.file("j.db.schema-1.bak")) << "of an upgrade";
    live(backup, clock, 0, 9, true);
    CHECK_EQ(backups_of(dir.path()), "2027-01-17 2027-01-18 2027-01-19 2027-01-20 2027-01-21 "
                                     "2027-01-22 2027-01-23 schema-1 ");
}

CASE(a_wrong_clock_removes_no_backup) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    const auto journal = open(dir.file("j.db"), clock);
    DailyBackup backup(dir.file("j.db"), clock);
    live(backup, clock, 0, 7, true);
    const std::string good = backups_of(dir.path());
    live(backup, clock, 400, 8, false);
    live(backup, clock, -400, 2, false);
    CHECK(backups_of(dir.path()).find(good) != std::string::npos);
    // Trusted again: days to come do not count, so that they drive out none of those before.
    live(backup, clock, 7, 1, true);
    CHECK(backups_of(dir.path()).starts_with(good.substr(11) + "2027-01-22 2028-02-19 "));
    CHECK_EQ(backup.state().file, dir.file("j.db.2027-01-22.bak"));
}

CASE(a_backup_of_a_damaged_journal_does_not_replace_a_good_one) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    const auto path = dir.file("j.db");
    {
        auto journal = open(path, clock);
        CHECK(record(*journal));
    }
    DailyBackup backup(path, clock);
    backup.make_if_due();
    const auto good = backup.state().file;
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 4096 / 2 * 4096));
        file << std::string(4096, 'x');
    }
    clock.advance(std::chrono::hours(24));
    backup.make_if_due();
    CHECK(backup.state().error.find("damaged") != std::string::npos ||
          backup.state().error.find("malformed") != std::string::npos);
    CHECK_EQ(backup.state().file, good);
    CHECK_EQ(lines_of(dir.path()).find("new"), std::string::npos);
    CHECK(!fs::exists(path + ".2027-01-16.bak"));
    // Neither does the daemon start with it; the backup in its place is whole.
    const auto opened = SqliteJournal::open(path, clock, kShort);
    CHECK(!opened);
    CHECK(opened.error().code == Errc::refused);
    CHECK(opened.error().context.find("restore a backup") != std::string::npos);
    fs::copy_file(good, path, fs::copy_options::overwrite_existing);
    CHECK_EQ(content(*open(path, clock)), "40 40 40 0");
}

CASE(an_empty_or_half_missing_journal_is_refused_with_the_way_out) {
    test::ScratchDir dir;
    test::FixedClock clock(kNow);
    const auto path = dir.file("j.db");
    const auto refused = [&](const char* what) {
        const auto opened = SqliteJournal::open(path, clock, kShort);
        return !opened && opened.error().code == Errc::refused &&
               opened.error().context.find(what) != std::string::npos &&
               opened.error().context.find("rm -f " + path) != std::string::npos;
    };
    std::ofstream{path}; // 0 bytes
    CHECK(refused("the file is empty"));
    CHECK_EQ(fs::file_size(path), 0U);
    fs::remove(path);
    std::ofstream(path + "-wal") << "changes";
    CHECK(refused("the file is missing"));
    CHECK(!fs::exists(path));
    fs::remove(path + "-wal");
    CHECK_EQ(content(*open(path, clock)), "0 0 0 0");
}
