// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the Slurm adapter against the cluster that SLURM_CONF names, one call a line of standard
// input, JSON lines (or "error CODE text") for an answer, then a line ".". Integration tests drive
// it; not a unit test. Names are printed as they are: test clusters have no quotes in them.
//
//   local | structure | raw | assoc ACCOUNT [USER [PARTITION]]
//   usage BEGIN END NOW [[+]ACCOUNT...]        (0 for NOW: the clock; +: settled by user)
//   qos ACCOUNT[,ACCOUNT...] LIST|- DEFAULT|-  [USER] [PARTITION]
//   limits TYPE ACCOUNT[,...] TRES=VALUE|TRES=- ...
//   journal FILE                               (where closed usage is kept; before any usage)
//   closed                                     (what is kept there)
//   patience MILLISECONDS                      (of the usage questions that follow)
//   counting apply|ignore count|ignore         (UsageFactor, idle reservations; the same)
//   fairshare ACCOUNT[,...] SHARES | reset ACCOUNT[,...] | sleep SECONDS
#include "common/base/clock.hpp"
#include "common/base/text.hpp"
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/apply/enforcer.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/storage/journal.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>

namespace {

using namespace sluice;

const char* code_name(Errc code) {
    static constexpr const char* kNames[] = {"unavailable", "timeout",  "refused",  "not_found",
                                             "malformed",   "conflict", "overflow", "internal"};
    return kNames[static_cast<int>(code)];
}

void print_error(const Error& error) {
    std::printf("error %s %s\n", code_name(error.code), error.context.c_str());
}

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

std::string list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts)
        out += (out.size() > 1 ? "," : "") + quoted(text);
    return out + "]";
}

template <class Map>
std::string object(const Map& map) {
    std::string out = "{";
    for (const auto& [key, value] : map)
        out += (out.size() > 1 ? "," : "") + quoted(key) + ":" + std::to_string(value);
    return out + "}";
}

void print(const model::Association& row) {
    std::printf("{\"id\":%u,\"account\":\"%s\",\"parent\":\"%s\",\"user\":\"%s\",\"partition\":\"%"
                "s\",\"qos\":%s,\"default_qos\":\"%s\",\"grp_tres_mins\":%s,\"max_tres_mins\":%s,"
                "\"grp_tres\":%s,\"shares\":%u}\n",
                row.id, row.account.c_str(), row.parent.c_str(), row.user.c_str(),
                row.partition.c_str(), list(row.qos).c_str(), row.default_qos.c_str(),
                object(row.grp_tres_mins).c_str(), object(row.max_tres_mins).c_str(),
                object(row.grp_tres).c_str(), row.shares);
}

void print(const std::string& account, const std::string& user, const model::TresUsage& usage) {
    for (const auto& [tres, split] : usage)
        std::printf("{\"account\":\"%s\",\"user\":\"%s\",\"tres\":\"%s\",\"settled\":%lld,"
                    "\"finished\":%lld,\"running\":%lld,\"factor\":%lld,\"idle\":%lld,"
                    "\"beyond\":%lld,\"total\":%lld}\n",
                    account.c_str(), user.c_str(), tres.c_str(),
                    static_cast<long long>(split.settled), static_cast<long long>(split.finished),
                    static_cast<long long>(split.running), static_cast<long long>(split.factor),
                    static_cast<long long>(split.idle), static_cast<long long>(split.beyond),
                    static_cast<long long>(split.total()));
}

class Probe {
public:
    void run(const std::string& line) {
        std::istringstream words{line};
        std::string word;
        words >> word;
        if (word == "local")
            show_local();
        else if (word == "structure")
            structure();
        else if (word == "assoc")
            association(words);
        else if (word == "usage")
            usage(words);
        else if (word == "raw")
            raw();
        else if (word == "journal")
            journal(words);
        else if (word == "closed")
            closed();
        else if (word == "counting") {
            std::string factor;
            std::string idle;
            words >> factor >> idle;
            counting_ = {factor == "apply", idle == "count"};
        } else if (word == "patience") {
            int milliseconds = 0;
            words >> milliseconds;
            patience_ = std::chrono::milliseconds{milliseconds};
        } else if (word == "sleep") {
            int seconds = 0;
            words >> seconds;
            std::this_thread::sleep_for(std::chrono::seconds{seconds});
        } else
            command(word, words);
        std::printf(".\n");
        std::fflush(stdout);
    }

private:
    std::string cluster() {
        const auto local = slurm::local_slurm();
        return local ? local->cluster : "";
    }

    void journal(std::istringstream& words) {
        std::string file;
        words >> file;
        auto journal = storage::SqliteJournal::open(file, clock_);
        if (!journal)
            return print_error(journal.error());
        journal_ = std::move(*journal);
        accounting_.remember_in(journal_->closed_usage());
    }

    void closed() {
        if (journal_ == nullptr)
            return print_error({Errc::not_found, "no journal"});
        const auto days = journal_->closed_usage().days(cluster());
        if (!days)
            return print_error(days.error());
        for (const ports::ClosedDay& day : *days)
            std::printf("{\"begin\":%lld,\"reads\":%lld}\n",
                        static_cast<long long>(epoch(day.begin)),
                        static_cast<long long>(day.reads));
    }

    void show_local() {
        const auto local = slurm::local_slurm();
        if (!local)
            return print_error(local.error());
        std::printf("{\"cluster\":\"%s\",\"slurm_user\":%u,\"conf\":\"%s\",\"slurmdbd\":\"%s:%u\","
                    "\"version\":\"%s\"}\n",
                    local->cluster.c_str(), local->slurm_user, local->conf_path.c_str(),
                    local->slurmdbd_host.c_str(), static_cast<unsigned>(local->slurmdbd_port),
                    local->version.c_str());
    }

    bool read() {
        auto fresh = accounting_.structure(cluster());
        if (!fresh) {
            print_error(fresh.error());
            return false;
        }
        structure_ = std::move(*fresh);
        return true;
    }

    void structure() {
        if (!read())
            return;
        for (const model::Association& row : structure_.associations)
            print(row);
        for (const model::User& user : structure_.users)
            std::printf("{\"user\":\"%s\",\"default_account\":\"%s\",\"accounts\":%s}\n",
                        user.name.c_str(), user.default_account.c_str(),
                        list(user.accounts).c_str());
        std::printf("{\"tres\":%zu,\"qos\":%zu,\"associations\":%zu,\"users\":%zu}\n",
                    structure_.tres.size(), structure_.qos.size(), structure_.associations.size(),
                    structure_.users.size());
    }

    void association(std::istringstream& words) {
        std::string account;
        std::string user;
        std::string partition;
        words >> account >> user >> partition;
        if (!read())
            return;
        for (const model::Association& row : structure_.associations)
            if (row.account == account && row.user == user && row.partition == partition)
                return print(row);
        std::printf("null\n");
    }

    void usage(std::istringstream& words) {
        long long begin = 0;
        long long end = 0;
        long long now = 0;
        words >> begin >> end >> now;
        ports::UsageQuestion question;
        question.windows.push_back({instant(begin), instant(end)});
        question.patience = patience_;
        question.counting = counting_;
        question.now = now != 0 ? instant(now) : SystemClock{}.now();
        for (std::string name; words >> name;)
            (name.front() == '+' ? question.by_user : question.accounts)
                .insert(name.substr(name.front() == '+'));
        if (!read())
            return;
        if (question.accounts.empty() && question.by_user.empty())
            for (const model::Association& row : structure_.associations)
                question.accounts.insert(row.account);
        const auto started = std::chrono::steady_clock::now();
        const auto all = accounting_.usage(structure_, question);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - started;
        if (!all)
            return print_error(all.error());
        for (const auto& [name, account] : all->front().accounts) {
            print(name, "", account.tres);
            for (const auto& [user, tres] : account.users)
                print(name, user, tres);
        }
        std::printf("{\"ms\":%.1f}\n", took.count());
    }

    void raw() {
        const auto all = accounting_.raw_usage(cluster());
        if (!all)
            return print_error(all.error());
        for (const auto& [name, tres] : all->accounts)
            std::printf("{\"account\":\"%s\",\"raw\":%s}\n", name.c_str(), object(tres).c_str());
        for (const auto& [name, uid] : all->uids) {
            const auto found = all->default_accounts.find(name);
            std::printf("{\"user\":\"%s\",\"uid\":%u,\"default_account\":\"%s\"}\n", name.c_str(),
                        uid, found == all->default_accounts.end() ? "" : found->second.c_str());
        }
    }

    void command(const std::string& type, std::istringstream& words) {
        model::Command command;
        std::string first;
        std::string accounts;
        words >> first;
        if (type == "qos") {
            accounts = first;
            std::string qos;
            std::string standard;
            words >> qos >> standard >> command.user >> command.partition;
            command.qos = qos == "-" ? std::vector<std::string>{} : split(qos, ',');
            command.default_qos = standard == "-" ? "" : standard;
        } else if (type == "limits") {
            command.type = model::CommandType::limits;
            command.limit_type = first == "max_tres_mins" ? model::LimitType::max_tres_mins
                                 : first == "grp_tres"    ? model::LimitType::grp_tres
                                                          : model::LimitType::grp_tres_mins;
            words >> accounts;
            for (std::string limit; words >> limit;) {
                const std::size_t equals = limit.find('=');
                const std::string value = limit.substr(equals + 1);
                command.limits[limit.substr(0, equals)] =
                    value == "-" ? std::nullopt
                                 : std::optional<std::int64_t>{std::atoll(value.c_str())};
            }
        } else if (type == "spread") { // limits of four TRES, different for each account
            return spread(split(first, ','));
        } else if (type == "fairshare") {
            command.type = model::CommandType::fairshare;
            accounts = first;
            words >> command.shares;
        } else if (type == "reset") {
            command.type = model::CommandType::reset_usage;
            accounts = first;
        } else {
            std::printf("error malformed no such word: %s\n", type.c_str());
            return;
        }
        apply(command, split(accounts, ','));
    }

    void spread(const std::vector<std::string>& accounts) {
        std::vector<model::Command> commands;
        std::int64_t value = 1'000;
        for (const std::string& account : accounts) {
            auto& command = commands.emplace_back();
            command.type = model::CommandType::limits;
            command.account = account;
            for (const char* tres : {"cpu", "mem", "node", "gres/gpu"})
                command.limits[tres] = ++value;
        }
        apply(commands);
    }

    void apply(model::Command command, const std::vector<std::string>& accounts) {
        std::vector<model::Command> commands;
        for (const std::string& account : accounts) {
            command.account = account;
            commands.push_back(command);
        }
        apply(commands);
    }

    void apply(const std::vector<model::Command>& commands) {
        if (structure_.associations.empty() && !read())
            return;
        const auto started = std::chrono::steady_clock::now();
        const ports::Outcomes outcomes = enforcer_.apply(structure_, commands, 500);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - started;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            std::printf("%s: ", commands[i].account.c_str());
            if (outcomes[i])
                print_error(*outcomes[i]);
            else
                std::printf("done\n");
        }
        std::printf("{\"ms\":%.1f}\n", took.count());
    }

    std::chrono::milliseconds patience_{60'000};
    model::Counting counting_;
    SystemClock clock_;
    std::unique_ptr<storage::SqliteJournal> journal_;
    slurm::Session session_;
    slurm::SlurmAccounting accounting_{session_};
    slurm::SlurmEnforcer enforcer_{session_};
    model::Structure structure_;
};

} // namespace

int main() {
    Probe probe;
    for (std::string line; std::getline(std::cin, line);)
        if (!sluice::trim(line).empty())
            probe.run(line);
    return 0;
}
