// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/files.hpp"

#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

using namespace sluice;

namespace {

std::string made(const test::ScratchDir& dir, const std::string& bytes, mode_t mode = 0600) {
    const std::string path = dir.file("file");
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    CHECK_EQ(::chmod(path.c_str(), mode), 0);
    return path;
}

std::string fault(const std::string& path, Errc code, ReadableBy by = ReadableBy::all) {
    const auto text = read_file(path, 100, by);
    CHECK(!text);
    CHECK(text.error().code == code);
    CHECK(text.error().context.starts_with(path + ": "));
    return text.error().context.substr(path.size() + 2);
}

} // namespace

CASE(a_file_is_read_as_a_whole) {
    const test::ScratchDir dir;
    const std::string with_nul("a\0b\n", 4);
    CHECK_EQ(*read_file(made(dir, with_nul), 100), with_nul);
    CHECK_EQ(*read_file(made(dir, ""), 100), "");
    CHECK_EQ(*read_file(made(dir, std::string(100, 'x')), 100), std::string(100, 'x'));
    CHECK_EQ(fault(made(dir, std::string(101, 'x')), Errc::malformed), "longer than 100 bytes");
    CHECK_EQ(fault(dir.file("none"), Errc::not_found), "No such file or directory");
}

// Each of these made an open() that waits, or a read without end.
CASE(only_regular_files_are_read) {
    const test::ScratchDir dir;
    const std::string what = "is not a regular file; put a regular file in its place";
    CHECK_EQ(::mkfifo(dir.file("pipe").c_str(), 0600), 0);
    CHECK_EQ(fault(dir.file("pipe"), Errc::refused), what);
    CHECK_EQ(::mkdir(dir.file("folder").c_str(), 0700), 0);
    CHECK_EQ(fault(dir.file("folder"), Errc::refused), what);
    CHECK_EQ(fault("/dev/zero", Errc::refused), what);
    CHECK_EQ(::symlink("/dev/zero", dir.file("device").c_str()), 0);
    CHECK_EQ(fault(dir.file("device"), Errc::refused), what);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, dir.file("socket").c_str(), sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    CHECK_EQ(fault(dir.file("socket"), Errc::refused), what);
    ::close(fd);
    CHECK(!check_regular(dir.file("pipe")) && !check_regular("/dev/zero"));
    CHECK(check_regular(dir.file("none")).error().code == Errc::not_found);
    CHECK(check_regular(made(dir, "x")) && check_regular(""));
}

CASE(secrets_are_not_read_from_files_of_others) {
    const test::ScratchDir dir;
    for (const mode_t mode : {0644U, 0602U, 0601U}) {
        const std::string path = made(dir, "secret", mode);
        CHECK_EQ(*read_file(path, 100), "secret");
        CHECK_EQ(fault(path, Errc::refused, ReadableBy::group),
                 "all users have access; run: chmod o= " + path);
        CHECK_EQ(fault(path, Errc::refused, ReadableBy::owner),
                 "other users have access; run: chmod 600 " + path);
    }
    const std::string path = made(dir, "secret", 0640);
    CHECK_EQ(*read_file(path, 100, ReadableBy::group), "secret");
    CHECK_EQ(fault(path, Errc::refused, ReadableBy::owner),
             "other users have access; run: chmod 600 " + path);
    CHECK_EQ(*read_file(made(dir, "secret"), 100, ReadableBy::owner), "secret");
    CHECK_EQ(::symlink("file", dir.file("link").c_str()), 0);
    CHECK_EQ(*read_file(dir.file("link"), 100, ReadableBy::group), "secret");
    CHECK_EQ(fault(dir.file("link"), Errc::refused, ReadableBy::owner),
             "is a symbolic link; name the file itself");
    if (::geteuid() != 0)
        return;
    CHECK_EQ(::chown(path.c_str(), 5, static_cast<gid_t>(-1)), 0);
    CHECK_EQ(fault(path, Errc::refused, ReadableBy::owner),
             "belongs to uid 5; run: chown 0 " + path);
}
