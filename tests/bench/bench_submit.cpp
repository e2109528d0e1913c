// SPDX-License-Identifier: GPL-2.0-or-later
// job_submit() through a built plugin, with 100,000 accounts and users in its snapshot: time of
// each call as the caller sees it. The second plugin does nothing: what is left is the measuring
// itself.
//
//   make bench && tests/bench/bench_submit [WORD]     only rows whose name has WORD, such as worst
//
// SLUICE_BUILDDIR: the build folder whose plugin is measured.
#include "common/wire/file.hpp"
#include "tests/plugin/stub_slurm.hpp"

#include <slurm/slurm_errno.h>

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace sluice;

namespace {

constexpr int kAccounts = 100'000;
constexpr std::uint32_t kFirstUid = 10'000;

// What a job names beside its account; "": nothing. Jobs take them in turn.
struct Texts {
    std::string array;
    std::string tres_per_node;
    std::string lists;      // partition, QOS, reservation: exempt but for their last word
    std::string other_tres; // the other TRES strings
};

std::string repeated(std::string_view unit, std::size_t bytes, std::string_view end = {}) {
    std::string out;
    while (out.size() + unit.size() + end.size() <= bytes)
        out += unit;
    return out += end;
}

// Of tokens in no order, so that the processor cannot foresee the next one.
std::string mixed(std::mt19937& random, const std::vector<std::string>& tokens, std::size_t bytes,
                  std::string_view end = {}) {
    std::string out;
    while (true) {
        const auto& token = tokens[random() % tokens.size()];
        if (out.size() + token.size() + end.size() > bytes)
            return out += end;
        out += token;
    }
}

// Of each of six TRES lists: the plugin reads 512 bytes of all together.
constexpr std::size_t kTresBytes = 85;

std::vector<Texts> unforeseen(std::size_t count) {
    std::mt19937 random(7);
    const auto gres = [&random](std::size_t bytes) {
        return mixed(random, {"gres", "s", "g", "/", ":", "=", "(", "1", "gpu", "a", "k"}, bytes);
    };
    const std::vector<std::string> words{"n,", "N,", " n,", ",", "n ,"};
    std::vector<Texts> out;
    for (std::size_t i = 0; i < count; ++i) {
        Texts texts;
        texts.array = mixed(random, {"0,", "12,", "345,", "0-7,", "[3],", "9%1,", ","}, 4096);
        texts.tres_per_node = gres(kTresBytes / 2) + "," + gres(kTresBytes / 2 - 1);
        texts.other_tres = gres(kTresBytes / 2) + ";" + gres(kTresBytes / 2 - 1);
        texts.lists = mixed(random, words, 160, "other");
        out.push_back(std::move(texts));
    }
    return out;
}

const std::vector<Texts> kUsual{{"1-100:2,200-300%10", "gres:gpu:a100:2", "", ""}};
// The longest strings that slurmctld accepts, with the most work for the plugin in each byte: as
// many items as it reads.
const std::vector<Texts> kLegal{{repeated("0,", 4096), repeated("gres/gpu:a100=1,", kTresBytes),
                                 repeated("n,", 1024, "other"),
                                 repeated("gres/gpu:a100=1,", kTresBytes)}};
const std::vector<Texts> kUnforeseen = unforeseen(200);
const std::vector<Texts> kIllegal{{repeated("0,", 1'000'000), repeated("gres:gpu,", 150'000),
                                   repeated("n,", 1'000'000, "other"),
                                   repeated("gres:gpu,", 150'000)}};

std::string_view g_word; // in the names of the rows that are measured

using Submit = int (*)(job_desc_msg_t*, std::uint32_t, char**);

std::string account_name(int i) {
    char name[32];
    std::snprintf(name, sizeof name, "project%06d", i);
    return name;
}

// Every tenth account is paused, every tenth warns, every tenth checks budgets and is bounded by
// another one that does.
model::Snapshot world() {
    model::Snapshot snapshot;
    snapshot.cluster = "lab";
    snapshot.sequence = 1;
    snapshot.measures = {{"node_hours", 3600, {{"node", 1}}},
                         {"gpu_hours", 3600, {{"gres/gpu", 1}}},
                         {"cpu_hours", 3600, {{"cpu", 1}}}};
    snapshot.partitions = {{"main", true, false, 60, {}}, {"n", false, true, 60, {{"cpu", 4}}}};
    for (int i = 0; i < kAccounts; ++i) {
        model::SnapshotAccount account;
        account.name = account_name(i);
        account.percent = i % 12'000;
        if (i % 10 == 0) {
            account.standing = model::Standing::paused;
            account.later = {{instant(std::time(nullptr) + 86'400), model::Standing::normal, ""}};
            account.text = "account " + account.name +
                           " is paused: 1231 of 1200 node_hours used in 2026-Q4 (102.6 %, grace to "
                           "100 %). Next period starts 2027-01-01.";
            account.contact = "hpc-admin@example.org";
        } else if (i % 10 == 1) {
            account.text = "account " + account.name + ": 85 % used";
        } else if (i % 10 == 3) {
            account.check = model::BudgetCheck::refuse;
            account.budgets = {{0, INT64_MAX}, {1, INT64_MAX}, {2, INT64_MAX}};
            if (i % 1000 != 3)
                account.bounded_by = account_name(i - i % 1000 + 3);
        }
        snapshot.accounts.push_back(account);
        snapshot.users.push_back({kFirstUid + static_cast<std::uint32_t>(i),
                                  account.name,
                                  {account.name, account_name((i + 1) % kAccounts)}});
    }
    std::sort(snapshot.users.begin(), snapshot.users.end(),
              [](const auto& a, const auto& b) { return a.uid < b.uid; });
    for (auto& user : snapshot.users)
        std::sort(user.accounts.begin(), user.accounts.end());
    return snapshot;
}

struct Job {
    std::uint32_t uid = 0;
    std::string account;
};

// Accounts with number % 10 == `remainder`, in no order.
std::vector<Job> jobs(int remainder, bool named) {
    std::vector<Job> out;
    for (int i = remainder; i < kAccounts; i += 10)
        out.push_back({kFirstUid + static_cast<std::uint32_t>(i), named ? account_name(i) : ""});
    std::shuffle(out.begin(), out.end(), std::mt19937(1));
    return out;
}

std::int64_t nanoseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : const_cast<char*>(text.c_str());
}

void call(Submit submit, const std::vector<Job>& jobs, const std::vector<Texts>& all_texts,
          std::vector<std::int64_t>& times, int rounds) {
    std::size_t next = 0;
    times.reserve(jobs.size() * static_cast<std::size_t>(rounds));
    for (int round = 0; round < rounds; ++round)
        for (const auto& job : jobs) {
            const Texts& texts = all_texts[next++ % all_texts.size()];
            job_desc_msg_t desc{};
            desc.shared = NO_VAL16;
            desc.time_limit = 600;
            desc.array_inx = text_or_null(texts.array);
            desc.tres_per_node = text_or_null(texts.tres_per_node);
            desc.partition = desc.qos = desc.reservation = text_or_null(texts.lists);
            desc.tres_per_job = desc.tres_per_socket = desc.tres_per_task = desc.cpus_per_tres =
                desc.mem_per_tres = text_or_null(texts.other_tres);
            desc.user_id = job.uid;
            desc.account = text_or_null(job.account);
            char* message = nullptr;
            const std::int64_t begin = nanoseconds();
            submit(&desc, job.uid, &message);
            times.push_back(nanoseconds() - begin);
            if (message != nullptr)
                slurm_xfree(reinterpret_cast<void**>(&message));
        }
}

void report(const char* plugin, const char* what, Submit submit, const std::vector<Job>& jobs,
            int threads, const std::vector<Texts>& texts = kUsual, int rounds = 20) {
    if (std::string_view(what).find(g_word) == std::string_view::npos)
        return;
    std::vector<std::vector<std::int64_t>> times(static_cast<std::size_t>(threads));
    std::vector<std::thread> running;
    for (auto& own : times)
        running.emplace_back([&] { call(submit, jobs, texts, own, rounds); });
    for (auto& thread : running)
        thread.join();
    std::vector<std::int64_t> all;
    for (const auto& own : times)
        all.insert(all.end(), own.begin(), own.end());
    std::sort(all.begin(), all.end());
    long double sum = 0;
    for (const auto time : all)
        sum += static_cast<long double>(time);
    const auto at = [&all](std::size_t per_mille) { return all[all.size() * per_mille / 1000]; };
    std::printf("%-8s %-16s %d  %9zu  %7.0Lf %7lld %7lld %7lld %9lld\n", plugin, what, threads,
                all.size(), sum / static_cast<long double>(all.size()),
                static_cast<long long>(at(500)), static_cast<long long>(at(990)),
                static_cast<long long>(at(999)), static_cast<long long>(all.back()));
}

void run(const char* name, const std::string& path) {
    void* handle = ::dlopen(path.c_str(), RTLD_LAZY);
    if (handle == nullptr) {
        std::fprintf(stderr, "%s\n", ::dlerror());
        std::exit(1);
    }
    const auto init = reinterpret_cast<int (*)()>(::dlsym(handle, "init"));
    const auto fini = reinterpret_cast<int (*)()>(::dlsym(handle, "fini"));
    const auto submit = reinterpret_cast<Submit>(::dlsym(handle, "job_submit"));
    const std::int64_t begin = nanoseconds();
    init();
    std::printf("# %s: init %lld us\n", name,
                static_cast<long long>((nanoseconds() - begin) / 1000));
    for (const int threads : {1, 4}) {
        report(name, "admit, named", submit, jobs(2, true), threads);
        report(name, "admit, default", submit, jobs(2, false), threads);
        report(name, "warn", submit, jobs(1, true), threads);
        report(name, "admit, checked", submit, jobs(3, true), threads);
        report(name, "refuse, named", submit, jobs(0, true), threads);
        report(name, "refuse, default", submit, jobs(0, false), threads);
        report(name, "worst legal", submit, jobs(3, true), threads, kLegal, 1);
        report(name, "worst mixed", submit, jobs(3, true), threads, kUnforeseen, 1);
        report(name, "worst illegal", submit, jobs(3, true), threads, kIllegal, 1);
    }
    fini();
    ::dlclose(handle);
}

} // namespace

int main(int argc, char** argv) {
    g_word = argc > 1 ? argv[1] : "";
    std::string folder = std::filesystem::temp_directory_path() / "sluice-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr)
        return 1;
    std::string conf = folder + "/slurm.conf";
    std::string cluster = "lab";
    slurm_conf.slurm_conf = conf.data();
    slurm_conf.state_save_location = folder.data();
    slurm_conf.cluster_name = cluster.data();
    std::ofstream(folder + "/sluice.conf")
        << "ExemptQOS=n\nExemptReservations=n\nExemptPartitions=n\n";
    const bool stored = wire::save_file(folder + "/sluice_snapshot", world()).has_value();
    const char* top = std::getenv("SLUICE_BUILDDIR");
    const std::string build = top != nullptr ? top : ".";
    std::printf(
        "# job_submit(), %d accounts and users; times in ns, each with one clock_gettime()\n",
        kAccounts);
    std::printf("# plugin what     threads    calls     mean     p50     p99   p99.9       max\n");
    if (stored) {
        run("empty", build + "/.libs/bench_empty.so");
        run("sluice", build + "/.libs/job_submit_sluice.so");
    }
    std::filesystem::remove_all(folder);
    return stored ? 0 : 1;
}
