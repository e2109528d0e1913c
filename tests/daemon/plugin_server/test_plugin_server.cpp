// SPDX-License-Identifier: GPL-2.0-or-later
// PluginServer and receiver, end to end over loopback with a munged of their own.
#include "common/wire/file.hpp"
#include "tests/daemon/plugin_server/bench.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

model::Snapshot large_world(int accounts) {
    auto snapshot = test::world();
    for (int i = 0; i < accounts; ++i) {
        snapshot.accounts.push_back({"zz" + std::to_string(1'000'000 + i), model::Standing::normal,
                                     i, i % 10 == 0 ? "a warning text" : ""});
        snapshot.users.push_back({static_cast<std::uint32_t>(100'000 + i),
                                  "zz" + std::to_string(1'000'000 + i),
                                  {"zz" + std::to_string(1'000'000 + i)}});
    }
    return snapshot;
}

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
    bench.start_plugin_server();
    bench.start_plugin();
    bench.publish(test::world());
    CHECK(eventually([&] { return bench.in_step(); }));
    auto next = test::world();
    next.accounts.front().standing = model::Standing::paused;
    bench.publish(next);
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK(bench.cell->get()->view->account("chem")->standing == model::Standing::paused);
    const auto status = bench.plugin_server->status();
    CHECK_EQ(status.plugins[0].host, "ctl1");
    CHECK_EQ(status.plugins[0].slurm_version, "22.05.8");
    CHECK_EQ(status.rejected_frames, 0U);
    CHECK_EQ(lines_with("connected to the daemon"), 1U);
}

// 2: the release after this one, which says so and then speaks as this one does.
CASE(plugin_and_daemon_of_neighbouring_versions_understand_each_other) {
    struct Pair {
        std::uint8_t plugin, daemon;
    };
    for (const auto& [plugin, daemon] : {Pair{1, 1}, Pair{2, 1}, Pair{1, 2}}) {
        Bench bench;
        bench.plugin_speaks = plugin;
        bench.daemon_speaks = daemon;
        bench.start_plugin_server();
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
        CHECK_EQ(physics->text, next.accounts.back().text);
        CHECK_EQ(physics->budgets.size(), 1U);
        ++bench.counters->refused;
        CHECK(eventually(
            [&] { return bench.plugin_server->status().plugins[0].counters.refused == 1; }));
        CHECK_EQ(bench.plugin_server->status().rejected_frames, 0U);
    }
}

CASE(a_snapshot_of_many_frames_arrives) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(large_world(50'000));
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK_EQ(bench.cell->get()->view->snapshot().accounts.size(), 50'005U);
    CHECK(wire::load_file(bench.munged.folder() + "/sluice_snapshot").has_value());
}

CASE(the_same_snapshot_is_not_sent_again) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    const auto before = bench.has();
    bench.publish(test::world());
    CHECK_EQ(bench.plugin_server->status().sequence, before);
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
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    bench.counters->admitted += 5;
    bench.counters->refused += 2;
    bench.counters->oversized += 3;
    CHECK(eventually([&] {
        const auto status = bench.plugin_server->status();
        return status.plugins.size() == 1 && status.plugins[0].counters.admitted == 5 &&
               status.plugins[0].counters.refused == 2 && status.plugins[0].counters.oversized == 3;
    }));
}

CASE(the_daemon_knows_which_snapshot_is_stored) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] {
        return bench.in_step() && bench.plugin_server->status().plugins[0].stored == bench.has();
    }));
    CHECK(!bench.plugin_server->status().plugins[0].unstored_since);
    const auto before = bench.has();
    bench.more_conf = "SnapshotFile=/proc/sluice/none\n"; // no folder that a file can be made in
    bench.conf("Daemon=127.0.0.1:" + std::to_string(bench.port) + "\n" + bench.more_conf);
    CHECK(eventually([&] { return lines_with("settings read again") == 1; }));
    bench.publish(large_world(1));
    CHECK(eventually([&] {
        return bench.in_step() &&
               bench.plugin_server->status().plugins[0].unstored_since.has_value();
    }));
    auto status = bench.plugin_server->status().plugins[0];
    CHECK(status.sequence > before);
    CHECK(status.stored < status.sequence);
    CHECK(!status.fails_to_store(*status.unstored_since + 120s));
    CHECK(status.fails_to_store(*status.unstored_since + 121s));
}

CASE(the_daemon_may_go_and_come_back) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    bench.plugin_server.reset();
    CHECK(eventually([&] { return lines_with("no daemon") == 1; }));
    CHECK(bench.has() != 0); // the last one stays
    ::sleep(2);
    CHECK_EQ(lines_with("no daemon"), 1U); // said once
    bench.start_plugin_server();
    bench.publish(large_world(10));
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK_EQ(lines_with("connected to the daemon"), 2U);
}

CASE(a_unix_socket_serves_as_a_port_does) {
    Bench bench;
    bench.socket = bench.munged.folder() + "/run/plugins.sock";
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK_EQ(bench.plugin_server->status().plugins[0].address, "unix");
    CHECK_EQ(lines_with("connected to the daemon at unix:" + bench.socket), 1U);
    CHECK(std::filesystem::status(bench.socket).permissions() == std::filesystem::perms(0666));
    bench.plugin_server.reset();
    CHECK(!std::filesystem::exists(bench.socket));
    CHECK(eventually([&] { return lines_with("no daemon: unix:" + bench.socket) == 1; }));
    bench.start_plugin_server();
    bench.publish(large_world(1));
    CHECK(eventually([&] { return bench.in_step(); }));
}

CASE(a_socket_of_another_user_is_left_at_once) {
    Bench bench;
    bench.socket = bench.munged.folder() + "/plugins.sock";
    bench.start_plugin_server();
    bench.more_conf = "DaemonUser=" + std::to_string(::getuid() + 1) + "\n";
    bench.start_plugin();
    CHECK(eventually([&] {
        return lines_with("the socket belongs to a process of uid " + std::to_string(::getuid())) ==
               1;
    }));
    CHECK_EQ(bench.has(), 0U);
}

CASE(with_a_key_file_munged_is_not_asked) {
    Bench bench;
    bench.key_file = bench.key("key", 'k');
    bench.more_conf = "KeyFile=" + bench.key_file + "\n";
    bench.munged.stop();
    bench.start_plugin_server();
    bench.publish(large_world(5000));
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK_EQ(bench.plugin_server->status().rejected_frames, 0U);
}

CASE(a_plugin_with_another_key_or_with_munge_gets_nothing) {
    Bench bench;
    bench.key_file = bench.key("key", 'k');
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.more_conf = "KeyFile=" + bench.key("other", 'o') + "\n";
    bench.start_plugin();
    CHECK(eventually([&] { return lines_with("made with another key") == 1; }));
    bench.conf("Daemon=127.0.0.1:" + std::to_string(bench.port) + "\n");
    CHECK(eventually([&] { return lines_with("the other side uses a key file") == 1; }));
    CHECK_EQ(bench.has(), 0U);
    // Neither has sent anything.
    CHECK_EQ(bench.plugin_server->status().rejected_frames, 0U);
}

CASE(munged_may_go_and_come_back) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    bench.munged.stop();
    CHECK(eventually([&] { return lines_with("no daemon") == 1; }));
    bench.munged.start();
    bench.publish(large_world(10));
    CHECK(eventually([&] { return bench.in_step(); }));
    CHECK_EQ(bench.plugin_server->status().rejected_frames, 0U);
}

CASE(changed_settings_are_seen_without_a_restart) {
    Bench bench;
    bench.start_plugin_server();
    bench.publish(test::world());
    bench.start_plugin();
    CHECK(eventually([&] { return bench.in_step(); }));
    const std::string daemon = "Daemon=127.0.0.1:" + std::to_string(bench.port) + "\n";
    bench.conf(daemon + "WarnAtSubmit=no\nNoSuchKey=1\n");
    CHECK(eventually([&] { return !bench.cell->get()->settings->warn_at_submit; }));
    CHECK(eventually([&] { return lines_with("unknown key NoSuchKey") == 1; }));
    CHECK(bench.in_step()); // the session went on
    bench.conf("Daemon=127.0.0.1:1," + daemon.substr(7));
    CHECK(eventually([&] { return lines_with("settings read again") == 2; }));
    CHECK(eventually([&] { return bench.in_step(); }));
}

CASE(a_bad_address_is_named) {
    const test::PrivateMunged munged;
    for (const std::string where :
         {"nonsense", "127.0.0.1:", "192.0.2.1:6830", "unix:/proc/none/plugins.sock"}) {
        const auto started =
            plugin_server::PluginServer::start({{where}, 0, munged.socket()}, kClock);
        CHECK(!started.has_value());
        const auto name = where.substr(where.find('/') + 1); // of a socket: its path
        CHECK(started.error().context.find(name) != std::string::npos);
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
    CHECK(Steady::now() - begin < 20s);
}
