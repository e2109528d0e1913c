// SPDX-License-Identifier: GPL-2.0-or-later
// Composition root of sluiced: builds the adapters, wires them to the application, runs, stops in
// reverse. The only file that knows every adapter; no rule of the product lives here.
#include "config.h"

#include "common/base/clock.hpp"
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/settings/settings.hpp"
#include "daemon/check.hpp"
#include "daemon/cluster.hpp"
#include "daemon/core/cluster_exchange.hpp"
#include "daemon/core/configuration.hpp"
#include "daemon/http/server/server.hpp"
#include "daemon/notify/notifiers.hpp"
#include "daemon/plugin_server/plugin_server.hpp"
#include "daemon/process/background.hpp"
#include "daemon/process/instance.hpp"
#include "daemon/process/options.hpp"
#include "daemon/process/supervisor.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/storage/backup.hpp"
#include "daemon/storage/journal.hpp"

#ifdef SLUICE_WALDUR
#include "waldur/waldur.hpp"
#else
#include "daemon/without_waldur.hpp"
#endif

#include <charconv>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <pwd.h>
#include <thread>
#include <unistd.h>

namespace sluice {
namespace {

// Command line or sluiced.yaml: a later start would fail, too, so the unit does not restart.
constexpr int kBadSettings = 2;

// SIGTERM to the end of the process: within two seconds, whatever hangs.
constexpr std::chrono::milliseconds kMaxStop{1600};
constexpr std::chrono::milliseconds kCyclePatience{1000};
constexpr std::chrono::milliseconds kSenderPatience{300};
constexpr std::chrono::milliseconds kLinkPatience{250};
constexpr std::chrono::milliseconds kBackupPatience{50}; // an unfinished copy is of no use anyway
// A cycle that takes longer hangs: the service manager may end the daemon.
constexpr std::chrono::minutes kHungCycle{15};
constexpr std::chrono::seconds kStatusEvery{10};

// Before any thread: they inherit the mask, so that only the main thread sees these.
sigset_t take_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1})
        sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return set;
}

// Munge credentials and slurmdbd's rights are by uid: no other user could do the work.
Result<void> check_user(const slurm::LocalSlurm& local) {
    const auto uid = ::geteuid();
    if (uid == 0 || uid == local.slurm_user)
        return {};
    return Error{Errc::refused, "sluiced runs as uid " + std::to_string(uid) +
                                    ", but only root and SlurmUser (uid " +
                                    std::to_string(local.slurm_user) + ") may change accounting"};
}

// Until SIGTERM or SIGINT; its number.
int wait_for_end(const sigset_t& signals, const core::Supervisor& supervisor,
                 const ServedClusters& clusters, core::Reloader& reloader, const Clock& clock) {
    const auto every = std::min<std::chrono::milliseconds>(
        supervisor.alive_every().value_or(kStatusEvery), kStatusEvery);
    const timespec timeout{
        static_cast<time_t>(every.count() / 1000),
        static_cast<long>(every.count() % 1000) * 1'000'000,
    };
    for (;;) {
        const int number = sigtimedwait(&signals, nullptr, &timeout);
        if (number == SIGTERM || number == SIGINT)
            return number;
        if (number == SIGHUP || number == SIGUSR1) {
            supervisor.reloading();
            if (number == SIGHUP)
                static_cast<void>(reloader.reload(clock.now())); // the log has the reason
            else
                reloader.serve(clock.now());
            supervisor.ready();
        }
        if (busy_for(clusters) < kHungCycle)
            supervisor.alive();
        supervisor.status(status_of(clusters));
        housekeep(clusters);
    }
}

// The journal is safe at any instant, and the next start closes commands that were left open: what
// has not ended by then may be left as it is.
void end_by(std::chrono::steady_clock::time_point deadline) {
    std::thread([deadline] {
        std::this_thread::sleep_until(deadline);
        ::_exit(0);
    }).detach();
}

// Stands for the plugin server where it is switched off.
class NoPlugins final : public ports::Publisher {
public:
    void publish(std::shared_ptr<const model::Snapshot>) override {}
    ports::PluginServerStatus status() const override { return {}; }
};

// Who slurmctld runs as: a name, a uid, or SlurmUser.
Result<uid_t> plugin_server_user(const std::string& user, uid_t slurm_user) {
    if (user.empty())
        return slurm_user;
    uid_t uid = 0;
    const auto [end, fault] = std::from_chars(user.data(), user.data() + user.size(), uid);
    if (fault == std::errc{} && end == user.data() + user.size())
        return uid;
    if (const passwd* entry = ::getpwnam(user.c_str()); entry != nullptr)
        return entry->pw_uid;
    return Error{Errc::not_found, "plugin_server.user: no user " + user + " on this host"};
}

std::vector<std::string> names_of(const std::vector<std::shared_ptr<const core::Rules>>& rules) {
    std::vector<std::string> names;
    for (const auto& each : rules)
        names.push_back(each->cluster);
    return names;
}

Result<std::unique_ptr<ports::Publisher>>
start_plugin_server(const settings::DaemonSettings& daemon, uid_t slurm_user,
                    std::vector<std::string> clusters, const Clock& clock) {
    const auto user = plugin_server_user(daemon.plugin_server.user, slurm_user);
    if (!user)
        return user.error();
    const auto& socket = daemon.plugin_server.munge_socket.empty()
                             ? daemon.munge_socket
                             : daemon.plugin_server.munge_socket;
    auto plugin_server =
        plugin_server::PluginServer::start({daemon.plugin_server.listen, *user, socket,
                                            daemon.plugin_server.key_file, std::move(clusters)},
                                           clock);
    if (!plugin_server)
        return std::move(plugin_server).error().in("plugin_server");
    return std::unique_ptr<ports::Publisher>(std::move(*plugin_server));
}

http::HttpSettings http_settings(const settings::DaemonSettings& daemon, uid_t slurm_user) {
    http::HttpSettings out;
    out.socket_path = daemon.socket;
    out.staff_uids = {slurm_user};
    out.staff = {daemon.staff.administrators, daemon.staff.operators, daemon.staff.users,
                 daemon.staff.groups};
    out.listen = daemon.http.listen;
    out.tls_certificate = daemon.http.tls_certificate;
    out.tls_key = daemon.http.tls_key;
    out.tokens = daemon.http.tokens;
    out.connections = static_cast<unsigned>(daemon.http.connections);
    out.connections_per_user = static_cast<unsigned>(daemon.http.connections_per_user);
    out.connections_per_address = static_cast<unsigned>(daemon.http.connections_per_address);
    out.request_time = daemon.http.request_timeout;
    if (out.tokens.empty())
        out.tokens = std::filesystem::path(daemon.journal).replace_filename("tokens").string();
    out.munge_socket = daemon.munge_socket;
    out.url = daemon.http.url;
    out.proxy = {daemon.http.proxy_header, daemon.http.proxy_secret_header,
                 daemon.http.proxy_secret_file, daemon.http.proxy_addresses};
    return out;
}

Result<std::unique_ptr<storage::SqliteJournal>> open_journal(const std::string& path,
                                                             const Clock& clock) {
    auto journal = storage::SqliteJournal::open(path, clock);
    if (!journal)
        return journal;
    const auto closed = (*journal)->close_unfinished(clock.now());
    if (!closed)
        return closed.error();
    if (*closed > 0)
        log::event(log::Level::warning, "SLUICE-0104", "commands-unknown",
                   {{"count", std::to_string(*closed)}});
    return journal;
}

// The policies and allocations of the journal beside those of the file.
Result<void> lay_in(storage::SqliteJournal& journal, const std::string& file,
                    settings::Settings& settings) {
    const auto rules = journal.rules().rules();
    if (!rules)
        return rules.error();
    if (rules->empty())
        return {};
    auto both = settings::load(file, core::entries_of(*rules));
    if (!both) {
        core::log_refused(file, both.error());
        return Error{both.error().code,
                     "the file and the policies and allocations of the journal do not agree; "
                     "correct the file, or remove an entry of the journal (sluiced --remove-entry "
                     "policy/NAME --reason TEXT): " +
                         both.error().context};
    }
    settings = std::move(*both);
    return {};
}

Result<void> check_not_empty(const settings::Settings& settings,
                             const std::vector<std::string>& clusters, ports::CycleStore& journal,
                             Instant now) {
    for (const auto& cluster : clusters) {
        const auto history = journal.history(cluster, now);
        if (!history)
            return history.error();
        std::vector<std::string> enforced;
        for (const auto& [account, memory] : history->accounts)
            if (!memory.enforced_by.empty())
                enforced.push_back(account);
        if (auto good = core::check_not_empty(settings, cluster, enforced); !good)
            return good;
    }
    return {};
}

Result<void> serve(const core::Options& options, settings::Settings settings,
                   core::Background& background) {
    const sigset_t signals = take_signals();
    const auto supervisor = core::Supervisor::from_environment();
    const SystemClock clock;
    const BootClock elapsed;
    const auto daemon = settings.daemon;
    const auto waldur = settings.waldur;
    const auto local = slurm::local_slurm();
    if (!local)
        return local.error();
    if (auto allowed = check_user(*local); !allowed)
        return allowed;
    if (auto made = core::make_folder_of(daemon.journal, 0700); !made)
        return made;
    const auto lock = core::InstanceLock::take(daemon.journal);
    if (!lock)
        return lock.error();
    const auto journal = open_journal(daemon.journal, clock);
    if (!journal)
        return journal.error();
    if (auto laid = lay_in(**journal, options.file, settings); !laid)
        return laid;
    const auto rules = core::make_all_rules(settings, local->cluster, clock.now());
    if (!rules)
        return rules.error();
    if (auto good = check_not_empty(settings, names_of(*rules), **journal, clock.now()); !good)
        return good;
    const auto notifiers = notify::Notifiers::make(daemon, (*journal)->outbox(), clock);
    if (!notifiers)
        return notifiers.error();
    // An emulated pause must not keep real jobs out.
    const bool plugin_server = daemon.plugin_server.enabled && waldur.emulator.empty();
    const auto publisher =
        plugin_server ? start_plugin_server(daemon, local->slurm_user, names_of(*rules), clock)
                      : Result<std::unique_ptr<ports::Publisher>>(std::make_unique<NoPlugins>());
    if (!publisher)
        return publisher.error();

    std::function<std::unique_ptr<ports::EmulatedSlurm>(ports::Accounting&)> emulator;
    if (!waldur.emulator.empty())
        emulator = [url = waldur.emulator](ports::Accounting& accounting) {
            return WaldurModule::emulator(accounting, url);
        };
    storage::DailyBackup backup(daemon.journal, clock);
    core::ClusterExchange exchange;
    ServedClusters clusters;
    std::vector<ports::Service> services;
    for (const auto& each : *rules)
        clusters.push_back(std::make_unique<ServedCluster>(each->cluster));
    const ServedCluster::Shared shared{{PACKAGE_VERSION, options.file, clock.now()},
                                       **journal,
                                       **journal,
                                       **publisher,
                                       (*journal)->outbox(),
                                       (*journal)->closed_usage(),
                                       clock,
                                       elapsed,
                                       exchange,
                                       backup,
                                       emulator};
    if (emulator)
        (*journal)->record_as("emulator");
    ServedCluster& first = *clusters.front();
    WaldurModule link(waldur, **journal, first.sources(), clock);
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        clusters[i]->open(shared, i == 0 ? link.load((*rules)[i]) : (*rules)[i]);
        services.push_back(clusters[i]->service());
    }
    link.attach(first.loop());
    // The main thread waits for signals.
    core::Reloader reloader(settings, options.file, local->cluster,
                            [] { ::kill(::getpid(), SIGUSR1); });
    reloader.use_store((*journal)->rules());
    reloader.add(
        first.loop(), first.daemon_status(),
        [&](std::shared_ptr<const core::Rules> next) { link.use_file(std::move(next)); },
        [&](const auto& next) { return link.rules_with(next); });
    for (std::size_t i = 1; i < clusters.size(); ++i)
        reloader.add(clusters[i]->loop(), clusters[i]->daemon_status());
    for (const auto& cluster : clusters) {
        cluster->actions().use_file(reloader);
        cluster->replays().use_file(reloader);
    }
    if (auto made = core::make_folder_of(daemon.socket, 0755); !made)
        return made;
    auto server = http::HttpServer::start(http_settings(daemon, local->slurm_user),
                                          {std::move(services), **journal, (*journal)->outbox(),
                                           &(*journal)->rules(), (*notifiers)->mail()},
                                          link.routes());
    if (!server)
        return server.error();
    reloader.also([&server] { (*server)->reload_certificate(); });

    for (const auto& cluster : clusters)
        cluster->loop().start();
    (*notifiers)->start();
    link.start();
    backup.start([&clusters] { return clock_trusted(clusters); });
    log::event(log::Level::notice, "SLUICE-0101", "daemon-started",
               {{"version", PACKAGE_VERSION},
                {"cluster", join(names_of(*rules), ",")},
                {"file", options.file},
                {"journal", daemon.journal},
                {"socket", daemon.socket},
                {"slurm", local->version}});
    supervisor.ready();
    background.ready();
    const int number = wait_for_end(signals, supervisor, clusters, reloader, clock);
    supervisor.stopping();
    log::event(log::Level::notice, "SLUICE-0102", "daemon-stopping",
               {{"signal", number == SIGTERM ? "TERM" : "INT"}});
    end_by(std::chrono::steady_clock::now() + kMaxStop);
    if (!stop_all(clusters, kCyclePatience)) {
        log::event(log::Level::warning, "SLUICE-0103", "evaluation-abandoned",
                   {{"after_ms", std::to_string(kCyclePatience.count())}});
        ::_exit(0);
    }
    // A mail that is being sent may be sent twice; no message is lost.
    const bool linked = link.stop(kLinkPatience);
    if (!(*notifiers)->stop(kSenderPatience) || !linked || !backup.stop(kBackupPatience))
        ::_exit(0);
    return {};
}

int run(core::Options options) {
    // Going to the background changes the working folder.
    options.file = std::filesystem::absolute(options.file).string();
    auto settings = settings::load(options.file);
    if (!settings) {
        core::say(std::cerr, settings.error().context);
        return kBadSettings;
    }
    auto background = options.foreground ? Result<core::Background>(core::Background())
                                         : core::Background::enter();
    if (!background) {
        core::say(std::cerr, "sluiced: " + background.error().context);
        return 1;
    }
    const auto served = serve(options, std::move(*settings), *background);
    if (served)
        return 0;
    if (options.foreground)
        log::event(log::Level::error, "SLUICE-0105", "daemon-failed",
                   {{"error", served.error().context}});
    background->failed(served.error().context);
    return 1;
}

int begin(int argc, char** argv) {
    auto options = core::parse_options(argc, argv);
    if (!options) {
        core::say(std::cerr, "sluiced: " + options.error().context);
        return kBadSettings;
    }
    log::set_level(options->level);
    log::send_events_to(log::journal_of_stderr());
    using Task = core::Options::Task;
    switch (options->task) {
    case Task::version:
#ifdef SLUICE_WALDUR
        std::cout << "sluiced " PACKAGE_VERSION "\n";
#else
        std::cout << "sluiced " PACKAGE_VERSION " (without Waldur)\n";
#endif
        return 0;
    case Task::help:
        std::cout << core::usage_text();
        return 0;
    case Task::check:
        return check_configuration(options->file, options->plan);
    case Task::remove_entry:
        return remove_entry(options->file, options->entry, options->reason);
    case Task::import_site_agent:
        return import_site_agent(options->import_file);
    case Task::run:
        break;
    }
    return run(std::move(*options));
}

} // namespace
} // namespace sluice

int main(int argc, char** argv) {
    try {
        return sluice::begin(argc, argv);
    } catch (const std::exception& fault) {
        sluice::core::say(std::cerr, std::string("sluiced: ") + fault.what());
        return 1;
    }
}
