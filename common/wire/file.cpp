// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/file.hpp"

#include "common/base/unique_fd.hpp"
#include "common/wire/bytes.hpp"
#include "common/wire/crc32c.hpp"
#include "common/wire/image.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace sluice::wire {
namespace {

constexpr std::string_view kMagic = "SLUICESN";
// The version of the image in it.
constexpr std::uint32_t kFileVersion = kVersion;
constexpr std::size_t kHead = 8 + 4 + 4 + 8; // magic, version, checksum, length

Error system_error(const std::string& what, int error) {
    return Error{error == ENOENT ? Errc::not_found : Errc::unavailable,
                 what + ": " + std::generic_category().message(error)};
}

Result<std::string> read_all(int fd, std::size_t size, const std::string& path) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const ssize_t n = ::read(fd, bytes.data() + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return system_error(path, errno);
        if (n == 0)
            break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return system_error(path, errno);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(fd) != 0)
        return system_error(path, errno);
    return {};
}

// The rename itself must survive a power cut, too. Best effort: some file systems refuse it.
void sync_folder(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd)
        ::fsync(fd.get());
}

// Host and pid keep two processes of one folder - a reconfigured slurmctld, a backup controller -
// from writing into each other's file.
std::string fresh_suffix() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return std::string(".new.") + host.data() + '.' + std::to_string(::getpid());
}

Result<void> write_new(const std::string& path, std::string_view bytes) {
    ::unlink(path.c_str());
    const UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        return system_error(path, errno);
    return write_all(fd.get(), bytes, path);
}

} // namespace

Result<std::string> encode_file(const model::Snapshot& snapshot) {
    auto image = encode_image(snapshot);
    if (!image)
        return image;
    Writer out;
    out.raw(kMagic);
    out.u32(kFileVersion);
    out.u32(crc32c(*image));
    out.u64(image->size());
    out.raw(*image);
    return out.take();
}

Result<model::Snapshot> decode_file(std::string_view bytes) {
    Reader in(bytes);
    const std::string_view magic = in.raw(kMagic.size());
    const std::uint32_t version = in.u32();
    const std::uint32_t crc = in.u32();
    const std::uint64_t length = in.u64();
    const std::string_view image = in.rest();
    if (!in.ok() || magic != kMagic)
        return Error{Errc::malformed, "not a snapshot file"};
    if (version != kFileVersion)
        return Error{Errc::malformed, "snapshot file of another version"};
    if (length != image.size() || crc32c(image) != crc)
        return Error{Errc::malformed, "damaged snapshot file"};
    return decode_image(image);
}

Result<Stored> load_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd)
        return system_error(path, errno);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0)
        return system_error(path, errno);
    if (!S_ISREG(st.st_mode) || (st.st_uid != ::geteuid() && st.st_uid != 0) ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Error{Errc::refused, path + ": not a plain file that only its owner may write"};
    if (st.st_size < 0 || static_cast<std::size_t>(st.st_size) > kHead + kMaxImage)
        return Error{Errc::malformed, path + ": too large"};
    auto bytes = read_all(fd.get(), static_cast<std::size_t>(st.st_size), path);
    if (!bytes)
        return std::move(bytes).error();
    auto snapshot = decode_file(*bytes);
    if (!snapshot)
        return std::move(snapshot.error()).in(path);
    return Stored{std::move(*snapshot), instant(st.st_mtime)};
}

Result<void> save_file(const std::string& path, const model::Snapshot& snapshot) {
    auto bytes = encode_file(snapshot);
    if (!bytes)
        return std::move(bytes).error();
    const std::string fresh = path + fresh_suffix();
    if (auto written = write_new(fresh, *bytes); !written) {
        ::unlink(fresh.c_str());
        return written;
    }
    if (std::rename(fresh.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(fresh.c_str());
        return system_error(path, error);
    }
    sync_folder(path);
    return {};
}

void confirm_file(const std::string& path) {
    ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

} // namespace sluice::wire
