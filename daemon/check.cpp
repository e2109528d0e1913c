// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/check.hpp"

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/base/log.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/account_tree.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/settings/import/import.hpp"
#include "common/settings/settings.hpp"
#include "daemon/core/configuration.hpp"
#include "daemon/core/operator.hpp"
#include "daemon/process/instance.hpp"
#include "daemon/process/options.hpp"
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/storage/journal.hpp"
#include "daemon/storage/rule_versions.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <pwd.h>
#include <set>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t kMaxOverGranted = 10;
constexpr std::size_t kMaxSiteAgentFile = 4096 * 1024;

void print(const std::vector<std::string>& lines, const std::string& prefix = "") {
    for (const auto& line : lines)
        core::say(std::cerr, prefix + line);
}

Result<model::Structure> structure(const std::string& named_cluster) {
    const auto local = slurm::local_slurm();
    if (!local)
        return local.error();
    slurm::Session session;
    return slurm::SlurmAccounting(session).structure(named_cluster.empty() ? local->cluster
                                                                           : named_cluster);
}

// Accounts of all clusters, where an allocation spans some.
std::set<std::string> shared_accounts(const settings::Settings& settings,
                                      const std::vector<Result<model::Structure>>& structures) {
    std::set<std::string> names;
    const auto& policies = settings.policies.policies;
    if (std::any_of(policies.begin(), policies.end(), [](const auto& p) { return p.spans; }))
        for (const auto& structure : structures)
            if (structure)
                for (const auto& association : structure->associations)
                    names.insert(association.account);
    return names;
}

void print_over_granted(const model::PolicySet& set, const model::Structure& structure) {
    const auto all = policy::over_granted(set, model::AccountTree(structure));
    for (std::size_t i = 0; i < std::min(all.size(), kMaxOverGranted); ++i)
        core::say(std::cerr, "note: the accounts next below " + all[i].account + " have " +
                                 all[i].together.text() + ' ' + all[i].component +
                                 " together, more than the " + all[i].own.text() + " of " +
                                 all[i].account + ", which bounds them all");
    if (all.size() > kMaxOverGranted)
        core::say(std::cerr, "note: the same holds for " +
                                 std::to_string(all.size() - kMaxOverGranted) + " more");
}

// Prints what it finds; false: faults.
bool check_on(const settings::Settings& settings, const std::string& file,
              const Result<model::Structure>& cluster, const std::set<std::string>& others) {
    if (!cluster) {
        core::say(std::cerr, "not compared with the cluster: " + cluster.error().context);
        core::say(std::cout, file + ": no errors (not compared with the cluster)");
        return true;
    }
    print(settings::warnings_against(settings, *cluster, others), "warning: ");
    print_over_granted(settings.policies, *cluster);
    const auto faults = settings::check_against(settings, *cluster);
    print(faults);
    if (faults.empty())
        core::say(std::cout, file + ": no errors on cluster " + cluster->cluster);
    return faults.empty();
}

// `sluice evaluate --dry-run` is the client of the running daemon. Its exit status.
int show_plan(const std::string& file, const std::string& socket, const std::string& cluster) {
    std::vector<std::string> words{"sluice", "--socket=" + socket, "evaluate", "--dry-run",
                                   "--config=" + file};
    if (!cluster.empty())
        words.push_back("--cluster=" + cluster);
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::cout.flush();
    pid_t child = 0;
    int status = 0;
    if (const int fault =
            ::posix_spawnp(&child, "sluice", nullptr, nullptr, arguments.data(), ::environ);
        fault != 0) {
        core::say(std::cerr, std::string("cannot run sluice: ") + std::strerror(fault));
        return 1;
    }
    while (::waitpid(child, &status, 0) == -1 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// The settings with what the journal has beside them. Says so where the journal cannot be read.
Result<settings::Settings> with_journal(settings::Settings settings, const std::string& file) {
    const std::string& journal = settings.daemon.journal;
    std::error_code fault;
    if (!std::filesystem::exists(journal, fault) && !fault)
        return settings;
    const auto rules = fault ? Result<std::vector<ports::RuleVersion>>(
                                   Error{Errc::unavailable, journal + ": " + fault.message()})
                             : storage::stored_rules(journal);
    if (!rules) {
        core::say(std::cerr,
                  "note: not checked with the policies and allocations of the journal: " +
                      rules.error().context + "; while sluiced runs, --plan checks them");
        return settings;
    }
    if (rules->empty())
        return settings;
    core::say(std::cerr,
              "note: checked with " + std::to_string(rules->size()) +
                  (rules->size() == 1 ? " policy or allocation" : " policies and allocations") +
                  " of the journal " + journal);
    return settings::load(file, core::entries_of(*rules));
}

Result<model::RuleEntry> entry_named(const std::string& text) {
    const auto slash = text.find('/');
    const std::string kind = text.substr(0, slash);
    for (const auto known : {model::RuleKind::policy, model::RuleKind::allocation})
        if (slash != std::string::npos && slash + 1 < text.size() && kind == model::name(known))
            return model::RuleEntry{known, text.substr(slash + 1), "", 0};
    return Error{Errc::malformed, "'" + text +
                                      "' names no entry; give policy/NAME or "
                                      "allocation/ACCOUNT"};
}

std::string name_of_user(uid_t uid) {
    const passwd* user = ::getpwuid(uid);
    return user != nullptr ? user->pw_name : "uid " + std::to_string(uid);
}

// Under the journal's lock. Every file stays that of the user whom the journal belongs to.
Result<std::int64_t> remove_from(const std::string& journal, model::RuleEntry entry,
                                 const std::string& reason) {
    struct stat info {};
    if (::stat(journal.c_str(), &info) != 0)
        return Error{Errc::not_found, journal + ": " + std::strerror(errno)};
    if (info.st_uid != ::geteuid())
        return Error{Errc::refused, journal + " belongs to user " + name_of_user(info.st_uid) +
                                        "; run sluiced --remove-entry as that user"};
    const auto lock = core::InstanceLock::take(journal);
    if (!lock)
        return lock.error().code == Errc::conflict
                   ? Error{Errc::conflict, lock.error().context +
                                               ". While sluiced runs, use: sluice policy remove, "
                                               "sluice grant remove"}
                   : lock.error();
    const SystemClock clock;
    const auto opened = storage::SqliteJournal::open(journal, clock);
    if (!opened)
        return opened.error();
    auto& store = (*opened)->rules();
    const auto rules = store.rules();
    if (!rules)
        return rules.error();
    std::vector<std::string> known;
    for (const auto& rule : *rules) {
        known.push_back(std::string(model::name(rule.entry.kind)) + '/' + rule.entry.name);
        if (rule.entry.kind == entry.kind && rule.entry.name == entry.name)
            entry.version = rule.entry.version;
    }
    if (entry.version == 0)
        return Error{Errc::not_found,
                     "the journal " + journal + " has no such entry" +
                         (known.empty() ? std::string() : "; known: " + join(known, ", "))};
    ports::RuleVersion next;
    next.entry = entry;
    next.removed = true;
    next.by = name_of_user(::getuid());
    next.reason = reason;
    next.at = clock.now();
    return store.add(next);
}

} // namespace

int remove_entry(const std::string& file, const std::string& entry, const std::string& reason) {
    const auto fail = [](const Error& error) {
        core::say(std::cerr, "sluiced: " + error.context);
        return 1;
    };
    if (auto good = core::check_reason(reason); !good)
        return fail(good.error());
    const auto named = entry_named(entry);
    if (!named)
        return fail(named.error());
    const auto settings = settings::load(file);
    if (!settings)
        return fail(settings.error());
    const auto version = remove_from(settings->daemon.journal, *named, reason);
    if (!version)
        return fail(version.error());
    log::event(log::Level::notice, "SLUICE-0860", "entry-removed",
               {{"entry", entry},
                {"version", std::to_string(*version)},
                {"by", name_of_user(::getuid())},
                {"reason", reason}});
    core::say(std::cout, entry + " is removed (version " + std::to_string(*version) +
                             "). Accounts "
                             "under its enforcement are held at the next start: sluice release");
    return 0;
}

int check_configuration(const std::string& file, bool plan) {
    auto settings = settings::load(file);
    if (settings)
        settings = with_journal(std::move(*settings), file);
    if (!settings) {
        core::say(std::cerr, settings.error().context);
        return 1;
    }
    print(settings->notes, "note: ");
    if (const auto zone = Zone::load(settings->policies.timezone); !zone) {
        core::say(std::cerr, file + ": timezone: " + zone.error().context);
        return 1;
    }
    auto names = settings->daemon.clusters;
    if (names.empty())
        names.emplace_back();
    std::vector<Result<model::Structure>> structures;
    for (const auto& name : names) {
        if (::isatty(STDERR_FILENO) == 1) // thousands of accounts take seconds
            core::say(std::cerr, "reading the accounts of " +
                                     (name.empty() ? "the cluster" : "cluster " + name) +
                                     " from slurmdbd");
        structures.push_back(structure(name));
    }
    const auto others = shared_accounts(*settings, structures);
    bool good = true;
    for (std::size_t i = 0; i < names.size(); ++i)
        good = check_on(settings::of_cluster(*settings, names[i]), file, structures[i], others) &&
               good;
    for (const auto& name : names)
        if (good && plan)
            good = show_plan(file, settings->daemon.socket, name) == 0;
    return good ? 0 : 1;
}

int import_site_agent(const std::string& file) {
    const auto text = read_file(file, kMaxSiteAgentFile);
    if (!text) {
        core::say(std::cerr, "sluiced: " + text.error().context);
        return 1;
    }
    const auto imported = settings::import_site_agent(*text, file);
    if (!imported) {
        core::say(std::cerr, imported.error().context);
        return 1;
    }
    std::cout << *imported;
    return 0;
}

} // namespace sluice
