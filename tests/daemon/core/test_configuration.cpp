// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/configuration.hpp"

#include "daemon/core/operator.hpp"
#include "daemon/storage/journal.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"
#include "tests/support/fixed_clock.hpp"
#include "tests/support/scratch_dir.hpp"

#include <fstream>
#include <thread>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kGood = R"(timezone: UTC
interval: 120s
components: {node_hours: {tres: node}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    actions: [request_slurm_resource_pausing]
accounts:
  physics: {allocation: {node_hours: 2000}}
)";

struct Reloading : Bench {
    ScratchDir dir;
    std::string file = dir.file("sluiced.yaml");
    core::Loop loop{ports, sources, std::make_shared<core::Rules>(rules)};
    core::DaemonStatus status{{"1", file, kFebruary}, loop, sources, publisher};
    core::DaemonOperator actions{loop, ports, nullptr, 5s};
    std::thread main; // stands for the main thread
    core::Reloader reloader{{}, file, "c1", [this] {
                                if (main.joinable())
                                    main.join();
                                main = std::thread([this] { reloader.serve(kFebruary + 2s); });
                            }};

    Reloading() {
        reloader.add(loop, status);
        actions.use_file(reloader);
    }
    ~Reloading() {
        if (main.joinable())
            main.join();
    }

    void write(const std::string& text) { std::ofstream(file) << text; }
};

} // namespace

CASE(a_good_file_gives_rules) {
    auto settings = settings::parse(kGood, "f.yaml");
    CHECK(settings);
    const auto made = core::make_rules(std::move(*settings), "local", kFebruary);
    CHECK(made);
    CHECK_EQ((*made)->cluster, "local");
    CHECK((*made)->interval == 120s);
    CHECK((*made)->loaded == kFebruary);
    CHECK((*made)->set.accounts.contains("physics"));
    CHECK((*made)->faults({}).size() >= 1); // no TRES node on a cluster without TRES
}

CASE(a_good_new_file_takes_effect) {
    Reloading bench;
    bench.loop.start();
    bench.write(kGood);
    CHECK(bench.reloader.reload(kFebruary + 1s));
    const auto report = bench.actions.evaluate({false, {"physics"}, false});
    CHECK(report);
    CHECK_EQ((*report)->decision.accounts[0].figures.at(0).allocation, 2000 * kHour);
    CHECK_EQ(bench.status.info().interval_s, 120);
    CHECK(bench.status.info().config_loaded == kFebruary + 1s);
    CHECK(bench.loop.stop(60s));
}

CASE(a_plan_shows_what_a_file_would_change_and_changes_nothing) {
    Reloading bench;
    bench.loop.start();
    const auto before = bench.actions.evaluate({false, {}, false});
    CHECK(before);
    const auto plan = bench.actions.evaluate({true, {"physics"}, false, kGood});
    CHECK(plan);
    CHECK((*plan)->dry_run);
    CHECK_EQ((*plan)->decision.accounts[0].figures.at(0).allocation, 2000 * kHour);
    const auto after = bench.actions.evaluate({true, {"physics"}, false});
    CHECK_EQ((*after)->decision.accounts[0].figures.at(0).allocation,
             (*before)->decision.find("physics")->figures.at(0).allocation);
    CHECK(bench.loop.rules()->loaded != kFebruary + 2s);

    const auto bad = bench.actions.evaluate({true, {}, false, "polices: []\n"});
    CHECK(!bad);
    CHECK(bad.error().code == Errc::malformed);
    CHECK(bad.error().context.find("the new file:1:") != std::string::npos);
    const auto empty = bench.actions.evaluate({true, {}, false, ""});
    CHECK(!empty);
    CHECK(empty.error().code == Errc::refused);
    const auto real = bench.actions.evaluate({false, {}, false, kGood});
    CHECK(!real);
    CHECK(real.error().code == Errc::malformed);
    CHECK(bench.loop.stop(60s));
}

CASE(staff_reload_the_file_and_confirm_what_waits) {
    const ports::Person ann{"ann", "the projects have ended", false};
    Reloading bench;
    bench.loop.start();
    CHECK(bench.actions.evaluate({false, {}, false}));
    CHECK(!bench.actions.reload(true, {"ann", "", false}));
    CHECK(!bench.actions.reload(true, {"ann", "x", true}));
    bench.write("polices: []\n");
    const auto refused = bench.actions.reload(false, ann);
    CHECK(!refused);
    CHECK(refused.error().context.find(":1:") != std::string::npos);
    bench.main.join();

    std::string text = kGood;
    text.replace(text.find("physics"), 7, "astro"); // physics has lost its rules
    bench.write(text);
    const auto cycles = bench.loop.cycles().size();
    const auto booked = bench.actions.reload(false, ann);
    CHECK(booked);
    bench.main.join();
    CHECK(booked->cycle->decision.find("physics")->held());
    CHECK(booked->cycle == bench.loop.shown().report); // the evaluation after the reload, no other
    CHECK_EQ(bench.loop.cycles().size(), cycles + 1);
    const auto done = bench.actions.reload(true, ann);
    CHECK(done);
    CHECK_EQ(bench.loop.rules()->version, bench.loop.shown().rules->version);
    CHECK(bench.loop.shown().report->decision.find("physics") == nullptr);
    bool entered = false;
    const auto resets = bench.ports.records.resets({"c1", {}, 10});
    for (const auto& entry : *resets)
        entered = entered || (entry.release && entry.account == "physics" && entry.by == "ann");
    CHECK(entered);
    CHECK(bench.loop.stop(60s));
}

namespace {

ports::RuleChange policy_change(const std::string& name, const std::string& text,
                                std::int64_t version) {
    return {model::RuleKind::policy, name, text, false, {}, version, false};
}
ports::RuleChange grant_change(const std::string& account, std::optional<std::string> text,
                               std::int64_t version) {
    return {model::RuleKind::allocation, account, std::move(text), false, {}, version, false};
}

constexpr const char* kComponents = "timezone: UTC\ncomponents: {node_hours: {tres: node}}\n";
constexpr const char* kQuarterly =
    "mode: enforce\nperiod: quarter\nactions: [request_slurm_resource_pausing]\n";

} // namespace

CASE(staff_set_policies_and_allocations_beside_the_file) {
    const ports::Person ann{"ann", "new project", false};
    const ports::Person dry{"ann", "new project", true};
    Reloading bench;
    auto journal = *storage::SqliteJournal::open(bench.dir.file("j.db"), bench.clock);
    auto& store = journal->rules();
    bench.reloader.use_store(store);
    bench.write(std::string(kComponents) + "accounts: {chem: {allocation: {node_hours: 1}}}\n");
    bench.loop.start();

    CHECK(
        !bench.actions.change_rule(policy_change("quarterly", kQuarterly, 0), {"ann", "", false}));
    CHECK(bench.actions.change_rule(policy_change("quarterly", kQuarterly, 0), dry));
    CHECK(store.rules()->empty());
    const auto set = bench.actions.change_rule(policy_change("quarterly", kQuarterly, 0), ann);
    if (!set)
        fail(set.error().context);
    CHECK_EQ(set->id, 1);
    const auto granted = bench.actions.change_rule(
        grant_change("physics", "allocation: {node_hours: 2000}\n", 0), ann);
    if (!granted)
        fail(granted.error().context);
    CHECK_EQ(bench.loop.shown().report->decision.find("physics")->figures.at(0).allocation,
             2000 * kHour);
    CHECK_EQ(store.versions(model::RuleKind::allocation, "physics")->at(0).by, "ann");

    // Nothing of a refused change is kept.
    const std::pair<ports::RuleChange, Errc> refused[] = {
        {policy_change("quarterly", "grace_rato: 1\n", 1), Errc::malformed},
        {policy_change("quarterly", kQuarterly, 0), Errc::conflict},
        {policy_change("quarterly", kQuarterly, 7), Errc::conflict},
        {policy_change("a b", kQuarterly, 0), Errc::malformed},
        {policy_change("", kQuarterly, 0), Errc::malformed},
        {policy_change("a\x1b[2J", kQuarterly, 0), Errc::malformed},
        {grant_change("chem", "allocation: {node_hours: 0}\n", 0), Errc::conflict},
        {grant_change("astro", std::nullopt, 0), Errc::not_found},
        {grant_change("physics", "allocation: {gpu_hours: 1}\n", 1), Errc::malformed},
    };
    for (const auto& [change, code] : refused)
        for (const auto& person : {ann, dry}) {
            const auto done = bench.actions.change_rule(change, person);
            CHECK(!done);
            CHECK(done.error().code == code);
        }
    CHECK_EQ(store.rules()->size(), 2u);
    CHECK_EQ(bench.status.info().config_error, "");

    // A removal holds what is under enforcement.
    const auto removed = bench.actions.change_rule(grant_change("physics", std::nullopt, 1), ann);
    CHECK(removed || removed.error().code == Errc::refused);
    CHECK_EQ(*bench.actions.export_rules("quarterly"),
             std::string("policies:\n  -\n    name: quarterly\n    mode: enforce\n"
                         "    period: quarter\n    actions: [request_slurm_resource_pausing]\n"));
    CHECK(bench.loop.stop(60s));
}

CASE(a_file_that_the_journal_does_not_agree_with_changes_nothing) {
    const ports::Person ann{"ann", "new project", false};
    Reloading bench;
    auto journal = *storage::SqliteJournal::open(bench.dir.file("j.db"), bench.clock);
    bench.reloader.use_store(journal->rules());
    bench.write(kGood);
    bench.loop.start();
    CHECK(bench.actions.evaluate({false, {}, false}));
    const auto set =
        bench.actions.change_rule(grant_change("astro", "allocation: {node_hours: 5}\n", 0), ann);
    if (!set)
        fail(set.error().context);
    const auto before = bench.loop.rules()->version;
    std::string text = kGood;
    text += "  astro: {allocation: {node_hours: 6}}\n";
    bench.write(text);
    const auto refused = bench.reloader.reload(kFebruary + 3s);
    CHECK(!refused);
    CHECK(refused.error().context.find(":11:3: account \"astro\" is in the journal, too") !=
          std::string::npos);
    CHECK_EQ(bench.loop.rules()->version, before);
    CHECK(!bench.status.info().config_error.empty());
    // The removal puts that of the file into force.
    CHECK(bench.actions.change_rule(grant_change("astro", std::nullopt, 1), ann));
    CHECK_EQ(bench.loop.rules()->set.accounts.at("astro").allocation->at("node_hours").text(), "6");
    CHECK_EQ(bench.status.info().config_error, "");
    CHECK(bench.loop.stop(60s));
}

CASE(a_bad_new_file_keeps_the_old_rules_and_every_error_is_told) {
    Reloading bench;
    const auto before = bench.loop.rules();
    bench.write("polices: []\ninterval: -1\n");
    CHECK(!bench.reloader.reload(kFebruary));
    CHECK(bench.loop.rules() == before);
    const auto error = bench.status.info().config_error;
    CHECK(error.find(bench.file + ":1:") != std::string::npos);
    CHECK(error.find(bench.file + ":2:") != std::string::npos);
    bench.write(kGood);
    CHECK(bench.reloader.reload(kFebruary));
    CHECK_EQ(bench.status.info().config_error, "");
}

CASE(a_file_without_rules_is_refused_while_accounts_are_under_enforcement) {
    const std::string good = kGood;
    const std::string texts[] = {"", "timezone: UTC\n", "accounts: {}\npolicies: []\n",
                                 good.substr(0, good.find("policies:")),
                                 good.substr(0, good.find("accounts:"))};
    for (const auto& text : texts) {
        Reloading bench;
        bench.loop.start();
        CHECK(bench.actions.evaluate({false, {}, false}));
        const auto before = bench.loop.rules();
        bench.write(text);
        CHECK(!bench.reloader.reload(kFebruary));
        CHECK(bench.loop.rules() == before);
        const auto error = bench.status.info().config_error;
        CHECK(error.find("1 account on cluster c1 is under enforcement (physics)") !=
              std::string::npos);
        CHECK(error.find("mode: observe") != std::string::npos);
        CHECK(bench.loop.stop(60s));
    }
}

CASE(a_file_without_rules_is_good_where_nothing_is_enforced) {
    Reloading bench;
    auto observing = bench.rules;
    observing.set.policies[0].mode = model::Mode::observe;
    bench.loop.use(std::make_shared<core::Rules>(observing));
    bench.loop.start();
    CHECK(bench.actions.evaluate({false, {}, false}));
    bench.write("timezone: UTC\n");
    CHECK(bench.reloader.reload(kFebruary));
    CHECK(bench.loop.stop(60s));
    settings::Settings waldur;
    waldur.waldur.source = settings::WaldurSettings::Source::waldur;
    CHECK(!core::check_not_empty(waldur, "c1", {"physics"}));
    waldur.policies.components = {{"node_hours", "node", Decimal::whole(60)}};
    CHECK(core::check_not_empty(waldur, "c1", {"physics"}));
}

CASE(a_file_that_is_gone_keeps_the_old_rules) {
    Reloading bench;
    const auto before = bench.loop.rules();
    CHECK(!bench.reloader.reload(kFebruary));
    CHECK(bench.loop.rules() == before);
    CHECK(!bench.status.info().config_error.empty());
}

CASE(a_file_that_the_cluster_contradicts_is_refused) {
    Reloading bench;
    bench.loop.start();
    CHECK(bench.actions.evaluate({false, {}, false}));
    std::string text = kGood;
    text.replace(text.find("tres: node"), 10, "tres: gres/fpga");
    bench.write(text);
    CHECK(!bench.reloader.reload(kFebruary));
    CHECK(bench.status.info().config_error.find("gres/fpga") != std::string::npos);
    CHECK(bench.loop.stop(60s));
}

CASE(keys_that_need_a_restart_are_named) {
    settings::Settings a;
    settings::Settings b = a;
    CHECK(core::fixed_keys_changed(a, b).empty());
    b.daemon.interval = 7s;
    CHECK(core::fixed_keys_changed(a, b).empty());
    b.daemon.journal = "/elsewhere";
    b.daemon.plugin_server.listen = {"0.0.0.0:1"};
    CHECK((core::fixed_keys_changed(a, b) ==
           std::vector<std::string>{"journal", "plugin_server.listen"}));
}

CASE(a_changed_block_waldur_needs_a_restart) {
    settings::Settings a;
    a.waldur.url = "https://waldur.example.org";
    settings::Settings b = a;
    CHECK(core::fixed_keys_changed(a, b).empty());
    b.waldur.push.usage = false;
    const std::vector<std::string> named{"waldur"};
    CHECK(core::fixed_keys_changed(a, b) == named);
    b = a;
    b.waldur.events.port = 1;
    CHECK(core::fixed_keys_changed(a, b) == named);
    b = a;
    b.waldur.token.file = "/elsewhere";
    CHECK(core::fixed_keys_changed(a, b) == named);
    b = a;
    b.waldur.interval = 7s;
    CHECK(core::fixed_keys_changed(a, b) == named);
}
