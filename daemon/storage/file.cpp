// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/file.hpp"

#include "common/base/files.hpp"
#include "daemon/storage/schema.hpp"

#include <cerrno>
#include <sys/stat.h>

namespace sluice::sqlite {
namespace {

constexpr std::chrono::seconds kBusy{1};

// -1: no such file.
std::int64_t size_of(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0)
        return S_ISREG(status.st_mode) ? status.st_size : 1;
    if (errno != ENOENT)
        throw Failure(file_error(path));
    return -1;
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw Failure({Errc::refused, what +
                                      ". Overrides, adjustments and the saved QOS of paused "
                                      "accounts are missing. Restore a backup (" +
                                      path + ".DATE.bak), or begin a new journal: rm -f " + path +
                                      " " + path + "-wal"});
}

} // namespace

bool create_missing(const std::string& path) {
    const auto size = size_of(path);
    if (size == 0)
        refuse(path, "the file is empty");
    if (size > 0)
        return false;
    if (size_of(path + "-wal") > 0)
        refuse(path, "the file is missing, its " + path + "-wal is not");
    const std::string fresh = path + ".new";
    remove_database(fresh);
    try {
        Database database(fresh, Database::Access::read_write, kBusy);
        upgrade(database, fresh, migrations());
    } catch (const Failure&) {
        remove_database(fresh);
        throw;
    }
    if (auto moved = move_into_place(fresh, path); !moved)
        throw Failure(std::move(moved).error());
    return true;
}

void quick_check(Database& database) {
    Statement statement(database, "PRAGMA quick_check(1)");
    const std::string result = statement.step() ? statement.text(0) : "no answer";
    if (result != "ok")
        throw Failure({Errc::refused, "the file is damaged: " + result});
}

} // namespace sluice::sqlite
