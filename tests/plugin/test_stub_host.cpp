// SPDX-License-Identifier: GPL-2.0-or-later
// The built plugin in a host that is not slurmctld: exports what the plugin takes from it, loads it
// again and again, gives it bad settings and a bad daemon, and calls it from many threads while
// snapshots change. Run it under the sanitizers, too.
#include "common/wire/channel.hpp"
#include "common/wire/file.hpp"
#include "daemon/plugin_server/listener.hpp"
#include "daemon/plugin_server/plugin_server.hpp"
#include "plugin/slurm_compat.hpp"
#include "tests/common/cred/private_munged.hpp"
#include "tests/plugin/stub_slurm.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

bool eventually(const std::function<bool()>& what, std::chrono::seconds within = 60s) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (std::chrono::steady_clock::now() < end) {
        if (what())
            return true;
        ::usleep(10'000);
    }
    return what();
}

std::string plugin_path() {
    const char* top = std::getenv("SLUICE_BUILDDIR");
    return std::string(top != nullptr ? top : ".") + "/.libs/job_submit_sluice.so";
}

// As a release calls job_modify that takes a message, and as one that takes none.
using ModifyWithMessage = int(job_desc_msg_t*, void*, std::uint32_t, char**);
using ModifyAlone = int(job_desc_msg_t*, void*, std::uint32_t);
[[maybe_unused]] int call(ModifyWithMessage* modify, job_desc_msg_t& desc, void* record,
                          std::uint32_t uid, char** message) {
    return modify(&desc, record, uid, message);
}
[[maybe_unused]] int call(ModifyAlone* modify, job_desc_msg_t& desc, void* record,
                          std::uint32_t uid, char**) {
    return modify(&desc, record, uid);
}

// As slurm_init_job_desc_msg() leaves it: nothing is set.
job_desc_msg_t no_change() {
    job_desc_msg_t desc{};
    desc.user_id = NO_VAL;
    desc.time_limit = desc.time_min = desc.min_nodes = desc.max_nodes = desc.min_cpus =
        desc.num_tasks = NO_VAL;
    desc.pn_min_cpus = desc.cpus_per_task = desc.ntasks_per_node = desc.ntasks_per_tres =
        desc.shared = NO_VAL16;
    desc.pn_min_memory = NO_VAL64;
    desc.overcommit = NO_VAL8;
    return desc;
}

// The plugin as slurmctld loads it.
class Loaded {
public:
    Loaded() : handle_(::dlopen(plugin_path().c_str(), RTLD_LAZY)) {
        if (handle_ == nullptr)
            test::fail(::dlerror());
        init = symbol<int()>("init");
        fini = symbol<int()>("fini");
        submit_ = symbol<int(job_desc_msg_t*, std::uint32_t, char**)>("job_submit");
        modify_ = symbol<SluiceJobModify>("job_modify");
    }
    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;
    ~Loaded() { ::dlclose(handle_); }

    const void* data(const char* name) const { return ::dlsym(handle_, name); }

    struct Answer {
        int rc = 0;
        std::string text;
    };
    Answer submit(std::uint32_t uid, const char* account, std::uint32_t submitter = 4242,
                  const char* earlier = nullptr, const char* partition = nullptr) const {
        job_desc_msg_t desc{};
        desc.user_id = uid;
        desc.account = const_cast<char*>(account);
        desc.partition = const_cast<char*>(partition);
        char* message = earlier != nullptr ? slurm_xstrdup(earlier) : nullptr;
        Answer answer;
        answer.rc = submit_(&desc, submitter, &message);
        if (message != nullptr)
            answer.text = message;
        void* memory = message;
        slurm_xfree(&memory);
        return answer;
    }
    int modify(std::uint32_t uid, const char* account) const {
        job_desc_msg_t desc = no_change();
        desc.user_id = uid;
        desc.account = const_cast<char*>(account);
        return modify(desc, nullptr, uid);
    }
    int modify(job_desc_msg_t desc, job_desc_msg_t* record, std::uint32_t submitter) const {
        char* message = nullptr;
        const int rc = call(modify_, desc, record, submitter, &message);
        void* memory = message;
        slurm_xfree(&memory);
        return rc;
    }

    int (*init)() = nullptr;
    int (*fini)() = nullptr;

private:
    template <class F>
    F* symbol(const char* name) {
        auto* found = reinterpret_cast<F*>(::dlsym(handle_, name));
        if (found == nullptr)
            test::fail(std::string("no symbol ") + name);
        return found;
    }
    void* handle_;
    int (*submit_)(job_desc_msg_t*, std::uint32_t, char**) = nullptr;
    SluiceJobModify* modify_ = nullptr;
};

// The folder that slurm_conf points to.
class Site {
public:
    Site() {
        std::string pattern = std::filesystem::temp_directory_path() / "sluice-stub-XXXXXX";
        CHECK(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        conf_path_ = folder + "/slurm.conf";
        slurm_conf.slurm_conf = conf_path_.data();
        slurm_conf.state_save_location = folder.data();
        slurm_conf.cluster_name = cluster_.data();
        test::clear_slurm_log();
    }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;
    ~Site() {
        slurm_conf = {};
        test::set_slurm_default_account("");
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    void conf(std::string_view text) const { std::ofstream(folder + "/sluice.conf") << text; }
    void auth_info(const std::string& text) {
        auth_info_ = text;
        slurm_conf.authinfo = auth_info_.data();
    }
    void store(const model::Snapshot& snapshot) const {
        CHECK(wire::save_file(folder + "/sluice_snapshot", snapshot).has_value());
    }

    std::string folder;

private:
    std::string conf_path_;
    std::string cluster_ = "lab";
    std::string auth_info_;
};

// The world with a pause that holds now.
model::Snapshot paused_world() {
    auto snapshot = test::world();
    snapshot.accounts.back().later[0].from = instant(std::time(nullptr) + 3600);
    return snapshot;
}

std::size_t entries(const char* folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                  std::filesystem::directory_iterator()));
}

const SystemClock kClock;

} // namespace

CASE(the_plugin_says_what_slurm_wants_to_know) {
    const Loaded plugin;
    CHECK_EQ(std::string(static_cast<const char*>(plugin.data("plugin_type"))),
             "job_submit/sluice");
    CHECK(plugin.data("plugin_name") != nullptr);
    CHECK_EQ(*static_cast<const std::uint32_t*>(plugin.data("plugin_version")),
             std::uint32_t{SLURM_VERSION_NUMBER});
}

CASE(before_init_and_after_fini_everybody_is_admitted) {
    const Site site;
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.submit(1001, "physics").rc, SLURM_SUCCESS);
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    CHECK_EQ(plugin.submit(1001, "physics").rc, int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(plugin.init(), SLURM_SUCCESS); // once more changes nothing
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    CHECK_EQ(plugin.submit(1001, "physics").rc, SLURM_SUCCESS);
}

CASE(a_thousand_loads_leave_nothing_behind) {
    const Site site;
    site.conf("Daemon=127.0.0.1:1\n");
    site.store(paused_world());
    const std::size_t files = entries("/proc/self/fd");
    const std::size_t threads = entries("/proc/self/task");
    for (int i = 0; i < 1000; ++i) {
        const Loaded plugin;
        CHECK_EQ(plugin.init(), SLURM_SUCCESS);
        CHECK_EQ(plugin.submit(1001, "physics").rc, int{ESLURM_ACCOUNTING_POLICY});
        CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    }
    CHECK_EQ(entries("/proc/self/fd"), files);
    CHECK_EQ(entries("/proc/self/task"), threads);
    // Really gone: a symbol that the loader cannot let go of would keep it mapped.
    CHECK(::dlopen(plugin_path().c_str(), RTLD_LAZY | RTLD_NOLOAD) == nullptr);
    CHECK_EQ(entries(site.folder.c_str()), 2U); // sluice.conf and the snapshot
}

CASE(the_refusal_reaches_slurm_with_its_text) {
    const Site site;
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    const auto refused = plugin.submit(1001, nullptr);
    CHECK_EQ(refused.rc, int{ESLURM_ACCOUNTING_POLICY});
    CHECK(refused.text.starts_with(
        "account physics is paused: 1231 of 1200 node_hours used.\nAsk hpc@example.org, or use one "
        "of your other accounts: Chem (61 % used), bio (85 % used).\n"
        "[sluice: paused account=physics until=20"));
    CHECK(refused.text.ends_with("Z]"));
    CHECK_EQ(plugin.submit(1001, "").rc, int{ESLURM_ACCOUNTING_POLICY}); // "" is the default, too
    CHECK_EQ(plugin.submit(1001, "chem").text, "");
    const auto warned = plugin.submit(1001, "bio");
    CHECK_EQ(warned.rc, SLURM_SUCCESS);
    CHECK_EQ(warned.text, "account bio: 85 % used");
    // The same warning comes once a day; of another user it is another one.
    CHECK_EQ(plugin.submit(1001, "Bio", 4242, "from lua").text, "from lua");
    CHECK_EQ(plugin.submit(1003, "bio", 0, "from lua").text, "from lua\naccount bio: 85 % used");
    CHECK_EQ(plugin.submit(1001, "chem", 4242, "from lua").text, "from lua");
    CHECK_EQ(plugin.submit(0, "physics", 0).rc, SLURM_SUCCESS);
    // A user of nowhere: neither the snapshot nor the host knows a default.
    CHECK_EQ(plugin.submit(77, nullptr).rc, SLURM_SUCCESS);
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(the_default_account_is_that_of_the_host_at_this_moment) {
    const Site site;
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    test::set_slurm_default_account("Physics");
    // In the snapshot their defaults are geo, none, and the user is not in it.
    for (const std::uint32_t uid : {1002U, 1003U, 77U}) {
        CHECK_EQ(plugin.submit(uid, nullptr).rc, int{ESLURM_ACCOUNTING_POLICY});
        CHECK_EQ(plugin.submit(uid, "").rc, int{ESLURM_ACCOUNTING_POLICY});
        CHECK_EQ(plugin.modify(uid, ""), int{ESLURM_ACCOUNTING_POLICY});
        CHECK_EQ(plugin.submit(uid, "chem").rc, SLURM_SUCCESS);
    }
    test::set_slurm_default_account("Chem");
    CHECK_EQ(plugin.submit(1001, nullptr).rc, SLURM_SUCCESS);
    test::set_slurm_default_account("");
    CHECK_EQ(plugin.submit(1001, nullptr).rc, int{ESLURM_ACCOUNTING_POLICY}); // the snapshot's
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(a_string_that_slurm_refuses_is_no_way_around_a_pause) {
    const Site site;
    site.conf("ExemptPartitions=debug\n");
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    std::string partitions = "debug";
    while (partitions.size() <= 1024)
        partitions += ",debug";
    CHECK_EQ(plugin.submit(1001, "physics", 4242, nullptr, partitions.data()).rc,
             int{ESLURM_ACCOUNTING_POLICY});
    partitions.resize(1023);
    partitions.back() = ',';
    CHECK_EQ(plugin.submit(1001, "physics", 4242, nullptr, partitions.data()).rc,
             int{ESLURM_ACCOUNTING_POLICY}); // "debu"
    CHECK_EQ(plugin.submit(1001, "physics", 4242, nullptr, "debug,debug").rc, SLURM_SUCCESS);
    // Slurm refuses an account of that length by itself.
    const std::string account(1025, 'p');
    CHECK_EQ(plugin.submit(1001, account.c_str()).rc, SLURM_SUCCESS);
    CHECK_EQ(plugin.modify(1001, account.c_str()), SLURM_SUCCESS);
    CHECK_EQ(plugin.submit(1001, account.c_str() + 1).rc, SLURM_SUCCESS); // unknown
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(only_the_move_to_a_paused_account_is_refused) {
    const Site site;
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    CHECK_EQ(plugin.modify(1001, nullptr), SLURM_SUCCESS); // hold, release, time limit ...
    CHECK_EQ(plugin.modify(1001, "chem"), SLURM_SUCCESS);
    CHECK_EQ(plugin.modify(1001, "physics"), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(plugin.modify(1001, ""), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    // Who cannot be told why: the log says it.
    CHECK_EQ(test::slurm_log_lines("job update of uid 1001 refused: account physics is paused"),
             kSluiceModifyHasMessage ? 0U : 2U);
}

namespace {

// chem and bio have 100 CPU-hours left and refuse more; so has physics, which is paused.
model::Snapshot bounded_world() {
    auto snapshot = paused_world();
    snapshot.measures = {{"cpu_hours", 3600, {{"cpu", 1}}}};
    snapshot.partitions = {{"main", true, false, 60, {}},
                           {"whole", false, true, 60, {{"cpu", 64}}}};
    for (auto& account : snapshot.accounts) {
        account.check = model::BudgetCheck::refuse;
        account.budgets = {{0, std::int64_t{100} * 3600}};
    }
    return snapshot;
}

// One CPU for an hour in chem.
job_desc_msg_t waiting_job() {
    job_desc_msg_t job{};
    job.user_id = 1001;
    static char account[] = "chem";
    static char partition[] = "main";
    job.account = account;
    job.partition = partition;
    job.time_limit = 60;
    job.min_cpus = job.min_nodes = 1;
    job.shared = NO_VAL16;
    return job;
}

} // namespace

CASE(an_update_is_judged_by_what_the_job_becomes) {
    const Site site;
    site.store(bounded_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    constexpr int kOk = SLURM_SUCCESS;
    constexpr int kNo = ESLURM_ACCOUNTING_POLICY;
    auto job = waiting_job();
    const auto update = [&](auto set, std::uint32_t submitter = 1001) {
        auto change = no_change();
        change.user_id = 1001;
        set(change);
        return plugin.modify(change, &job, submitter);
    };
    CHECK_EQ(update([](auto& to) { to.priority = 0; }), kOk);
    CHECK_EQ(update([](auto& to) { to.time_limit = 100 * 60; }), kOk);
    CHECK_EQ(update([](auto& to) { to.time_limit = 100 * 60 + 1; }), kNo);
    CHECK_EQ(update([](auto& to) { to.time_limit = INFINITE; }), kNo);
    CHECK_EQ(update([](auto& to) { to.min_cpus = 101; }), kNo);
    CHECK_EQ(update([](auto& to) { to.num_tasks = 101; }), kNo);
    CHECK_EQ(update([](auto& to) { to.min_nodes = 101; }), kNo);
    CHECK_EQ(update([](auto& to) { to.pn_min_cpus = 101; }), kNo);
    job.time_limit = 100 * 60;
    CHECK_EQ(update([](auto& to) { to.partition = const_cast<char*>("whole"); }), kNo);
    CHECK_EQ(update([](auto& to) { to.shared = JOB_SHARED_NONE; }), kOk); // main's nodes: unknown
    // A job that is above the budget already may stay as it is, or shrink.
    job.min_cpus = 8;
    CHECK_EQ(update([](auto& to) { to.time_limit = 100 * 60; }), kOk);
    CHECK_EQ(update([](auto& to) { to.time_limit = 90 * 60; }), kOk);
    CHECK_EQ(update([](auto& to) { to.min_cpus = 4; }), kOk);
    CHECK_EQ(update([](auto& to) { to.min_cpus = 9; }), kNo);
    CHECK_EQ(update([](auto& to) { to.account = const_cast<char*>("bio"); }), kNo);
    // Of an operator's update the part that is added counts: the job may have run for long.
    CHECK_EQ(update([](auto& to) { to.min_cpus = 9; }, 4711), kOk);
    CHECK_EQ(update([](auto& to) { to.min_cpus = 10; }, 0), kNo);
    // A paused account keeps its job.
    job.account = const_cast<char*>("physics");
    CHECK_EQ(update([](auto& to) { to.time_limit = 30; }), kOk);
    CHECK_EQ(update([](auto& to) { to.account = const_cast<char*>("physics"); }), kOk);
    CHECK_EQ(update([](auto& to) { to.account = const_cast<char*>("forever"); }), kNo);
    CHECK_EQ(update([](auto& to) { to.priority = 0; }), kOk);
    CHECK_EQ(update([](auto& to) { to.priority = INFINITE; }), kNo);
    CHECK_EQ(update([](auto& to) { to.priority = INFINITE; }, 4711), kOk);
    job.account = const_cast<char*>("chem");
    CHECK_EQ(update([](auto& to) { to.priority = INFINITE; }), kOk);
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    CHECK_EQ(test::slurm_job_copies(), 0);
}

CASE(an_update_of_a_job_array_counts_its_tasks) {
    const Site site;
    site.store(bounded_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    auto job = waiting_job();
    std::string entries[] = {"PATH=/bin", "SLURM_ARRAY_TASK_COUNT=50"};
    char* environment[] = {entries[0].data(), entries[1].data()};
    job.environment = environment;
    job.env_size = 2;
    const auto update = [&](const char* id) {
        auto change = no_change();
        change.user_id = 1001;
        change.job_id_str = const_cast<char*>(id);
        change.time_limit = 3 * 60;
        return plugin.modify(change, &job, 1001);
    };
    CHECK_EQ(update("123"), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(update(nullptr), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(update("123_7"), SLURM_SUCCESS);
    CHECK_EQ(update("123_[1-33]"), SLURM_SUCCESS);
    CHECK_EQ(update("123_[1-34]"), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(update("123_1,123_2"), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    CHECK_EQ(test::slurm_job_copies(), 0);
}

CASE(an_update_that_ends_an_exemption_is_refused) {
    const Site site;
    site.conf("ExemptPartitions=debug\n");
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    auto job = waiting_job();
    job.account = const_cast<char*>("physics");
    job.partition = const_cast<char*>("debug");
    auto change = no_change();
    change.user_id = 1001;
    change.partition = const_cast<char*>("main");
    CHECK_EQ(plugin.modify(change, &job, 1001), int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(plugin.modify(change, &job, 4711), SLURM_SUCCESS);
    job.partition = const_cast<char*>("other");
    CHECK_EQ(plugin.modify(change, &job, 1001), SLURM_SUCCESS);
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(a_stranger_learns_nothing_of_an_account) {
    const Site site;
    site.store(bounded_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    for (const std::uint32_t uid : {1002U, 77U}) {
        const auto refused = plugin.submit(uid, "physics");
        CHECK_EQ(refused.rc, int{ESLURM_ACCOUNTING_POLICY});
        CHECK_EQ(refused.text, "account physics does not exist, or you do not belong to it.");
        CHECK_EQ(plugin.submit(uid, "bio").text, "");
    }
    CHECK_EQ(plugin.submit(1001, "bio").text, "account bio: 85 % used");
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(neither_the_user_nor_slurmctlds_log_gets_an_escape) {
    auto world = paused_world();
    for (auto& account : world.accounts) {
        account.name += account.name == "physics" ? "" : test::kHostileText;
        account.text += account.text.empty() ? "" : "\x1b[1m\u202e\nin two lines\x9b";
    }
    const Site site;
    site.conf("Key\x1b[1m\u202e=\x9b\n");
    site.store(world);
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    const auto answer = plugin.submit(1001, "physics", 4242, "from lua\x1b");
    CHECK_EQ(answer.rc, int{ESLURM_ACCOUNTING_POLICY});
    CHECK(answer.text.starts_with("from lua\x1b\naccount physics is paused"));
    CHECK_EQ(test::harm_in(answer.text.substr(9)), "");
    CHECK(answer.text.find("\\u001b[1m\\u202e\nin two lines\\x9b") != std::string::npos);
    CHECK_EQ(plugin.modify(1001, "physics"), int{ESLURM_ACCOUNTING_POLICY});
    CHECK(eventually([] { return test::slurm_log_lines("sluice.conf:1: ") == 1; }));
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    CHECK_EQ(test::harm_in(test::slurm_log()), "");
}

CASE(bad_settings_never_fail_the_start) {
    for (const std::string_view text :
         {std::string_view("Daemon=\nFail=never\nMaxAge=-1\n=\n==\nNoSuchKey=1\n"),
          std::string_view("\0\0\0=\xff\xfe\n", 7), std::string_view("[daemon]\nhost: x\n")}) {
        const Site site;
        site.conf(text);
        site.store(paused_world());
        const Loaded plugin;
        CHECK_EQ(plugin.init(), SLURM_SUCCESS);
        CHECK_EQ(plugin.submit(1001, "physics").rc, int{ESLURM_ACCOUNTING_POLICY});
        CHECK(eventually([] { return test::slurm_log_lines("sluice.conf:1: ") == 1; }));
        CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    }
}

CASE(a_host_without_a_configuration_is_survived) {
    const Site site;
    slurm_conf = {};
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    CHECK_EQ(plugin.submit(1001, "physics").rc, SLURM_SUCCESS);
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(a_damaged_snapshot_is_ignored_with_one_line) {
    const Site site;
    std::ofstream(site.folder + "/sluice_snapshot") << "SLUICESN" << std::string(5000, 'x');
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    CHECK_EQ(plugin.submit(1001, "physics").rc, SLURM_SUCCESS);
    CHECK_EQ(test::slurm_log_lines("snapshot file ignored"), 1U);
    CHECK_EQ(test::slurm_log_lines("no snapshot yet: all jobs are admitted"), 1U);
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(a_fault_inside_admits) {
    const Site site;
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    test::slurm_memory_is_out() = true;
    const auto answer = plugin.submit(1001, "physics");
    test::slurm_memory_is_out() = false;
    CHECK_EQ(answer.rc, SLURM_SUCCESS);
    CHECK_EQ(plugin.submit(1001, "physics").rc, int{ESLURM_ACCOUNTING_POLICY});
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}

CASE(a_daemon_that_talks_nonsense_is_dropped_and_changes_nothing) {
    const std::string nonsense[] = {
        "HTTP/1.1 400 Bad Request\r\n\r\n", std::string("\xff\xff\xff\xff", 4),
        std::string("\0\0\0\0", 4),         *wire::frame("MUNGE:AwQFAAA:"),
        *wire::frame("not a credential"),
    };
    const test::PrivateMunged munged;
    for (const auto& bytes : nonsense) {
        Site site;
        site.auth_info("socket=" + munged.socket());
        const auto listener = plugin_server::Listener::open("127.0.0.1:0");
        CHECK(listener.has_value());
        site.conf("Daemon=127.0.0.1:" + std::to_string(listener->port()) + "\n");
        site.store(paused_world());
        const Loaded plugin;
        CHECK_EQ(plugin.init(), SLURM_SUCCESS);
        pollfd incoming{listener->fd(), POLLIN, 0};
        CHECK(::poll(&incoming, 1, 10'000) == 1);
        const auto accepted = listener->accept();
        CHECK(accepted.has_value());
        CHECK(::send(accepted->fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0);
        CHECK(eventually([] { return test::slurm_log_lines("no daemon") == 1; }));
        CHECK_EQ(plugin.submit(1001, "physics").rc, int{ESLURM_ACCOUNTING_POLICY});
        CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
    }
}

CASE(eight_threads_submit_while_snapshots_change) {
    const test::PrivateMunged munged;
    Site site;
    site.auth_info("socket=" + munged.socket() + ",ttl=60");
    auto plugin_server =
        plugin_server::PluginServer::start({{"127.0.0.1:0"}, ::getuid(), munged.socket()}, kClock);
    CHECK(plugin_server.has_value());
    site.conf("Daemon=127.0.0.1:" + std::to_string((*plugin_server)->listening_ports()[0]) + "\n");
    site.store(paused_world());
    const Loaded plugin;
    CHECK_EQ(plugin.init(), SLURM_SUCCESS);
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> admitted{0};
    std::atomic<int> odd{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                const auto answer = plugin.submit(1001, nullptr);
                if (answer.rc == SLURM_SUCCESS)
                    admitted.fetch_add(1, std::memory_order_relaxed);
                else
                    refused.fetch_add(1, std::memory_order_relaxed);
                // Refused with words, admitted without: never a mixture of two snapshots.
                if ((answer.rc == SLURM_SUCCESS) != answer.text.empty())
                    odd.fetch_add(1, std::memory_order_relaxed);
            }
        });
    std::uint64_t sequence = 0;
    for (int i = 0; i < 40; ++i) {
        auto next = paused_world();
        next.accounts.front().percent = i; // so that each is another one
        if (i % 2 == 0) {
            next.accounts.back().standing = model::Standing::normal;
            next.accounts.back().text.clear();
        }
        (*plugin_server)->publish(std::make_shared<const model::Snapshot>(next));
        sequence = (*plugin_server)->status().sequence;
        CHECK(eventually([&] {
            const auto status = (*plugin_server)->status();
            return status.plugins.size() == 1 && status.plugins[0].sequence == sequence;
        }));
    }
    stop = true;
    for (auto& thread : threads)
        thread.join();
    CHECK_EQ(odd.load(), 0);
    CHECK(refused.load() > 0);
    CHECK(admitted.load() > 0);
    CHECK(eventually([&] {
        const auto status = (*plugin_server)->status();
        return status.plugins.size() == 1 && status.plugins[0].counters.refused == refused.load() &&
               status.plugins[0].counters.admitted == admitted.load() &&
               status.plugins[0].counters.faults == 0;
    }));
    CHECK_EQ(plugin.fini(), SLURM_SUCCESS);
}
