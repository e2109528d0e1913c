// SPDX-License-Identifier: GPL-2.0-or-later
// Every schema that was ever released (tests/data/journal) is upgraded, with a copy made first, and
// nothing in it is lost. A new schema: add its file when it is released, never change an old one.
#include "common/base/clock.hpp"
#include "daemon/storage/journal.hpp"
#include "daemon/storage/schema.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace sluice;
using namespace sluice::sqlite;

namespace {

constexpr std::chrono::milliseconds kShort{20};
constexpr int kReleased = 2; // newest schema that has a file

Database opened(const std::string& path) {
    return Database(path, Database::Access::read_write, kShort);
}

// A journal as that schema left it.
void lay_down(int schema, const std::string& path) {
    const char* top = std::getenv("SLUICE_SRCDIR");
    std::ifstream in(std::string(top != nullptr ? top : ".") + "/tests/data/journal/schema-" +
                     std::to_string(schema) + ".sql");
    std::ostringstream sql;
    sql << in.rdbuf();
    CHECK(!sql.str().empty());
    opened(path).execute(sql.str().c_str());
}

std::int64_t rows(const std::string& path, const std::string& table) {
    return opened(path).integer(("SELECT COUNT(*) FROM " + table).c_str());
}

std::vector<std::string> lines(const std::string& path, const char* sql) {
    auto database = opened(path);
    Statement query(database, sql);
    std::vector<std::string> out;
    while (query.step())
        out.push_back(query.text(0));
    return out;
}

std::vector<std::string> tables(const std::string& path) {
    return lines(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                       "'sqlite_%' ORDER BY name");
}

// What can be asked of it: each table's columns and each index. ALTER TABLE leaves other text than
// CREATE TABLE does, so that is not compared.
std::vector<std::string> shape(const std::string& path) {
    return lines(
        path,
        "SELECT m.type || ' ' || m.tbl_name || ' ' || c.name || ' ' || c.type || ' ' || "
        "c.\"notnull\" || ' ' || ifnull(c.dflt_value, '-') || ' ' || c.pk FROM sqlite_master m "
        "JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' "
        "UNION ALL SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_master "
        "WHERE type = 'index' ORDER BY 1");
}

} // namespace

CASE(every_released_schema_is_upgraded_with_a_copy) {
    for (int schema = 1; schema <= kReleased; ++schema) {
        test::ScratchDir dir;
        const SystemClock clock;
        const std::string path = dir.file("j.db");
        lay_down(schema, path);
        CHECK(SqliteJournal::open(path, clock));
        CHECK_EQ(opened(path).integer("PRAGMA user_version"), migrations().back().to);
        CHECK_EQ(opened(path).integer("SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
        const std::string copy = path + ".schema-" + std::to_string(schema) + ".bak";
        CHECK_EQ(std::filesystem::exists(copy), schema != migrations().back().to);
        if (schema == migrations().back().to)
            continue;
        CHECK_EQ(opened(copy).integer("PRAGMA user_version"), schema);
        for (const auto& table : tables(copy))
            CHECK_EQ(rows(path, table), rows(copy, table));
    }
}

CASE(every_table_of_a_released_schema_holds_something) {
    for (int schema = 1; schema <= kReleased; ++schema) {
        test::ScratchDir dir;
        lay_down(schema, dir.file("j.db"));
        CHECK(!tables(dir.file("j.db")).empty());
        for (const auto& table : tables(dir.file("j.db")))
            CHECK(rows(dir.file("j.db"), table) > 0);
    }
}

// So a migration that was released is never edited: its file would differ from what is made now.
CASE(an_upgraded_journal_has_the_shape_of_a_new_one) {
    const SystemClock clock;
    test::ScratchDir fresh;
    CHECK(SqliteJournal::open(fresh.file("j.db"), clock));
    for (int schema = 1; schema <= kReleased; ++schema) {
        test::ScratchDir dir;
        lay_down(schema, dir.file("j.db"));
        CHECK(SqliteJournal::open(dir.file("j.db"), clock));
        CHECK(shape(dir.file("j.db")) == shape(fresh.file("j.db")));
    }
}

CASE(without_its_copy_a_journal_is_not_upgraded) {
    const SystemClock clock;
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    lay_down(1, path);
    std::filesystem::create_directory(path + ".schema-1.bak");
    CHECK(!SqliteJournal::open(path, clock));
    CHECK_EQ(opened(path).integer("PRAGMA user_version"), 1);
}

CASE(a_schema_that_has_no_file_is_the_one_being_made) {
    CHECK(migrations().back().to <= kReleased + 1);
}

CASE(what_schema_1_had_is_read_after_the_upgrade) {
    test::ScratchDir dir;
    const SystemClock clock;
    lay_down(1, dir.file("j.db"));
    auto journal = SqliteJournal::open(dir.file("j.db"), clock);
    CHECK(journal);
    const auto history = (*journal)->history("lab", clock.now());
    CHECK(history);
    const auto& physics = history->accounts.at("physics");
    CHECK(physics.flags.paused && physics.flags.downscaled);
    CHECK_EQ(history->adjustments.size(), 1U);
    CHECK_EQ(history->adjustments.front().reason, "node failure");
    CHECK(std::any_of(history->overrides.begin(), history->overrides.end(), [](const auto& each) {
        return each.account == "physics" && each.reason == "deadline";
    }));
    const auto commands = (*journal)->commands({"lab", {"physics"}, 10});
    CHECK(commands);
    CHECK_EQ(commands->size(), 2U);
    CHECK_EQ(commands->front().error, "slurmdbd: away");
    CHECK(commands->back().success.value());
    const auto evaluations = (*journal)->evaluations({"lab", {"physics"}, 10});
    CHECK(evaluations);
    CHECK_EQ(evaluations->front().percent.value(), 12310);
}
