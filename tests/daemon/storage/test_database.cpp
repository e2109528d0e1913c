// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/database.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <fstream>
#include <sys/stat.h>

using namespace sluice;
using namespace sluice::storage;
using Access = sluice::storage::Database::Access;

namespace {

constexpr std::chrono::milliseconds kShort{20};

unsigned mode_of(const std::string& path) {
    struct stat status = {};
    CHECK_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
}

template <class Body>
Errc code_of(Body&& body) {
    try {
        body();
    } catch (const Failure& failure) {
        return failure.error().code;
    }
    test::fail("nothing was thrown");
}

} // namespace

CASE(a_new_file_is_private) {
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    Database database(path, Access::read_write, kShort);
    database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    CHECK_EQ(mode_of(path), 0600U);
    CHECK_EQ(mode_of(path + "-wal"), 0600U);
    struct stat status = {}; // another process cannot map what is not there
    CHECK(::stat((path + "-shm").c_str(), &status) != 0);
}

CASE(wider_rights_of_an_existing_file_are_taken_away) {
    test::ScratchDir dir;
    const std::string path = dir.file("j.db");
    std::ofstream(path).close();
    CHECK_EQ(::chmod(path.c_str(), 0644), 0);
    Database database(path, Access::read_write, kShort);
    CHECK_EQ(mode_of(path), 0600U);
}

CASE(a_symbolic_link_is_not_followed) {
    test::ScratchDir dir;
    std::filesystem::create_symlink(dir.file("elsewhere"), dir.file("j.db"));
    CHECK(code_of([&] { Database(dir.file("j.db"), Access::read_write, kShort); }) ==
          Errc::unavailable);
    CHECK(!std::filesystem::exists(dir.file("elsewhere")));
}

CASE(values_come_back_as_they_were_bound) {
    Database database(":memory:", Access::read_write, kShort);
    database.execute("CREATE TABLE t (a, b, c, d, e)");
    const std::string with_nul("a\0b", 3);
    Statement(database, "INSERT INTO t VALUES (?,?,?,?,?)")
        .bind(INT64_MIN, with_nul, std::optional<std::int64_t>{}, true, std::string_view{})
        .run();
    Statement row(database, "SELECT * FROM t");
    CHECK(row.step());
    CHECK_EQ(row.integer(0), INT64_MIN);
    CHECK_EQ(row.text(1), with_nul);
    CHECK(!row.optional_integer(2));
    CHECK(row.flag(3));
    CHECK(!row.is_null(4));
    CHECK_EQ(row.text(4), "");
    CHECK(!row.step());
}

CASE(a_transaction_that_is_not_committed_leaves_nothing) {
    Database database(":memory:", Access::read_write, kShort);
    database.execute("CREATE TABLE t (a)");
    {
        Transaction transaction(database);
        database.execute("INSERT INTO t VALUES (1)");
    }
    CHECK_EQ(database.integer("SELECT COUNT(*) FROM t"), 0);
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES (1)");
    transaction.commit();
    CHECK_EQ(database.integer("SELECT COUNT(*) FROM t"), 1);
}

CASE(a_statement_that_is_wrong_is_a_fault_of_ours) {
    Database database(":memory:", Access::read_write, kShort);
    CHECK(code_of([&] { Statement(database, "SELEKT 1"); }) == Errc::internal);
    CHECK(code_of([&] { Statement(database, "SELECT ?").bind(1, 2); }) == Errc::internal);
}
