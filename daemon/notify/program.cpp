// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/program.hpp"

#include "common/base/files.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sluice::mail {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kMax{30};
constexpr std::chrono::milliseconds kLook{20};

// The attributes and file actions of one posix_spawn.
class Setup {
public:
    Setup() {
        posix_spawnattr_init(&attributes_);
        posix_spawn_file_actions_init(&actions_);
    }
    Setup(const Setup&) = delete;
    Setup& operator=(const Setup&) = delete;
    ~Setup() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    // Our threads block the daemon's signals and ignore SIGPIPE; the program shall not.
    void clean_signals() {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    void streams(int input) {
        posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
            posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_WRONLY, 0);
    }
    int spawn(pid_t& pid, const std::string& path, char* const* arguments) const {
        std::string way = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        const std::array<char*, 2> environment{way.data(), nullptr};
        return ::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, arguments,
                             environment.data());
    }

private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

Result<pid_t> start(const std::string& path, const std::vector<std::string>& arguments, int input) {
    std::vector<std::string> words{path};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    Setup setup;
    setup.clean_signals();
    setup.streams(input);
    pid_t pid = 0;
    if (const int fault = setup.spawn(pid, path, argv.data()); fault != 0)
        return Error{Errc::unavailable, path + ": " + std::strerror(fault)};
    return pid;
}

// What the program does not read is its own affair: its exit status tells.
void feed(int fd, std::string_view input, Steady::time_point until, const std::atomic<bool>& stop) {
    while (!input.empty() && Steady::now() < until && !stop) {
        pollfd ready{fd, POLLOUT, 0};
        ::poll(&ready, 1, static_cast<int>(kLook.count()));
        const auto written = ::write(fd, input.data(), input.size());
        if (written > 0)
            input.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EAGAIN && errno != EINTR)
            return;
    }
}

Result<int> wait_for(pid_t pid, const std::string& path, Steady::time_point until,
                     const std::atomic<bool>& stop) {
    int status = 0;
    while (::waitpid(pid, &status, WNOHANG) == 0) {
        if (Steady::now() >= until || stop) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, &status, 0);
            return Error{Errc::timeout, path + " did not end and was killed"};
        }
        std::this_thread::sleep_for(kLook);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

Result<int> run_program(const std::string& path, const std::vector<std::string>& arguments,
                        std::string_view input, const std::atomic<bool>& stop) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return Error{Errc::unavailable, std::string("pipe: ") + std::strerror(errno)};
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    ::fcntl(writer.get(), F_SETFL, O_NONBLOCK);
    const auto until = Steady::now() + kMax;
    const auto pid = start(path, arguments, reader.get());
    if (!pid)
        return pid.error();
    reader.reset();
    feed(writer.get(), input, until, stop);
    writer.reset();
    return wait_for(*pid, path, until, stop);
}

} // namespace sluice::mail
