// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/background.hpp"

#include "common/base/printable.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::core {
namespace {

constexpr char kReady = 'R';

Error fault(const char* what) {
    return {Errc::internal, std::string(what) + ": " + std::strerror(errno)};
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written <= 0)
            return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

// The daemon's first output: the ready mark, or its error. Its end without output is a failure.
[[noreturn]] void wait_for_daemon(int fd) {
    std::array<char, 512> buffer{};
    bool first = true;
    bool reported = false;
    for (;;) {
        const auto size = ::read(fd, buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            break;
        if (first && buffer[0] == kReady)
            ::_exit(0);
        first = false;
        reported = true;
        write_all(STDERR_FILENO, {buffer.data(), static_cast<std::size_t>(size)});
    }
    if (!reported)
        write_all(STDERR_FILENO,
                  "sluiced: the daemon ended before it was ready; see the system log\n");
    ::_exit(1);
}

void redirect(int fd, int to) {
    if (fd >= 0)
        ::dup2(fd, to);
}

// syslogd and journald take `<N>text` datagrams as they are.
UniqueFd system_log() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, "/dev/log", sizeof address.sun_path - 1);
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fd.reset();
    return fd;
}

} // namespace

Result<Background> Background::enter() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fault("pipe");
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return fault("fork");
    if (child > 0) {
        writer.reset();
        wait_for_daemon(reader.get());
    }
    reader.reset();
    // The second fork: no session leader, so no terminal can be acquired by accident.
    ::setsid();
    const pid_t grandchild = ::fork();
    if (grandchild < 0)
        return fault("fork");
    if (grandchild > 0)
        ::_exit(0);
    if (::chdir("/") != 0)
        return fault("chdir /");
    return Background(std::move(writer));
}

void Background::ready() {
    if (!parent_)
        return;
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd log = system_log();
    redirect(null.get(), STDIN_FILENO);
    redirect(null.get(), STDOUT_FILENO);
    redirect(log ? log.get() : null.get(), STDERR_FILENO);
    write_all(parent_.get(), {&kReady, 1});
    parent_.reset();
}

void Background::failed(const std::string& text) {
    if (!parent_)
        return;
    write_all(parent_.get(), "sluiced: " + printable(text, Breaks::kept) + '\n');
    parent_.reset();
}

} // namespace sluice::core
