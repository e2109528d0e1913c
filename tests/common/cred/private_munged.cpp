// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/common/cred/private_munged.hpp"

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace sluice::test {
namespace {

constexpr int kSkipped = 77;

std::string find_munged() {
    for (const char* path : {"/usr/sbin/munged", "/usr/local/sbin/munged", "/sbin/munged"})
        if (::access(path, X_OK) == 0)
            return path;
    return {};
}

bool answers(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(fd);
    return rc == 0;
}

} // namespace

PrivateMunged::PrivateMunged() : program_(find_munged()) {
    if (program_.empty()) {
        std::fprintf(stderr, "skipped: no munged\n");
        std::exit(kSkipped);
    }
    std::string pattern = std::filesystem::temp_directory_path() / "sluice-munge-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("mkdtemp");
    folder_ = pattern;
    ::chmod(folder_.c_str(), 0755); // munged wants its socket to be reachable by all
    socket_ = folder_ + "/socket";
    write_key();
    start();
}

void PrivateMunged::write_key() const {
    std::array<char, 128> key{};
    if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
        throw std::runtime_error("getrandom");
    const std::string path = folder_ + "/key";
    std::ofstream(path, std::ios::binary).write(key.data(), key.size());
    ::chmod(path.c_str(), 0400);
}

void PrivateMunged::start() {
    std::vector<std::string> words = {program_,
                                      "--force",
                                      "--foreground",
                                      "--socket=" + socket_,
                                      "--key-file=" + folder_ + "/key",
                                      "--pid-file=" + folder_ + "/pid",
                                      "--log-file=" + folder_ + "/log",
                                      "--seed-file=" + folder_ + "/seed",
                                      "--num-threads=2"};
    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        if (std::freopen((folder_ + "/output").c_str(), "a", stderr) == nullptr)
            ::_exit(126);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    for (int i = 0; i < 6000; ++i) { // a minute
        if (answers(socket_))
            return;
        ::usleep(10'000);
    }
    throw std::runtime_error("munged does not answer");
}

void PrivateMunged::stop() {
    if (pid_ <= 0)
        return;
    // munged misses a SIGTERM that comes between its check of the signal and accept(): once more.
    for (int i = 0; ::waitpid(pid_, nullptr, WNOHANG) == 0; ++i) {
        if (i % 100 == 0)
            ::kill(pid_, i < 1000 ? SIGTERM : SIGKILL);
        ::usleep(10'000);
    }
    pid_ = -1;
}

PrivateMunged::~PrivateMunged() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

} // namespace sluice::test
