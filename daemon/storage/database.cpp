// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/database.hpp"

#include "common/base/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

namespace sluice::storage {
namespace {

// SQLite's VFS that locks the file for this process and keeps the WAL's index in its memory. The
// default one maps that index from the -shm file: where a page of it cannot be written back (a
// quota, or a full file system that copies on write) the kernel ends the process with SIGBUS.
constexpr const char* kOneProcess = "unix-excl";

Errc code_of(int rc) {
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
    case SQLITE_READONLY: // SQLite reports a full or remounted file system so, too
        return Errc::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return Errc::refused;
    case SQLITE_CONSTRAINT:
        return Errc::conflict;
    default:
        return Errc::internal;
    }
}

[[noreturn]] void fail(int rc, sqlite3* raw) {
    throw Failure({code_of(rc), raw != nullptr ? sqlite3_errmsg(raw) : sqlite3_errstr(rc)});
}

[[noreturn]] void fail_errno(const std::string& path) {
    throw Failure({Errc::unavailable, path + ": " + std::strerror(errno)});
}

// SQLite would create the file with the umask's rights. Its -wal file gets the rights of the main
// file.
void make_private(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        fail_errno(path);
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0)
        fail_errno(path);
    if (!S_ISREG(status.st_mode))
        throw Failure({Errc::refused, path + ": not a regular file"});
    if ((status.st_mode & 0077U) != 0 && ::fchmod(fd.get(), 0600) != 0)
        fail_errno(path);
}

// While it lives, the connection reads one state of the file.
class ReadTransaction {
public:
    explicit ReadTransaction(Database& database) : database_(database) {
        database_.execute("BEGIN");
        database_.integer("SELECT COUNT(*) FROM sqlite_master");
    }
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;
    ~ReadTransaction() { sqlite3_exec(database_.raw(), "ROLLBACK", nullptr, nullptr, nullptr); }

private:
    Database& database_;
};

} // namespace

void remove_database(const std::string& path) noexcept {
    // The file last, so that the others never stay without it.
    for (const char* end : {"-journal", "-wal", "-shm", ""})
        ::unlink((path + end).c_str());
}

void Database::Close::operator()(sqlite3* raw) const noexcept {
    sqlite3_close_v2(raw);
}

Database::Database(const std::string& path, Access access, std::chrono::milliseconds busy_timeout) {
    if (access == Access::read_write && path != ":memory:")
        make_private(path);
    const int flags = access == Access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    sqlite3* raw = nullptr;
    const int rc = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, kOneProcess);
    raw_.reset(raw); // SQLite hands out a handle even when it fails
    if (rc != SQLITE_OK)
        fail(rc, raw);
    sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout.count()));
}

void Database::execute(const char* sql) {
    const int rc = sqlite3_exec(raw_.get(), sql, nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK)
        fail(rc, raw_.get());
}

std::int64_t Database::last_insert_id() const noexcept {
    return sqlite3_last_insert_rowid(raw_.get());
}

int Database::changes() const noexcept {
    return sqlite3_changes(raw_.get());
}

std::int64_t Database::integer(const char* sql) {
    Statement statement(*this, sql);
    return statement.step() ? statement.integer(0) : 0;
}

void Database::copy_to(const std::string& path, const std::function<bool()>& go_on) {
    constexpr int kPages = 64; // of 4 KiB
    struct Finish {
        void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
    };
    Database target(path, Access::read_write, std::chrono::seconds(1));
    // Without a transaction of its own each change by another connection restarts the copy.
    const ReadTransaction as_of_now(*this);
    {
        const std::unique_ptr<sqlite3_backup, Finish> backup(
            sqlite3_backup_init(target.raw(), "main", raw(), "main"));
        if (!backup)
            fail(sqlite3_errcode(target.raw()), target.raw());
        int rc = SQLITE_OK;
        while ((rc = sqlite3_backup_step(backup.get(), kPages)) == SQLITE_OK)
            if (!go_on())
                throw Failure({Errc::unavailable, "stopped"});
        if (rc != SQLITE_DONE)
            throw Failure({code_of(rc), sqlite3_errstr(rc)});
    }
    // One file, without -wal and -shm beside it.
    target.execute("PRAGMA journal_mode = DELETE");
}

void Statement::Finalize::operator()(sqlite3_stmt* raw) const noexcept {
    sqlite3_finalize(raw);
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
    sqlite3_stmt* raw = nullptr;
    const int rc =
        sqlite3_prepare_v2(database.raw(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    raw_.reset(raw);
    if (rc != SQLITE_OK)
        fail(rc, database.raw());
}

void Statement::rewind() noexcept {
    // Returns the last step's error, which was thrown already.
    sqlite3_reset(raw_.get());
    bound_ = 0;
}

void Statement::bind_next(std::int64_t value) {
    const int rc = sqlite3_bind_int64(raw_.get(), ++bound_, value);
    if (rc != SQLITE_OK)
        fail(rc, database_.raw());
}

void Statement::bind_next(std::string_view value) {
    // A null pointer would bind NULL, not the empty text.
    const char* data = value.data() != nullptr ? value.data() : "";
    const int rc = sqlite3_bind_text64(raw_.get(), ++bound_, data, value.size(), SQLITE_TRANSIENT,
                                       SQLITE_UTF8);
    if (rc != SQLITE_OK)
        fail(rc, database_.raw());
}

void Statement::bind_next(std::nullopt_t) {
    const int rc = sqlite3_bind_null(raw_.get(), ++bound_);
    if (rc != SQLITE_OK)
        fail(rc, database_.raw());
}

bool Statement::step() {
    const int rc = sqlite3_step(raw_.get());
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        fail(rc, database_.raw());
    return false;
}

void Statement::run() {
    while (step()) {
    }
    sqlite3_reset(raw_.get());
}

bool Statement::is_null(int column) const noexcept {
    return sqlite3_column_type(raw_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const noexcept {
    return sqlite3_column_int64(raw_.get(), column);
}

std::string Statement::text(int column) const {
    const auto* data = sqlite3_column_text(raw_.get(), column);
    const int size = sqlite3_column_bytes(raw_.get(), column);
    if (data == nullptr)
        return {};
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (is_null(column))
        return std::nullopt;
    return integer(column);
}

std::optional<std::string> Statement::optional_text(int column) const {
    if (is_null(column))
        return std::nullopt;
    return text(column);
}

Transaction::Transaction(Database& database) : database_(database) {
    database.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    // SQLite may have rolled back already (disk full); its complaint about that is of no use.
    if (open_)
        sqlite3_exec(database_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

} // namespace sluice::storage
