// SPDX-License-Identifier: GPL-2.0-or-later
// Treats libslurm's socket, which it does not hand out: found by its peer's port. Never reads,
// writes or closes it.
#include "daemon/slurm/low_latency.hpp"

#include "daemon/slurm/compat.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <set>

namespace sluice::slurm {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMaxDescriptors = 4096;

// Each connection has an owner: with several clusters there are several to one slurmdbd.
std::mutex g_owned;
std::set<int> g_owned_sockets;

int peer_port(int fd) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0)
        return -1;
    if (peer.ss_family == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port);
    if (peer.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port);
    return -1;
}

// The newest one wins: a connection that is just being closed may still be there.
int slurmdbd_socket() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const int most = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kMaxDescriptors));
    for (int fd = most - 1; fd > 2; --fd)
        if (peer_port(fd) == slurm_conf.accounting_storage_port &&
            g_owned_sockets.insert(fd).second)
            return fd;
    return -1;
}

void set_option(int fd, int option) {
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, option, &one, sizeof one);
}

} // namespace

LowLatency::~LowLatency() {
    closed();
    {
        const std::lock_guard lock{mutex_};
        stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void LowLatency::connected() {
    if (!kSlurmSocketsAreSlow)
        return;
    closed();
    int fd = -1;
    {
        const std::lock_guard owned{g_owned};
        fd = slurmdbd_socket();
    }
    if (fd >= 0)
        set_option(fd, TCP_NODELAY);
    const std::lock_guard lock{mutex_};
    fd_ = fd;
    if (thread_.joinable() || fd < 0)
        return;
    // Signals are the main thread's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread{[this] { run(); }};
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LowLatency::closed() {
    const std::lock_guard lock{mutex_};
    const std::lock_guard owned{g_owned};
    g_owned_sockets.erase(fd_);
    fd_ = -1;
}

void LowLatency::set_busy(bool busy) {
    if (!kSlurmSocketsAreSlow)
        return;
    {
        const std::lock_guard lock{mutex_};
        busy_ = busy;
        if (busy)
            since_ = steady_clock::now();
    }
    if (busy)
        changed_.notify_one();
}

void LowLatency::run() {
    std::unique_lock lock{mutex_};
    while (!stop_) {
        changed_.wait(lock, [this] { return stop_ || (busy_ && fd_ >= 0); });
        while (busy_ && !stop_ && fd_ >= 0) {
            set_option(fd_, TCP_QUICKACK);
            // Long calls are not worth the wake-ups: wait 5 % of what this one has taken already.
            const auto taken =
                std::chrono::duration_cast<microseconds>(steady_clock::now() - since_);
            changed_.wait_for(lock, std::clamp(taken / 20, microseconds{300}, microseconds{5000}));
        }
    }
}

} // namespace sluice::slurm
