// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/receiver.hpp"

#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/cred/key.hpp"
#include "common/cred/munge.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <system_error>

namespace sluice::plugin {
namespace {

using namespace std::chrono_literals;

constexpr auto kConnectTime = 5s;
// 250 to 500 ms, up to 2.5 to 5 s: one connect in that time costs nothing, and a daemon that was
// restarted has its plugins back within seconds.
constexpr Backoff<std::chrono::milliseconds> kReconnect{250ms, 2500ms, 100};
constexpr std::size_t kMaxReasons = 8;
constexpr auto kTick = 1s; // how often sluice.conf is checked for changes
constexpr std::size_t kMaxConf = std::size_t{1} << 20;
constexpr const char* kSnapshotName = "/sluice_snapshot";

// A file that cannot be read counts as missing.
std::string read_conf(const std::string& path) {
    auto text = read_file(path, kMaxConf);
    return text ? std::move(*text) : "";
}

std::string shown(const Address& address) {
    return address.is_socket() ? "unix:" + address.host : address.host + ":" + address.port;
}

} // namespace

Receiver::Receiver(HostFacts facts, SnapshotCell& cell, const Counters& counters, Log log,
                   UserLookup lookup)
    : facts_(std::move(facts)), counters_(counters), log_(log), lookup_(std::move(lookup)),
      snapshots_(cell, log, facts_.cluster), random_(static_cast<std::uint32_t>(::getpid()) ^
                                                     static_cast<std::uint32_t>(steady_seconds())) {
}

void Receiver::prepare() {
    wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    seen_ = mark();
    reload(nullptr);
    snapshots_.load(SystemClock().now(), steady_seconds());
    if (!snapshots_.has_snapshot())
        log_.note("no snapshot yet: all jobs are admitted");
}

bool Receiver::start() noexcept {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    // The new thread inherits the mask; slurmctld's signals are for its own threads.
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
        started = false;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

void Receiver::stop() noexcept {
    stop_.store(true, std::memory_order_relaxed);
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    if (thread_.joinable())
        thread_.join();
}

void Receiver::run() noexcept {
    ::pthread_setname_np(::pthread_self(), "sluice");
    bool first = true;
    while (!stopping()) {
        // Memory may run out: the next cycle continues with what is there.
        try {
            if (first)
                reload(lookup_);
            first = false;
            cycle();
        } catch (const std::exception& fault) {
            report_unconnected(std::string("internal error: ") + fault.what());
        } catch (...) {
            report_unconnected("internal error");
        }
        if (!stopping())
            pause_for(kReconnect.wait(++failures_, static_cast<std::uint32_t>(random_())));
    }
}

void Receiver::cycle() {
    reload_if_changed();
    snapshots_.sweep();
    snapshots_.retry_store(steady_seconds());
    // A copy: serving an address may replace the settings.
    const auto daemons = snapshots_.settings().daemons;
    for (const auto& address : daemons)
        if (!stopping())
            serve(address);
}

Receiver::FileMark Receiver::mark() const {
    struct stat st {};
    if (::stat(facts_.conf_file.c_str(), &st) != 0)
        return {};
    return {true, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
}

bool Receiver::reload_if_changed() {
    const FileMark now = mark();
    if (now == seen_)
        return false;
    seen_ = now;
    if (!now.exists) {
        log_.fail(facts_.conf_file + ": no such file; the settings stay in force");
        return false;
    }
    const Settings before = snapshots_.settings();
    reload(lookup_);
    log_.note(facts_.conf_file + ": settings read again");
    return !before.same_route(snapshots_.settings());
}

void Receiver::reload(const UserLookup& lookup) {
    auto parsed = parse_settings(read_conf(facts_.conf_file), lookup);
    // Without a lookup this is the first, provisional reading: the thread reads again and reports.
    const bool provisional = !lookup;
    if (!provisional)
        for (const auto& note : parsed.notes)
            log_.fail(facts_.conf_file + ":" + std::to_string(note.line) + ": " + note.text);
    const std::string& file = parsed.settings.snapshot_file;
    const std::string usual =
        facts_.state_folder.empty() ? "" : facts_.state_folder + kSnapshotName;
    snapshots_.store_in(file.empty() ? usual : file, steady_seconds());
    snapshots_.use(std::move(parsed.settings));
}

// A key file is read for each connection: a new key needs no restart of slurmctld.
Result<std::unique_ptr<cred::Sealer>> Receiver::make_sealer(const Settings& settings) const {
    if (!settings.key_file.empty())
        return cred::as_sealer(
            cred::KeySealer::create(settings.key_file, settings.daemon_user.value_or(0)));
    return cred::as_sealer(cred::MungeContext::create(
        settings.munge_socket.empty() ? facts_.munge_socket : settings.munge_socket));
}

void Receiver::serve(const Address& address) {
    const auto failed = [&](const Error& error) {
        report_unconnected(shown(address) + ": " + error.context);
    };
    const auto rejected = [&](const Error& error) {
        report_unconnected(shown(address) + ": " + error.context, true);
    };
    const Settings& settings = snapshots_.settings();
    const auto trusted = [this, user = settings.daemon_user](std::uint32_t uid) {
        return user ? uid == *user : uid == 0 || uid == facts_.own_uid;
    };
    auto stream = Stream::connect(address, wake_.get(), Steady::now() + kConnectTime);
    if (!stream && address.is_socket())
        return failed(
            {stream.error().code,
             stream.error().context + "; if sluiced runs on another host, set Daemon=HOST:PORT"});
    if (!stream)
        return failed(stream.error());
    // A process that is not the daemon's learns nothing, not even that munge is in use here.
    if (const auto uid = stream->peer_uid(); address.is_socket() && !(uid && trusted(*uid)))
        return rejected(Error{Errc::refused, "the socket belongs to a process of uid " +
                                                 (uid ? std::to_string(*uid) : "?") +
                                                 ", which DaemonUser does not allow"});
    const auto sealer = make_sealer(settings);
    const auto nonce = wire::random_nonce();
    if (!sealer || !nonce)
        return rejected(sealer ? nonce.error() : sealer.error());
    wire::Channel channel(**sealer, wire::Session(wire::Direction::to_daemon, *nonce));
    DaemonSession session(*stream, channel, snapshots_, counters_);
    const wire::Hello hello{wire::kVersion,       facts_.cluster,        facts_.host,
                            facts_.slurm_version, facts_.plugin_version, snapshots_.sequence()};
    if (const auto greeted = session.greet(hello, facts_.speaks, trusted); !greeted)
        return rejected(greeted.error());
    report_connected(address);
    failures_ = 0;
    while (!stopping()) {
        if (const auto received = session.listen(Steady::now() + kTick); !received)
            return failed(received.error());
        snapshots_.sweep();
        snapshots_.retry_store(steady_seconds());
        if (reload_if_changed())
            return;
    }
}

void Receiver::report_connected(const Address& address) {
    if (connection_ != Connection::up)
        log_.note("connected to the daemon at " + shown(address));
    connection_ = Connection::up;
    reported_.clear();
}

void Receiver::report_unconnected(const std::string& why, bool answered) {
    // Once. A new reason from a daemon that answered is news after "connection refused".
    const bool room = answered && reported_.size() < kMaxReasons;
    const bool news = connection_ != Connection::down || (room && reported_.count(why) == 0);
    if (room)
        reported_.insert(why);
    if (news && !stopping())
        log_.fail("no daemon: " + why + "; trying again. " +
                  (snapshots_.has_snapshot() ? "The last snapshot stays in force"
                                             : "No snapshot yet: all jobs are admitted"));
    connection_ = Connection::down;
}

void Receiver::pause_for(std::chrono::milliseconds time) {
    pollfd wake{wake_.get(), POLLIN, 0};
    const auto end = Steady::now() + time;
    // In ticks, so that a changed sluice.conf does not wait for a long backoff.
    while (!stopping() && Steady::now() < end) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
        const auto step = std::min<std::chrono::milliseconds>(left + 1ms, kTick);
        ::poll(&wake, 1, static_cast<int>(step.count()));
        if (mark() != seen_) {
            failures_ = 0;
            return;
        }
    }
}

} // namespace sluice::plugin
