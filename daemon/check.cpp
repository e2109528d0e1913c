// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/check.hpp"

#include "common/base/files.hpp"
#include "common/base/zone.hpp"
#include "common/model/account_tree.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/settings/import/import.hpp"
#include "common/settings/settings.hpp"
#include "daemon/process/options.hpp"
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <set>
#include <spawn.h>
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

} // namespace

int check_configuration(const std::string& file, bool plan) {
    const auto settings = settings::load(file);
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
