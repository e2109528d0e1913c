// SPDX-License-Identifier: GPL-2.0-or-later
// A publisher without a daemon, for tests on a real slurmctld. Reads snapshots from standard input:
//
//   cluster lab
//   account physics paused 12000 - account physics is paused.
//   contact hpc@example.org
//   user 1001 physics chem,physics
//   end
//
// (percent in hundredths and end of the pause as epoch seconds, or -; the contact of the account
// before it). Either writes the file that
// a plugin starts from: `feed file PATH`, or serves plugins: `feed serve HOST:PORT MUNGE_SOCKET
// UID`; then each `end` publishes, and `status` prints what is connected.
#include "common/base/text.hpp"
#include "common/wire/file.hpp"
#include "daemon/plugin_server/plugin_server.hpp"

#include <cstdio>
#include <iostream>
#include <sstream>

using namespace sluice;

namespace {

std::optional<std::int64_t> optional_number(const std::string& word) {
    if (word == "-")
        return std::nullopt;
    return std::stoll(word);
}

model::Standing standing_of(const std::string& word) {
    if (word == "paused")
        return model::Standing::paused;
    return word == "downscaled" ? model::Standing::downscaled : model::Standing::normal;
}

void add_account(std::istringstream& words, model::Snapshot& snapshot) {
    model::SnapshotAccount account;
    std::string standing;
    std::string percent;
    std::string until;
    words >> account.name >> standing >> percent >> until;
    std::getline(words, account.text);
    account.text = trim(account.text);
    account.standing = standing_of(standing);
    account.percent = optional_number(percent);
    if (const auto at = optional_number(until))
        account.later = {{instant(*at), model::Standing::normal, ""}};
    snapshot.accounts.push_back(account);
}

void add_user(std::istringstream& words, model::Snapshot& snapshot) {
    model::SnapshotUser user;
    std::string accounts;
    words >> user.uid >> user.default_account >> accounts;
    if (user.default_account == "-")
        user.default_account.clear();
    user.accounts = split(accounts, ',');
    snapshot.users.push_back(user);
}

void print(const ports::PluginServerStatus& status) {
    std::cout << "sequence=" << status.sequence << " rejected=" << status.rejected_frames
              << " plugins=" << status.plugins.size() << '\n';
    for (const auto& plugin : status.plugins)
        std::cout << plugin.host << " sequence=" << plugin.sequence
                  << " slurm=" << plugin.slurm_version << " admitted=" << plugin.counters.admitted
                  << " warned=" << plugin.counters.warned << " refused=" << plugin.counters.refused
                  << " faults=" << plugin.counters.faults << '\n';
    std::cout << std::flush;
}

int store(const std::string& path, model::Snapshot snapshot) {
    snapshot.sequence = 1;
    const auto saved = wire::save_file(path, snapshot);
    if (!saved)
        std::cerr << saved.error().context << '\n';
    return saved ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    const bool serve = args.size() == 4 && args[0] == "serve";
    if (!serve && !(args.size() == 2 && args[0] == "file")) {
        std::cerr << "usage: feed file PATH | feed serve HOST:PORT MUNGE_SOCKET UID\n";
        return 2;
    }
    const SystemClock clock;
    std::unique_ptr<plugin_server::PluginServer> plugin_server;
    if (serve) {
        auto started = plugin_server::PluginServer::start(
            {{args[1]}, static_cast<uid_t>(std::stoul(args[3])), args[2]}, clock);
        if (!started) {
            std::cerr << started.error().context << '\n';
            return 1;
        }
        plugin_server = std::move(*started);
    }
    model::Snapshot snapshot;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string what;
        words >> what;
        if (what == "cluster")
            words >> snapshot.cluster;
        else if (what == "account")
            add_account(words, snapshot);
        else if (what == "contact" && !snapshot.accounts.empty())
            words >> snapshot.accounts.back().contact;
        else if (what == "user")
            add_user(words, snapshot);
        else if (what == "status" && plugin_server)
            print(plugin_server->status());
        else if (what == "end" && !plugin_server)
            return store(args[1], snapshot);
        else if (what == "end") {
            snapshot.made = clock.now();
            plugin_server->publish(std::make_shared<const model::Snapshot>(snapshot));
            snapshot = {};
        }
    }
    return 0;
}
