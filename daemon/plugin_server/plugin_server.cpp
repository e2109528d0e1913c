// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/plugin_server/plugin_server.hpp"

#include "common/base/log.hpp"
#include "common/cred/key.hpp"
#include "common/cred/munge.hpp"
#include "common/hash/hash.hpp"

#include "config.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace sluice::plugin_server {
namespace {

using log::Level;

// Each slurmctld has one plugin. Other connections must not keep plugins from connecting.
constexpr std::size_t kMaxConnections = 64;
constexpr std::ptrdiff_t kMaxUnproven = 8; // of one address
constexpr auto kTimeToAnswer = std::chrono::seconds{1};
// Then the connected plugins have their turn. Each challenge asks munged.
constexpr int kChallengesPerCycle = 4;
constexpr int kAcceptsPerCycle = 64;
constexpr std::size_t kMaxRejections = 1000; // remembered, so that each is logged once
constexpr int kFramesPerCycle = 8;           // then the other plugins have their turn
constexpr int kTickMilliseconds = 250;
constexpr int kIdleMilliseconds = 60'000;

Result<std::unique_ptr<cred::Sealer>> make_sealer(const PluginServerSettings& settings) {
    if (settings.key_file.empty())
        return cred::as_sealer(cred::MungeContext::create(settings.munge_socket));
    return cred::as_sealer(cred::KeySealer::create(settings.key_file, settings.allowed_uid));
}

} // namespace

Result<std::unique_ptr<PluginServer>> PluginServer::start(const PluginServerSettings& settings,
                                                          const Clock& clock) {
    std::vector<Listener> listeners;
    for (const auto& where : settings.listen) {
        auto listener = Listener::open(where);
        if (!listener)
            return std::move(listener).error();
        listeners.push_back(std::move(*listener));
    }
    auto sealer = make_sealer(settings);
    if (!sealer)
        return std::move(sealer).error();
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake)
        return Error{Errc::internal, "plugin_server: eventfd failed"};
    std::unique_ptr<PluginServer> server(new PluginServer(std::move(listeners), std::move(*sealer),
                                                          std::move(wake), settings, clock));
    try {
        server->start_thread();
    } catch (const std::system_error&) {
        return Error{Errc::internal, "plugin_server: the thread cannot be started"};
    }
    return server;
}

PluginServer::PluginServer(std::vector<Listener> listeners, std::unique_ptr<cred::Sealer> sealer,
                           UniqueFd wake, const PluginServerSettings& settings, const Clock& clock)
    : listeners_(std::move(listeners)), sealer_(std::move(sealer)),
      wake_(std::move(wake)), rules_{settings.allowed_uid, PACKAGE_VERSION, settings.clusters,
                                     settings.speaks},
      clock_(clock),
      store_(std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())) {
    for (const auto& listener : listeners_)
        ports_.push_back(listener.port());
}

void PluginServer::start_thread() {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

PluginServer::~PluginServer() {
    stop_.store(true);
    wake();
    if (thread_.joinable())
        thread_.join();
}

void PluginServer::publish(std::shared_ptr<const model::Snapshot> snapshot) {
    if (snapshot && store_.put(*snapshot))
        wake();
}

void PluginServer::wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

ports::PluginServerStatus PluginServer::status() const {
    return {*plugins_.lock(), store_.newest_sequence(), store_.sequences(),
            rejected_frames_.load(std::memory_order_relaxed)};
}

void PluginServer::run() {
    ::pthread_setname_np(::pthread_self(), "plugins");
    std::vector<pollfd> watched;
    while (!stop_.load()) {
        wait(watched);
        // Connections come first in `watched`, in the order of the list.
        auto events = watched.begin();
        for (auto it = connections_.begin(); it != connections_.end(); ++events) {
            auto here = it++;
            if (const auto served = serve(*here, events->revents); !served) {
                close(*here, served.error());
                connections_.erase(here);
            }
        }
        for (const auto& listener : listeners_)
            if ((events++)->revents != 0)
                accept_some(listener);
        note_status();
    }
}

void PluginServer::wait(std::vector<pollfd>& watched) {
    watched.clear();
    for (const auto& connection : connections_) {
        const int writing = connection.peer.pending().empty() ? 0 : POLLOUT;
        watched.push_back({connection.from.fd.get(), static_cast<short>(POLLIN | writing), 0});
    }
    for (const auto& listener : listeners_)
        watched.push_back({listener.fd(), POLLIN, 0});
    watched.push_back({wake_.get(), POLLIN, 0});
    int timeout = connections_.empty() ? kIdleMilliseconds : kTickMilliseconds;
    if (std::any_of(connections_.begin(), connections_.end(),
                    [](const Connection& c) { return c.peer.has_more(); }))
        timeout = 0;
    ::poll(watched.data(), watched.size(), timeout);
    std::uint64_t count = 0;
    if (watched.back().revents != 0) [[maybe_unused]]
        const auto read = ::read(wake_.get(), &count, sizeof count);
}

void PluginServer::accept_some(const Listener& listener) {
    int challenges = 0;
    for (int i = 0; i < kAcceptsPerCycle && challenges < kChallengesPerCycle; ++i) {
        auto accepted = listener.accept();
        if (!accepted)
            return;
        if (is_welcome(*accepted) && admit(std::move(*accepted)))
            ++challenges;
    }
}

// What a connection shows without cost: whose it is, and that it does not send first.
bool PluginServer::is_welcome(const Accepted& accepted) {
    if (accepted.uid && *accepted.uid != 0 && *accepted.uid != rules_.allowed_uid) {
        reject("uid " + std::to_string(*accepted.uid), "not the user of slurmctld");
        return false;
    }
    char byte = 0;
    const ssize_t early = ::recv(accepted.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (early > 0)
        reject(accepted.host, "data before the challenge");
    return early < 0; // 0: it has gone already
}

bool PluginServer::admit(Accepted accepted) {
    if (!make_room(accepted.host)) {
        reject(accepted.host, "too many connections without a valid greeting");
        return false;
    }
    const auto nonce = wire::random_nonce();
    if (!nonce)
        return false;
    const auto now = Steady::now();
    connections_.push_back(Connection{
        std::move(accepted), Peer(*sealer_, store_, encoder_, rules_, *nonce, now), now, false});
    if (const auto made = connections_.back().peer.challenge(); !made) {
        close(connections_.back(), made.error());
        connections_.pop_back();
        return true; // munged was asked
    }
    munge_is(true, "");
    return true;
}

// False: the new connection must be closed. A proven one stays.
bool PluginServer::make_room(const std::string& host) {
    const auto unproven =
        std::count_if(connections_.begin(), connections_.end(),
                      [&](const Connection& c) { return !c.peer.proven() && c.from.host == host; });
    if (unproven >= kMaxUnproven)
        return evict(&host);
    return connections_.size() < kMaxConnections || evict(nullptr);
}

// The oldest unproven one (of `host`), once it has had the time to answer.
bool PluginServer::evict(const std::string* host) {
    const auto victim =
        std::find_if(connections_.begin(), connections_.end(), [&](const Connection& c) {
            return !c.peer.proven() && (host == nullptr || c.from.host == *host);
        });
    if (victim == connections_.end() || Steady::now() - victim->since < kTimeToAnswer)
        return false;
    close(*victim, Error{Errc::timeout, "too many connections"});
    connections_.erase(victim);
    return true;
}

Result<void> PluginServer::serve(Connection& connection, short events) {
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0)
        if (auto done = read(connection); !done)
            return done;
    if (connection.peer.proven())
        announce(connection);
    for (int frames = 0; frames < kFramesPerCycle; ++frames) {
        if (auto filled = connection.peer.fill(clock_.now(), Steady::now()); !filled)
            return filled;
        if (connection.peer.pending().empty())
            break;
        if (auto done = write(connection); !done)
            return done;
    }
    return connection.peer.check_time(Steady::now());
}

Result<void> PluginServer::read(Connection& connection) {
    std::array<char, 16'384> buffer;
    const ssize_t n = ::recv(connection.from.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return {};
    if (n <= 0)
        return Error{Errc::not_found,
                     n == 0 ? "closed by the plugin" : std::generic_category().message(errno)};
    auto received = connection.peer.receive({buffer.data(), static_cast<std::size_t>(n)},
                                            clock_.now(), Steady::now());
    if (received)
        munge_is(true, "");
    return received;
}

Result<void> PluginServer::write(Connection& connection) {
    const std::string_view pending = connection.peer.pending();
    const ssize_t n =
        ::send(connection.from.fd.get(), pending.data(), pending.size(), MSG_NOSIGNAL);
    if (n >= 0)
        connection.peer.wrote(static_cast<std::size_t>(n), Steady::now());
    else if (errno != EAGAIN && errno != EINTR)
        return Error{Errc::not_found, std::generic_category().message(errno)};
    return {};
}

void PluginServer::announce(Connection& connection) {
    if (connection.announced)
        return;
    connection.announced = true;
    const auto& status = connection.peer.status();
    log::event(Level::notice, "SLUICE-0601", "plugin-connected",
               {{"host", status.host},
                {"address", connection.from.address},
                {"cluster", connection.peer.cluster()},
                {"slurm", status.slurm_version},
                {"plugin", status.plugin_version}});
}

void PluginServer::close(Connection& connection, const Error& why) {
    switch (why.code) {
    case Errc::malformed:
    case Errc::refused:
        reject(connection.from.host, why.context);
        break;
    case Errc::overflow:
        log::event(Level::error, "SLUICE-0604", "snapshot-not-sent", {{"why", why.context}});
        break;
    case Errc::unavailable:
        munge_is(false, why.context);
        break;
    default:
        if (!connection.peer.proven())
            unanswered(connection, why);
    }
    if (connection.announced)
        log::event(Level::notice, "SLUICE-0602", "plugin-lost",
                   {{"host", connection.peer.status().host},
                    {"address", connection.from.address},
                    {"why", why.context}});
}

void PluginServer::reject(const std::string& host, const std::string& why) {
    rejected_frames_.fetch_add(1, std::memory_order_relaxed);
    if (rejected_.size() >= kMaxRejections || !rejected_.insert(host + ' ' + why).second)
        return;
    log::event(Level::warning, "SLUICE-0603", "frame-rejected", {{"peer", host}, {"why", why}});
}

// A plugin that cannot read the challenge sends nothing: slurmctld.log has the reason.
void PluginServer::unanswered(const Connection& connection, const Error& why) {
    const std::string& host = connection.from.host;
    if (silent_.size() < kMaxRejections && silent_.insert(host).second)
        log::event(Level::notice, "SLUICE-0830", "challenge-unanswered",
                   {{"peer", host}, {"why", why.context}});
}

void PluginServer::munge_is(bool there, const std::string& why) {
    if (there == munge_there_)
        return;
    munge_there_ = there;
    if (there)
        log::event(Level::notice, "SLUICE-0606", "munge-back");
    else
        log::event(Level::error, "SLUICE-0605", "munge-away", {{"why", why}});
}

void PluginServer::note_status() {
    std::vector<ports::PluginStatus> plugins;
    for (const auto& connection : connections_)
        if (connection.peer.proven()) {
            plugins.push_back(connection.peer.status());
            plugins.back().address = connection.from.address;
        }
    *plugins_.lock() = std::move(plugins);
}

} // namespace sluice::plugin_server
