// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/faulty_io.hpp"

#include "tests/support/case.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace sluice::test {
namespace {

struct State {
    std::string prefix;
    int nth;
    int error;
    Failing failing;
    std::atomic<int> calls{0};
    std::string call;
};
std::atomic<State*> g_state{nullptr};

// True: this call fails, errno is set.
bool fails(const char* name, std::string_view path, bool needs_space) {
    State* const state = g_state.load();
    if (state == nullptr || !path.starts_with(state->prefix))
        return false;
    const int number = state->calls.fetch_add(1) + 1;
    if (number == state->nth)
        state->call = std::string(name) + ' ' + std::string(path);
    const bool onward = state->failing == Failing::onward && needs_space && number > state->nth;
    if (number != state->nth && !onward)
        return false;
    errno = state->error;
    return true;
}

bool fails(const char* name, int fd, bool needs_space) {
    if (g_state.load() == nullptr)
        return false;
    const int before = errno;
    std::array<char, PATH_MAX> path{};
    std::array<char, 32> link{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    const ssize_t size = ::readlink(link.data(), path.data(), path.size());
    errno = before;
    return size > 0 &&
           fails(name, std::string_view(path.data(), static_cast<std::size_t>(size)), needs_space);
}

template <class... Words>
long call(long number, Words... words) {
    return ::syscall(number, words...);
}

int open_file(const char* path, int flags, mode_t mode) {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if (fails("open", path, writes))
        return -1;
    return static_cast<int>(call(SYS_openat, AT_FDCWD, path, flags, mode));
}

} // namespace

FaultyIo::FaultyIo(std::string prefix, int nth, int error, Failing failing) {
    g_state = new State{std::move(prefix), nth, error, failing, {}, {}};
}

FaultyIo::FaultyIo(const Fault& fault)
    : FaultyIo(fault.prefix, fault.nth, fault.error, fault.failing) {}

FaultyIo::~FaultyIo() {
    delete g_state.exchange(nullptr);
}

bool FaultyIo::reached() const {
    return g_state.load()->calls >= g_state.load()->nth;
}

int FaultyIo::calls() const {
    return g_state.load()->calls;
}

std::string FaultyIo::call() const {
    return g_state.load()->call;
}

void for_each_fault(const std::string& prefix, int least,
                    const std::function<bool(const Fault&)>& attempt) {
    struct Kind {
        Failing failing;
        int error;
    };
    for (const auto& [failing, error] :
         {Kind{Failing::once, EIO}, Kind{Failing::once, ENOSPC}, Kind{Failing::onward, ENOSPC},
          Kind{Failing::onward, EDQUOT}}) {
        int nth = 1;
        while (attempt({prefix, nth, error, failing}))
            ++nth;
        if (nth <= least)
            fail("only " + std::to_string(nth - 1) + " calls below " + prefix);
    }
}

} // namespace sluice::test

// The C library's names. System calls, not dlsym(): sanitizers may need these before any of it.
using sluice::test::call;
using sluice::test::fails;
using sluice::test::open_file;

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : mode_t{0};
    va_end(rest);
    return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : mode_t{0};
    va_end(rest);
    return open_file(path, flags, mode);
}

ssize_t read(int fd, void* bytes, size_t size) {
    return fails("read", fd, false) ? -1 : call(SYS_read, fd, bytes, size);
}

ssize_t write(int fd, const void* bytes, size_t size) {
    return fails("write", fd, true) ? -1 : call(SYS_write, fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
    return fails("pwrite", fd, true) ? -1 : call(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
    return fails("pwrite", fd, true) ? -1 : call(SYS_pwrite64, fd, bytes, size, at);
}

// These two sync nothing, which saves minutes: no power fails here.
int fsync(int fd) {
    return fails("fsync", fd, true) ? -1 : 0;
}

int fdatasync(int fd) {
    return fails("fdatasync", fd, true) ? -1 : 0;
}

int ftruncate(int fd, off_t size) noexcept {
    return fails("ftruncate", fd, true) ? -1 : static_cast<int>(call(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off64_t size) noexcept {
    return fails("ftruncate", fd, true) ? -1 : static_cast<int>(call(SYS_ftruncate, fd, size));
}

int rename(const char* from, const char* to) noexcept {
    return fails("rename", to, true)
               ? -1
               : static_cast<int>(call(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int link(const char* from, const char* to) noexcept {
    return fails("link", to, true)
               ? -1
               : static_cast<int>(call(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

// As on Linux: the descriptor is gone, also where close() fails, which is for written files only.
int close(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    const bool written = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
    const bool failed = written && fails("close", fd, false);
    const int error = errno;
    const int rc = static_cast<int>(call(SYS_close, fd));
    if (failed)
        errno = error;
    return failed ? -1 : rc;
}
}
