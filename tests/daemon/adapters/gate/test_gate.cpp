// SPDX-License-Identifier: GPL-2.0-or-later
// Gate and receiver, end to end over loopback with a munged of their own; and what others try.
#include "daemon/adapters/gate/gate.hpp"

#include "common/cred/munge.hpp"
#include "common/wire/channel.hpp"
#include "common/wire/file.hpp"
#include "common/wire/frame.hpp"
#include "plugin/receiver.hpp"
#include "plugin/stream.hpp"
#include "tests/common/cred/private_munged.hpp"
#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <list>
#include <mutex>

using namespace sluice;
using namespace std::chrono_literals;
using plugin::Steady;

namespace {

std::mutex g_mutex;
std::string g_lines;

void add_line(const char* line) {
    const std::lock_guard lock(g_mutex);
    g_lines += std::string(line) + '\n';
}
std::size_t lines_with(std::string_view what) {
    const std::lock_guard lock(g_mutex);
    std::size_t count = 0;
    for (auto at = g_lines.find(what); at != std::string::npos; at = g_lines.find(what, at + 1))
        ++count;
    return count;
}

bool eventually(const std::function<bool()>& what, std::chrono::milliseconds within = 15s) {
    const auto end = Steady::now() + within;
    while (Steady::now() < end) {
        if (what())
            return true;
        ::usleep(10'000);
    }
    return what();
}

const SystemClock kClock;

// munged, a gate and one plugin without Slurm.
class Bench {
public:
    Bench() { g_lines.clear(); }
    ~Bench() { stop_plugin(); }

    void start_gate(uid_t allowed = ::getuid()) {
        const std::string where = "127.0.0.1:" + std::to_string(port);
        auto started = gate::Gate::start(
            {{where}, allowed, munged.socket(), key_file, {}, daemon_speaks}, kClock);
        if (!started)
            test::fail(started.error().context);
        gate = std::move(*started);
        port = gate->listening_ports().at(0);
    }
    void start_plugin() {
        conf("Daemon=127.0.0.1:" + std::to_string(port) + "\n" + more_conf);
        cell = std::make_unique<plugin::SnapshotCell>();
        counters = std::make_unique<plugin::Counters>();
        plugin::HostFacts facts;
        facts.conf_file = munged.folder() + "/sluice.conf";
        facts.state_folder = munged.folder();
        facts.munge_socket = munged.socket();
        facts.cluster = "lab";
        facts.host = "ctl1";
        facts.slurm_version = "22.05.8";
        facts.plugin_version = "0.1.0";
        facts.own_uid = ::geteuid();
        facts.speaks = plugin_speaks;
        receiver = std::make_unique<plugin::Receiver>(
            facts, *cell, *counters, plugin::Log{add_line, add_line},
            [](const std::string&) { return std::optional<std::uint32_t>(); });
        receiver->prepare();
        CHECK(receiver->start());
    }
    void stop_plugin() {
        if (receiver)
            receiver->stop();
        receiver.reset();
    }
    void conf(const std::string& text) const {
        const std::string path = munged.folder() + "/sluice.conf";
        std::ofstream(path + ".new") << text;
        std::filesystem::rename(path + ".new", path);
    }
    std::string key(const std::string& name, char byte) const {
        const std::string path = munged.folder() + "/" + name;
        std::ofstream(path) << std::string(64, byte);
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        return path;
    }
    void publish(const model::Snapshot& snapshot) const {
        gate->publish(std::make_shared<const model::Snapshot>(snapshot));
    }
    std::uint64_t has() const {
        const auto current = cell->get();
        return current && current->view ? current->view->sequence() : 0;
    }
    bool in_step() const {
        const auto status = gate->status();
        return status.plugins.size() == 1 && status.sequence != 0 && has() == status.sequence &&
               status.plugins[0].sequence == status.sequence;
    }

    test::PrivateMunged munged;
    std::uint16_t port = 0;
    std::string more_conf;
    std::string key_file;
    std::uint8_t plugin_speaks = wire::kVersion;
    std::uint8_t daemon_speaks = wire::kVersion;
    std::unique_ptr<gate::Gate> gate;
    std::unique_ptr<plugin::SnapshotCell> cell;
    std::unique_ptr<plugin::Counters> counters;
    std::unique_ptr<plugin::Receiver> receiver;
};

// Somebody who speaks to the gate as a plugin would, or otherwise.
class Visitor {
public:
    explicit Visitor(const Bench& bench, const std::string& socket = {})
        : wake_(::dup(0)),
          munge_(*cred::MungeContext::create(socket.empty() ? bench.munged.socket() : socket)) {
        auto stream = plugin::Stream::connect({"127.0.0.1", std::to_string(bench.port)}, pipe_end(),
                                              Steady::now() + 5s);
        CHECK(stream.has_value());
        stream_.emplace(std::move(*stream));
    }
    void say(std::string_view bytes) {
        CHECK(stream_->write(bytes, Steady::now() + 5s).has_value());
    }
    // Hangs up on us within a few seconds, whatever else it says before.
    bool is_closed() {
        const auto end = Steady::now() + 5s;
        while (Steady::now() < end)
            if (!stream_->read(end).has_value())
                return true;
        return false;
    }
    std::string hello() {
        wire::Channel channel(munge_,
                              wire::Session(wire::Direction::to_daemon, *wire::random_nonce()));
        return *channel.seal(wire::Hello{wire::kVersion, "lab", "v", "v", "v", 0}, std::nullopt);
    }
    cred::MungeContext& munge() { return munge_; }

private:
    // Never becomes readable: nothing wakes a visitor.
    int pipe_end() {
        int ends[2] = {-1, -1};
        CHECK(::pipe(ends) == 0);
        wake_.reset(ends[0]);
        other_.reset(ends[1]);
        return wake_.get();
    }
    UniqueFd wake_;
    UniqueFd other_;
    cred::MungeContext munge_;
    std::optional<plugin::Stream> stream_;
};

model::Snapshot large_world(int accounts) {
    auto snapshot = test::world();
    for (int i = 0; i < accounts; ++i) {
        snapshot.accounts.push_back({"zz" + std::to_string(1'000'000 + i), model::Standing::normal,
                                     i, std::nullopt, i % 10 == 0 ? "a warning text" : ""});
        snapshot.users.push_back({static_cast<std::uint32_t>(100'000 + i),
                                  "zz" + std::to_string(1'000'000 + i),
                                  {"zz" + std::to_string(1'000'000 + i)}});
    }
    return snapshot;
}

// With what only version 2 of the channel can say.
model::Snapshot bounded_world() {
    auto snapshot = test::world();
    snapshot.measures = {{"node_hours", 3600, {{"node", 1}}}};
    snapshot.accounts.back().check = model::BudgetCheck::refuse;
    snapshot.accounts.back().budgets = {{0, 7200}};
    return snapshot;
}

} // namespace

CASE(a_plugin_gets_the_snapshot_and_then_the_differences) {
    Bench bench;
    bench.start_gate();
    bench.start_plugin();
    bench.publish(test::world());
    CHECK(eventually([&] { return bench.in_step(); }));
    auto next = test::world();
    next.accounts.front().standing = model::Standing::paused;
    bench.publish(next);
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK(bench.cell->get()->view->account("chem")->standing == model::Standing::paused);
    const auto status = bench.gate->status();
    CHECK_EQ(status.plugins[0].host, "ctl1");
    CHECK_EQ(status.plugins[0].slurm_version, "22.05.8");
    CHECK_EQ(status.rejected_frames, 0U);
    CHECK_EQ(lines_with("connected to the daemon"), 1U);
}

// The release before this one spoke version 1 of the channel; both sides are updated at any time.
CASE(plugin_and_daemon_of_neighbouring_versions_understand_each_other) {
    struct Pair {
        std::uint8_t plugin, daemon;
        std::size_t budgets; // that the plugin hears of: version 2 brought them
    };
    for (const auto& [plugin, daemon, budgets] : {Pair{1, 2, 0}, Pair{2, 1, 0}, Pair{2, 2, 1}}) {
        Bench bench;
        bench.plugin_speaks = plugin;
        bench.daemon_speaks = daemon;
        bench.start_gate();
        bench.start_plugin();
        bench.publish(bounded_world());
        CHECK(eventually([&] { return bench.in_step(); }));
        auto next = bounded_world();
        next.accounts.back().text = "account physics is paused, still"; // a difference
        bench.publish(next);
        CHECK(eventually([&] { return bench.in_step(); }));
        const auto current = bench.cell->get();
        const auto* physics = current->view->account("physics");
        CHECK(physics->standing == model::Standing::paused);
        CHECK_EQ(current->view->text(physics->text), next.accounts.back().text);
        CHECK_EQ(current->view->budgets_of(*physics).size(), budgets);
        ++bench.counters->refused;
        CHECK(eventually([&] { return bench.gate->status().plugins[0].counters.refused == 1; }));
        CHECK_EQ(bench.gate->status().rejected_frames, 0U);
    }
}

// What they have stored and said before does not stand in the way.
CASE(one_side_after_the_other_is_updated_and_set_back) {
    Bench bench;
    const auto budgets = [&] {
        const auto current = bench.cell->get();
        return current->view->budgets_of(*current->view->account("physics")).size();
    };
    struct Step {
        std::uint8_t plugin, daemon;
        std::size_t budgets;
    };
    for (const auto& step : {Step{1, 1, 0}, Step{1, 2, 0}, Step{2, 2, 1}, Step{2, 1, 0}}) {
        bench.stop_plugin();
        bench.gate.reset();
        bench.plugin_speaks = step.plugin;
        bench.daemon_speaks = step.daemon;
        bench.start_gate();
        bench.start_plugin(); // with the snapshot that it has stored
        bench.publish(bounded_world());
        CHECK(eventually([&] { return bench.in_step(); }));
        CHECK_EQ(budgets(), step.budgets);
    }
}

CASE(a_snapshot_of_many_frames_arrives) {
    Bench bench;
    bench.start_gate();
    bench.publish(large_world(50'000));
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }, 30s));
    CHECK_EQ(bench.cell->get()->view->accounts(), 50'005U);
    CHECK(wire::load_file(bench.munged.folder() + "/sluice_snapshot").has_value());
}

CASE(the_same_snapshot_is_not_sent_again) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    const auto before = bench.has();
    bench.publish(test::world());
    CHECK_EQ(bench.gate->status().sequence, before);
    bench.stop_plugin();
    bench.start_plugin(); // it has the snapshot from its file
    CHECK_EQ(bench.has(), before);
    CHECK(eventually([&] { return bench.in_step(); }));
    auto next = test::world();
    next.users.clear();
    bench.publish(next); // as a difference to what the file had
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK(bench.cell->get()->view->user(1001) == nullptr);
}

CASE(counters_come_back) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    bench.counters->admitted += 5;
    bench.counters->refused += 2;
    CHECK(eventually([&] {
        const auto status = bench.gate->status();
        return status.plugins.size() == 1 && status.plugins[0].counters.admitted == 5 &&
               status.plugins[0].counters.refused == 2;
    }));
}

CASE(the_daemon_may_go_and_come_back) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    bench.gate.reset();
    CHECK(eventually([&] { return lines_with("no daemon") == 1; }));
    CHECK(bench.has() != 0); // the last one stays
    ::sleep(2);
    CHECK_EQ(lines_with("no daemon"), 1U); // said once
    bench.start_gate();
    bench.publish(large_world(10));
    CHECK(eventually([&] { return bench.in_step(); }, 30s));
    CHECK_EQ(lines_with("connected to the daemon"), 2U);
}

CASE(with_a_key_file_munged_is_not_asked) {
    Bench bench;
    bench.key_file = bench.key("key", 'k');
    bench.more_conf = "KeyFile=" + bench.key_file + "\n";
    bench.munged.stop();
    bench.start_gate();
    bench.publish(large_world(5000));
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }, 30s));
    CHECK_EQ(bench.gate->status().rejected_frames, 0U);
}

CASE(a_plugin_with_another_key_or_with_munge_gets_nothing) {
    Bench bench;
    bench.key_file = bench.key("key", 'k');
    bench.start_gate();
    bench.publish(test::world());
    bench.more_conf = "KeyFile=" + bench.key("other", 'o') + "\n";
    bench.start_plugin();
    CHECK(eventually([&] { return bench.gate->status().rejected_frames == 1; }));
    bench.conf("Daemon=127.0.0.1:" + std::to_string(bench.port) + "\n");
    CHECK(eventually([&] { return bench.gate->status().rejected_frames >= 2; }));
    CHECK_EQ(bench.has(), 0U);
}

CASE(munged_may_go_and_come_back) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    bench.munged.stop();
    CHECK(eventually([&] { return lines_with("no daemon") == 1; }, 30s));
    bench.munged.start();
    bench.publish(large_world(10));
    CHECK(eventually([&] { return bench.in_step(); }, 40s));
    CHECK_EQ(bench.gate->status().rejected_frames, 0U);
}

CASE(changed_settings_are_seen_without_a_restart) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    const std::string daemon = "Daemon=127.0.0.1:" + std::to_string(bench.port) + "\n";
    bench.conf(daemon + "WarnAtSubmit=no\nNoSuchKey=1\n");
    CHECK(eventually([&] { return !bench.cell->get()->settings->warn_at_submit; }));
    CHECK(eventually([&] { return lines_with("unknown key NoSuchKey") == 1; }));
    CHECK(bench.in_step()); // the session went on
    bench.conf("Daemon=127.0.0.1:1," + daemon.substr(7));
    CHECK(eventually([&] { return lines_with("was read again") == 2; }));
    CHECK(eventually([&] { return bench.in_step(); }));
}

CASE(a_plugin_of_another_uid_gets_nothing) {
    Bench bench;
    bench.start_gate(::getuid() + 1);
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.gate->status().rejected_frames > 0; }));
    CHECK(bench.gate->status().plugins.empty());
    CHECK_EQ(bench.has(), 0U);
}

CASE(a_daemon_of_another_uid_is_not_believed) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    bench.more_conf = "DaemonUser=" + std::to_string(::getuid() + 1) + "\n";
    bench.start_plugin();
    CHECK(eventually([&] { return lines_with("which DaemonUser does not allow") == 1; }));
    CHECK_EQ(bench.has(), 0U);
}

CASE(wrong_frames_are_closed_and_counted) {
    Bench bench;
    bench.start_gate();
    const std::string bad[] = {
        std::string("\0\0\0\0", 4),
        std::string("\xff\xff\xff\x7f", 4),
        "GET / HTTP/1.0\r\n\r\n",
        *wire::frame("not a credential"),
        *wire::frame(std::string(wire::kMaxGreeting, 'A')),
    };
    std::uint64_t count = 0;
    for (const auto& bytes : bad) {
        Visitor visitor(bench);
        visitor.say(bytes);
        CHECK(visitor.is_closed());
        ++count;
        CHECK(eventually([&] { return bench.gate->status().rejected_frames == count; }));
    }
}

CASE(a_credential_of_another_munge_key_or_content_is_closed) {
    Bench bench;
    bench.start_gate();
    const test::PrivateMunged foreign;
    Visitor stranger(bench, foreign.socket());
    stranger.say(stranger.hello());
    CHECK(stranger.is_closed());
    Visitor confused(bench);
    confused.say(*wire::frame(*confused.munge().encode("hello, gate", std::nullopt)));
    CHECK(confused.is_closed());
    CHECK(eventually([&] { return bench.gate->status().rejected_frames == 2; }));
}

CASE(a_replayed_hello_is_closed_and_counted) {
    Bench bench;
    bench.start_gate();
    Visitor first(bench);
    const auto hello = first.hello();
    first.say(hello);
    Visitor second(bench);
    ::usleep(200'000);
    second.say(hello);
    CHECK(second.is_closed());
    CHECK(eventually([&] { return bench.gate->status().rejected_frames == 1; }));
    // One who only said hello has proven nothing.
    CHECK(bench.gate->status().plugins.empty());
}

CASE(many_silent_visitors_do_not_keep_a_plugin_out) {
    Bench bench;
    bench.start_gate();
    bench.publish(test::world());
    std::list<Visitor> crowd;
    for (int i = 0; i < 80; ++i)
        crowd.emplace_back(bench);
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
}

CASE(a_bad_address_is_named) {
    const test::PrivateMunged munged;
    for (const std::string where : {"nonsense", "127.0.0.1:", "192.0.2.1:6830"}) {
        const auto started = gate::Gate::start({{where}, 0, munged.socket()}, kClock);
        CHECK(!started.has_value());
        CHECK(started.error().context.find(where) != std::string::npos);
    }
}

CASE(a_plugin_that_never_reaches_a_daemon_stops_at_once) {
    Bench bench;
    bench.port = 1;
    bench.start_plugin();
    CHECK(eventually([&] { return lines_with("no daemon") == 1; }));
    CHECK_EQ(lines_with("no snapshot yet: all jobs are admitted"), 1U);
    const auto begin = Steady::now();
    bench.stop_plugin();
    CHECK(Steady::now() - begin < 2s);
}
