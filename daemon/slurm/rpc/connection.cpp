// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/rpc/connection.hpp"

#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/slurm/rpc/rights.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <set>

namespace sluice::slurm {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMaxDescriptors = 4096;

// libslurm does not hand out its socket: it is found by its peer's port. LowLatency never reads,
// writes or closes it. Each socket has an owner: with several clusters there are several.
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

// The newest one: a connection that is just being closed may still be there.
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
    // Signals go to the main thread.
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
            // A long call is not worth many wake-ups: wait 5 % of the time it has taken already.
            const auto taken =
                std::chrono::duration_cast<microseconds>(steady_clock::now() - since_);
            changed_.wait_for(lock, std::clamp(taken / 20, microseconds{300}, microseconds{5000}));
        }
    }
}

Result<void*> Session::open() {
    if (!connection_) {
        if (Result<void> ready = start_libslurm(); !ready)
            return std::move(ready).error().in("slurmdbd");
        // One at a time: LowLatency takes the newest socket for that of this session.
        static std::mutex opening;
        const std::lock_guard<std::mutex> alone(opening);
        std::uint16_t flags = 0;
        // While slurmdbd is away there is a handle as well; the first call fails.
        connection_.reset(slurmdb_connection_get(&flags));
        if (!connection_)
            return Error{Errc::unavailable, "slurmdbd: no connection"};
        latency_.connected();
    }
    return connection_.get();
}

void Session::refresh() {
    if (!connection_)
        return;
    // A roll-back. When it fails, the connection is closed and the next call opens a new one.
    const Result<void> done =
        status("refresh", [](void* db) { return slurmdb_connection_commit(db, false); });
    static_cast<void>(done);
}

void Session::close() {
    latency_.closed();
    connection_.reset();
}

Error Session::failed(std::string_view what, int number) {
    close();
    return slurm_error(what, number);
}

namespace {

// What slurmdbd says of the one request: it changes nothing, or an accounting error. Numbers from
// 2000 to 3999 may be MariaDB's (2006: it has gone away), those from 8000 on are of connections.
bool is_about_request(int number) {
    if (number == ESLURM_DB_CONNECTION || number == ESLURM_DB_CONNECTION_INVALID)
        return false;
    return number == SLURM_NO_CHANGE_IN_DATA ||
           (number > ESLURM_DB_CONNECTION && number < ESLURM_MISSING_TIME_LIMIT);
}

} // namespace

Error slurm_error(std::string_view what, int number) {
    Error error{Errc::unavailable, "slurmdbd: "};
    error.context.append(what).append(": ");
    switch (number) {
    case 0:
        error.context += "no answer";
        break;
    case ESLURM_ACCESS_DENIED:
    case EACCES:
    case EPERM:
        error.code = Errc::refused;
        error.context.append(slurm_strerror(number)).append("; ").append(rights_remedy());
        break;
    case ETIMEDOUT:
    case SLURM_PROTOCOL_SOCKET_IMPL_TIMEOUT:
        error.code = Errc::timeout;
        error.context += slurm_strerror(number);
        break;
    default:
        if (is_about_request(number))
            error.code = Errc::conflict;
        error.context += slurm_strerror(number);
    }
    return error;
}

} // namespace sluice::slurm
