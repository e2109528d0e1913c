// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/file.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/wire/bytes.hpp"
#include "common/wire/image.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <filesystem>

namespace sluice::wire {
namespace {

constexpr std::string_view kFileMagic = "SLUICESN";
// The version of the image in it.
constexpr std::uint32_t kFileVersion = kVersion;
constexpr std::size_t kFileHead = 8 + 4 + 4 + 8; // magic, version, checksum, length

Result<std::string> read_all(int fd, std::size_t size, const std::string& path) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const ssize_t n = ::read(fd, bytes.data() + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_error(path);
        if (n == 0)
            break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

// Of a file that is being written. Host and pid keep two processes of one folder - a reconfigured
// slurmctld, a backup controller - from writing into each other's file.
std::string fresh_prefix() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return std::string(".new.") + host.data() + '.';
}

// Of a file name; "": none.
std::string_view folder_of(std::string_view path) {
    return path.substr(0, path.rfind('/') + 1); // npos + 1 is 0
}

struct Header {
    bool known = false; // a snapshot file of this version or an older one
    std::uint32_t crc = 0;
    std::uint64_t length = 0;
    std::uint32_t version = 0;
};

Header read_header(Reader& in) {
    Header out;
    const std::string_view magic = in.raw(kFileMagic.size());
    out.version = in.u32();
    out.crc = in.u32();
    out.length = in.u64();
    out.known = in.ok() && magic == kFileMagic;
    return out;
}

bool whole(const Header& header, std::string_view image) {
    return header.length == image.size() && crc32c(image) == header.crc;
}

// Whether a file is there that is no snapshot. An empty file, or the begin of a snapshot, may be
// replaced.
Result<bool> is_foreign(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd && errno == ENOENT)
        return false;
    if (!fd && errno == ELOOP) // a symbolic link
        return true;
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return file_error(path);
    if (!S_ISREG(st.st_mode))
        return true;
    const auto begin = read_all(fd.get(), kFileMagic.size(), path);
    if (!begin)
        return begin.error();
    return *begin != kFileMagic.substr(0, begin->size());
}

Error not_ours(const std::string& path) {
    return Error{Errc::refused, path + " exists and is no snapshot of Sluice: left unchanged. Move "
                                       "the file away, or set another path with SnapshotFile="};
}

// The modification time of a file that was just written, back to when its content was confirmed.
void set_age(const std::string& path, std::int64_t age) {
    struct stat st {};
    if (age <= 0 || ::stat(path.c_str(), &st) != 0)
        return;
    const timespec times[] = {{0, UTIME_OMIT}, {st.st_mtim.tv_sec - age, 0}};
    ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

// A link, so that `path` exists at any instant. A file system without hard links keeps one
// snapshot.
void keep_previous(const std::string& path) {
    const std::string previous = previous_file(path);
    ::unlink(previous.c_str());
    [[maybe_unused]] const int linked = ::link(path.c_str(), previous.c_str());
}

// `suffix`: what follows ".new." in the name, HOST.PID.
bool abandoned(const std::string& file, std::string_view suffix) {
    constexpr std::int64_t kHour = 3600; // on another host: by its time
    const std::string here = fresh_prefix().substr(5);
    struct stat st {};
    if (::lstat(file.c_str(), &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (!suffix.starts_with(here)) {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        return now.tv_sec - st.st_mtim.tv_sec > kHour;
    }
    const std::string_view digits = suffix.substr(here.size());
    pid_t pid = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    return fault == std::errc{} && end == digits.data() + digits.size() && pid > 0 &&
           ::kill(pid, 0) != 0 && errno == ESRCH;
}

} // namespace

Result<std::string> encode_file(const model::Snapshot& snapshot) {
    auto image = encode_image(snapshot);
    if (!image)
        return image;
    Writer out;
    out.raw(kFileMagic);
    out.u32(kFileVersion);
    out.u32(crc32c(*image));
    out.u64(image->size());
    out.raw(*image);
    return out.take();
}

Result<model::Snapshot> decode_file(std::string_view bytes) {
    Reader in(bytes);
    const Header header = read_header(in);
    const std::string_view image = in.rest();
    if (!header.known)
        return Error{Errc::malformed, "not a snapshot file"};
    if (header.version != kFileVersion)
        return Error{Errc::malformed, "snapshot file of another version"};
    if (!whole(header, image))
        return Error{Errc::malformed, "damaged snapshot file"};
    return decode_image(image);
}

Result<Stored> load_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd && errno == ENOENT)
        return Error{Errc::not_found, path + ": no such file"};
    if (!fd)
        return file_error(path);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0)
        return file_error(path);
    if (!S_ISREG(st.st_mode) || (st.st_uid != ::geteuid() && st.st_uid != 0) ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Error{Errc::refused, path + ": not a regular file that only its owner can write"};
    if (st.st_size < 0 || static_cast<std::size_t>(st.st_size) > kFileHead + kMaxImage)
        return Error{Errc::malformed, path + ": too large"};
    auto bytes = read_all(fd.get(), static_cast<std::size_t>(st.st_size), path);
    if (!bytes)
        return std::move(bytes).error();
    auto snapshot = decode_file(*bytes);
    if (!snapshot)
        return std::move(snapshot.error()).in(path);
    return Stored{std::move(*snapshot), instant(st.st_mtime)};
}

std::string previous_file(const std::string& path) {
    return path + ".old";
}

Result<void> save_file(const std::string& path, const model::Snapshot& snapshot, std::int64_t age) {
    auto bytes = encode_file(snapshot);
    if (!bytes)
        return std::move(bytes).error();
    for (const auto& file : {path, previous_file(path)}) {
        const auto foreign = is_foreign(file);
        if (!foreign)
            return foreign.error();
        if (*foreign)
            return not_ours(file);
    }
    const auto newest = load_file(path);
    if (!newest && newest.error().code == Errc::unavailable)
        return newest.error(); // it may be good
    const std::string fresh = path + fresh_prefix() + std::to_string(::getpid());
    if (auto written = write_new_file(fresh, *bytes); !written)
        return written;
    set_age(fresh, age);
    // A snapshot that a start would refuse does not replace the previous one.
    if (newest && equals_ignoring_case(newest->snapshot.cluster, snapshot.cluster))
        keep_previous(path);
    return move_into_place(fresh, path);
}

void confirm_file(const std::string& path) {
    ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

void remove_leftovers(const std::string& path) {
    const std::string_view folder = folder_of(path);
    const std::string begin = path.substr(folder.size()) + ".new.";
    std::error_code failed;
    const std::filesystem::path where = folder.empty() ? "." : folder;
    for (std::filesystem::directory_iterator it(where, failed), end; !failed && it != end;
         it.increment(failed)) {
        const std::string name = it->path().filename();
        if (name.starts_with(begin) && abandoned(it->path(), name.substr(begin.size())))
            ::unlink(it->path().c_str());
    }
}

} // namespace sluice::wire
