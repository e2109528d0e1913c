// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/clock.hpp"
#include "daemon/storage/journal.hpp"
#include "daemon/storage/schema.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <array>
#include <fstream>

using namespace sluice;
using namespace sluice::storage;
using Access = sluice::storage::Database::Access;

namespace {

constexpr std::chrono::milliseconds kShort{20};
constexpr Migration kFirst{1, "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);"
                              "CREATE TABLE t (a)"};

Database opened(const std::string& path) {
    return Database(path, Access::read_write, kShort);
}

std::optional<Error> error_of_upgrade(Database& database, const std::string& path,
                                      std::span<const Migration> list) {
    try {
        upgrade(database, path, list);
        return std::nullopt;
    } catch (const Failure& failure) {
        return failure.error();
    }
}

} // namespace

CASE(the_list_counts_up_from_one) {
    int expected = 1;
    for (const auto& migration : migrations())
        CHECK_EQ(migration.to, expected++);
    CHECK(expected > 1);
}

CASE(a_new_file_gets_the_newest_schema_and_says_so) {
    test::ScratchDir dir;
    SystemClock clock;
    CHECK(SqliteJournal::open(dir.file("j.db"), clock));
    auto database = opened(dir.file("j.db"));
    CHECK_EQ(database.integer("PRAGMA user_version"), migrations().back().to);
    CHECK_EQ(database.integer("PRAGMA application_id"), kApplicationId);
    CHECK_EQ(database.integer("SELECT value FROM meta WHERE key = 'schema'"),
             migrations().back().to);
    CHECK_EQ(database.integer("SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
    CHECK(!std::filesystem::exists(dir.file("j.db.schema-0.bak")));
}

CASE(an_older_journal_is_copied_and_then_upgraded) {
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    auto database = opened(path);
    upgrade(database, path, std::array{kFirst});
    database.execute("INSERT INTO t VALUES (7)");
    upgrade(database, path, std::array{kFirst, Migration{2, "ALTER TABLE t ADD COLUMN b"}});
    CHECK_EQ(database.integer("PRAGMA user_version"), 2);
    CHECK_EQ(database.integer("SELECT a FROM t WHERE b IS NULL"), 7);

    auto copy = opened(path + ".schema-1.bak");
    CHECK_EQ(copy.integer("PRAGMA user_version"), 1);
    CHECK_EQ(copy.integer("SELECT a FROM t"), 7);
}

CASE(an_upgrade_that_fails_leaves_the_old_schema) {
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    auto database = opened(path);
    upgrade(database, path, std::array{kFirst});
    const std::array broken{kFirst, Migration{2, "CREATE TABLE u (a)"},
                            Migration{3, "CREATE TABLE u (a)"}};
    CHECK(error_of_upgrade(database, path, broken).has_value());
    CHECK_EQ(database.integer("PRAGMA user_version"), 1);
    CHECK_EQ(database.integer("SELECT COUNT(*) FROM sqlite_master WHERE name = 'u'"), 0);
}

CASE(a_newer_journal_is_refused_with_both_numbers) {
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    SystemClock clock;
    CHECK(SqliteJournal::open(path, clock));
    opened(path).execute("PRAGMA user_version = 999");
    const auto journal = SqliteJournal::open(path, clock);
    CHECK(!journal);
    CHECK(journal.error().code == Errc::refused);
    CHECK(journal.error().context.find("schema 999") != std::string::npos);
    CHECK(journal.error().context.find("up to " + std::to_string(migrations().back().to)) !=
          std::string::npos);
    CHECK_EQ(opened(path).integer("PRAGMA user_version"), 999);
}

CASE(another_programs_database_is_left_alone) {
    test::ScratchDir dir;
    const std::string path = dir.file("other.db");
    opened(path).execute("CREATE TABLE theirs (a)");
    SystemClock clock;
    const auto journal = SqliteJournal::open(path, clock);
    CHECK(!journal);
    CHECK(journal.error().code == Errc::refused);
    CHECK_EQ(opened(path).integer("SELECT COUNT(*) FROM sqlite_master"), 1);
}

CASE(a_file_that_is_no_database_is_refused) {
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    std::ofstream(path) << std::string(4096, 'x');
    SystemClock clock;
    const auto journal = SqliteJournal::open(path, clock);
    CHECK(!journal);
    CHECK(journal.error().code == Errc::refused);
}
