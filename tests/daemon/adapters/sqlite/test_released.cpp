// SPDX-License-Identifier: GPL-2.0-or-later
// Every schema that was ever released (tests/data/journal) is upgraded, with a copy made first, and
// nothing in it is lost. A new schema: add its file when it is released, never change an old one.
#include "common/base/clock.hpp"
#include "daemon/adapters/sqlite/journal.hpp"
#include "daemon/adapters/sqlite/schema.hpp"
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
constexpr int kReleased = 1; // newest schema that has a file

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
        for (const char* table : {"account", "account_amount", "account_word", "account_member",
                                  "evaluation", "command", "command_limit", "override",
                                  "override_end", "adjustment", "adjustment_unit"}) {
            CHECK(rows(copy, table) > 0);
            CHECK_EQ(rows(path, table), rows(copy, table));
        }
    }
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
    const auto history = (*journal)->history("lab");
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
