// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/settings.hpp"

#include "common/base/text.hpp"
#include "tests/common/settings/data.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::model;
using settings::Settings;

namespace {

Settings read(const std::string& text) {
    auto settings = settings::parse(text, "f.yaml");
    if (!settings)
        test::fail(settings.error().context);
    return *std::move(settings);
}

std::string refused(const std::string& text) {
    auto settings = settings::parse(text, "f.yaml");
    return settings ? "accepted" : settings.error().context;
}

Settings full() {
    auto settings = settings::load((test::data_folder() / "good/full.yaml").string());
    if (!settings)
        test::fail(settings.error().context);
    return *std::move(settings);
}

Decimal decimal(const char* text) {
    return Decimal::parse(text).value();
}

const std::string kPolicy = "components: {node_hours: node}\npolicies:\n  - name: p\n";

} // namespace

CASE(a_proxy_that_names_users_is_read) {
    const auto found = settings::load((test::data_folder() / "good/http-proxy.yaml").string());
    CHECK(found);
    const auto& http = found->daemon.http;
    CHECK_EQ(http.url, "https://portal.example.org/sluice/");
    CHECK_EQ(http.proxy_header, "X-User");
    CHECK_EQ(http.proxy_secret_header, "X-Key");
    CHECK_EQ(http.proxy_secret_file, "/etc/sluice/proxy.secret");
    CHECK(http.proxy_addresses == std::vector<std::string>({"192.0.2.7", "2001:db8::7"}));
    CHECK_EQ(read("").daemon.http.proxy_header, "");
}

CASE(defaults_are_those_of_the_manual) {
    const Settings s = read("");
    CHECK_EQ(s.daemon.cluster, "");
    CHECK_EQ(s.daemon.interval.count(), 60);
    CHECK_EQ(s.daemon.retention_days, 90);
    CHECK(s.daemon.plugin_server.enabled);
    CHECK(s.daemon.plugin_server.listen.at(0).ends_with("/sluice/plugins.sock"));
    CHECK(s.daemon.socket.ends_with("/sluiced.sock"));
    CHECK(s.daemon.journal.ends_with("/sluice.db"));
    CHECK_EQ(s.notes.size(), 2U);
    const Policy p = read(kPolicy).policies.policies.at(0);
    CHECK(p.mode == Mode::observe);
    CHECK(p.period.kind == PeriodKind::quarter);
    CHECK(p.match.all());
    CHECK_EQ(p.qos_default, "");
    CHECK_EQ(p.qos_downscaled, "slowdown");
    CHECK_EQ(p.qos_paused, "blocked");
    CHECK(p.carryover.enabled);
    CHECK_EQ(p.carryover.factor.text(), "50");
    CHECK(!p.billing.enabled);
    CHECK(!p.raw_usage_reset);
}

CASE(daemon_keys_are_read) {
    const auto d = full().daemon;
    CHECK_EQ(d.cluster, "alpha");
    CHECK_EQ(d.interval.count(), 120);
    CHECK_EQ(d.retention_days, 30);
    CHECK((d.guard == model::Guard{20, 2}));
    CHECK((d.staff == settings::StaffSettings{false, true, {"Ann", "bob"}, {"hpc-admins"}}));
    CHECK((read("guard: {}").daemon.guard == model::Guard{10, 5}));
    CHECK((read("staff: {}").daemon.staff == settings::StaffSettings{true, true, {}, {}}));
    CHECK((read("staff: {admin_levels: []}").daemon.staff ==
           settings::StaffSettings{false, false, {}, {}}));
    CHECK_EQ(d.confirm_timeout.count(), 45);
    CHECK_EQ(d.munge_socket, "/run/munge/munge.socket.2");
    CHECK_EQ(join(d.plugin_server.listen, " "), "unix:/run/plugins.sock 127.0.0.1:6830 [::1]:6830");
    CHECK_EQ(d.plugin_server.user, "slurm");
    CHECK_EQ(d.plugin_server.munge_socket, "/run/munge/munge.socket.3");
    CHECK(!read("plugin_server: false").daemon.plugin_server.enabled);
    CHECK_EQ(read("clusters: [beta]").daemon.cluster, "beta");
    CHECK_EQ(read("interval: 86400").daemon.interval.count(), 86400);
    CHECK_EQ(read("interval: 1h").daemon.interval.count(), 3600);
}

CASE(what_counts_as_usage_is_read) {
    CHECK(full().policies.counting == model::Counting{});
    const auto none = read("usage_factor: ignore\nidle_reservations: ignore").policies.counting;
    CHECK(!none.factor && !none.idle);
    const auto all = read("usage_factor: apply\nidle_reservations: count").policies.counting;
    CHECK(all.factor && all.idle);
}

CASE(components_and_accounts_are_read) {
    const auto set = full().policies;
    CHECK_EQ(set.timezone, "Europe/Tallinn");
    CHECK_EQ(set.contact, "hpc-admin@example.org");
    CHECK_EQ(set.components.size(), 4U);
    CHECK_EQ(set.components[0].tres, "node");
    CHECK_EQ(set.components[0].unit_factor.text(), "60");
    CHECK_EQ(set.component("cpu_kh")->unit_factor.text(), "60000");
    CHECK_EQ(set.accounts.at("physics").allocation->at("gpu_hours").text(), "12.5");
    CHECK_EQ(set.accounts.at("chem").allocation->at("cpu_kh").text(), "0.5");
}

CASE(accounts_of_a_policy_are_names_or_say_who_gets_its_allocation) {
    const auto match = [](const std::string& accounts) {
        const auto read =
            settings::parse("components: {node_hours: node}\npolicies:\n  - {name: p, "
                            "allocation: {node_hours: 1}, accounts: " +
                                accounts + "}\n",
                            "f.yaml");
        CHECK(read.has_value());
        return read->policies.policies.at(0).match;
    };
    CHECK(match("leaves").all());
    CHECK(!match("leaves").grants_parents);
    CHECK(match("all").all());
    CHECK(match("all").grants_parents);
    CHECK_EQ(join(match("{below: Science}").below, " "), "science");
    CHECK(!match("{below: [a, b]}").all());
    CHECK_EQ(join(match("[all]").accounts, " "), "all");
    CHECK_EQ(join(match("'a, b'").accounts, " "), "a b");
}

CASE(policy_keys_are_read) {
    const Policy p = full().policies.policies.at(0);
    CHECK(p.mode == Mode::enforce);
    CHECK_EQ(join(p.match.accounts, " "), "physics");
    CHECK_EQ(join(p.match.subtrees, " "), "science");
    CHECK(p.grace_ratio == decimal("0.2"));
    CHECK(p.notify_at == decimal("75.5"));
    CHECK(p.hysteresis == decimal("2"));
    CHECK(p.min_dwell == std::chrono::minutes{10} && p.grace_days == 14);
    CHECK(p.pause_by == model::PauseBy::submit_limit);
    CHECK(p.carryover.new_accounts_full);
    CHECK_EQ(p.carryover.factor.text(), "40");
    CHECK_EQ(p.borrow.factor.text(), "10");
    CHECK(p.billing.enabled);
    CHECK_EQ(p.billing.weights.at("GRES/gpu").text(), "0.25");
    CHECK_EQ(p.actions.size(), 5U);
    CHECK_EQ(join(p.external_users, " "), "a@example.org b@example.org");
    CHECK(p.notify_while_observing);
    CHECK(p.coordinators == model::Coordinators::move);
    CHECK_EQ(p.qos_default + p.qos_downscaled + p.qos_paused, "normalslowstop");
    CHECK(p.limits.enabled);
    CHECK(p.limits.type == LimitType::max_tres_mins);
    CHECK_EQ(p.limits.tolerance.text(), "0.5");
    CHECK(p.fairshare.enabled);
    CHECK_EQ(p.fairshare.divisor.text(), "4");
    CHECK(p.raw_usage_reset);
    CHECK(p.drift == Drift::report);
    CHECK_EQ(p.allocation->at("node_hours").text(), "10");
    CHECK_EQ(p.contact, "physics-admin@example.org");
}

CASE(custom_periods_steps_and_decay_are_read) {
    using namespace std::chrono;
    const Policy p = full().policies.policies.at(1);
    CHECK(p.period.kind == PeriodKind::custom);
    CHECK_EQ(p.period.months, 12);
    CHECK(p.period.anchor == year{2026} / October / 1);
    CHECK(p.carryover.model == CarryoverModel::decay);
    CHECK(p.carryover.days_exact);
    CHECK_EQ(p.carryover.half_life_days.text(), "30");
    CHECK(p.strategy == QosStrategy::progressive);
    CHECK_EQ(p.steps.size(), 3U);
    CHECK_EQ(p.steps[2].qos, "blocked");
    CHECK(p.steps[2].pause);
    CHECK(!p.limits.enabled);
    CHECK(!p.fairshare.enabled);
}

CASE(weeks_days_and_labels_of_periods_are_read) {
    using namespace std::chrono;
    const auto period = [](const std::string& text) {
        return read(kPolicy + "    period: " + text + "\n").policies.policies.at(0).period;
    };
    CHECK(period("week").kind == PeriodKind::week);
    CHECK(period("week").week_begins == Monday);
    CHECK(period("week\n    week_begins: sunday").week_begins == Sunday);
    const auto fortnight = period("{custom: {weeks: 2, anchor: 2026-10-31, label: 'cycle-{N}'}}");
    CHECK_EQ(fortnight.days, 14);
    CHECK_EQ(fortnight.months, 0);
    CHECK_EQ(fortnight.label, "cycle-{N}");
    CHECK_EQ(period("{custom: {days: 45, anchor: 2026-10-01}}").days, 45);
}

CASE(budget_check_has_no_value_unless_the_file_has_one) {
    CHECK(!read(kPolicy).policies.policies.at(0).budget_check);
    CHECK(read(kPolicy + "    budget_check: refuse\n").policies.policies.at(0).check() ==
          BudgetCheck::refuse);
}

CASE(numbers_are_never_binary) {
    const Policy p = read(kPolicy + "    grace_ratio: 0.1\n").policies.policies.at(0);
    CHECK_EQ(p.grace_ratio.scaled(), 100'000'000);
}

CASE(a_weight_with_a_unit_suffix_is_per_component_unit_and_noted) {
    const Settings s = full();
    CHECK_EQ(s.policies.policies.at(0).billing.weights.at("mem_gbh").text(), "0.001953125");
    bool noted = false;
    for (const auto& note : s.notes)
        noted = noted || note.find("0.001953125G is taken as 0.001953125 for one unit of "
                                   "mem_gbh") != std::string::npos;
    CHECK(noted);
}

CASE(all_errors_of_a_file_are_reported_in_its_order) {
    CHECK_EQ(refused("intervall: 5\ncomponents: {node_hours: node}\npolicies:\n"
                     "  - name: p\n    grace_ration: 0.2\n    mode: obsrve\n"),
             "f.yaml:1:1: unknown key \"intervall\"; did you mean \"interval\"?\n"
             "f.yaml:5:5: unknown key \"grace_ration\"; did you mean \"grace_ratio\"?\n"
             "f.yaml:6:11: mode: unknown value \"obsrve\"; did you mean \"observe\"?; known: "
             "observe, enforce");
}

CASE(a_flood_of_errors_is_cut) {
    std::string text;
    for (int i = 0; i < 150; ++i)
        text += "k" + std::to_string(1000 + i) + ": 1\n";
    CHECK(refused(text).ends_with("f.yaml: and 50 more of this kind"));
}

CASE(a_missing_file_is_named) {
    const auto settings = settings::load("/nonexistent/sluiced.yaml");
    CHECK(!settings);
    CHECK(settings.error().code == Errc::not_found);
    CHECK_EQ(settings.error().context, "/nonexistent/sluiced.yaml: No such file or directory");
}

CASE(an_unknown_tres_is_named_with_its_place) {
    const Settings s = read("components:\n  gpu_hours: {tres: gres/gp}\n  node_hours: node\n");
    Structure structure;
    structure.tres = {{1, "cpu"}, {2, "mem"}, {3, "energy"}, {4, "node"}, {1001, "gres/gpu"}};
    const auto lines = settings::check_against(s, structure);
    CHECK_EQ(lines.size(), 1U);
    CHECK_EQ(lines[0], "f.yaml:2:21: unknown TRES \"gres/gp\"; did you mean \"gres/gpu\"?; the "
                       "cluster has: cpu, gres/gpu, mem, node; or add it to "
                       "AccountingStorageTRES in slurm.conf");
}

CASE(every_kind_of_tres_that_jobs_are_allocated_is_counted) {
    const Settings s = read("components: {a: CPU, b: mem, c: node, d: Billing, e: GRES/gpu:A100,\n"
                            "  f: License/matlab@server, g: bb/datawarp}\n");
    std::string names;
    for (const auto& component : s.policies.components)
        names += component.tres + ' ';
    CHECK_EQ(names, "cpu mem node billing gres/gpu:A100 license/matlab@server bb/datawarp ");
}

CASE(policies_that_meet_in_the_account_tree_must_agree) {
    const Settings s = read("components: {node_hours: node}\npolicies:\n"
                            "  - {name: a, subtrees: [science], period: quarter}\n"
                            "  - {name: b, accounts: [optics], period: month}\n");
    Structure structure;
    structure.tres = {{4, "node"}};
    Association science;
    science.account = "science";
    science.parent = "root";
    Association optics;
    optics.account = "optics";
    optics.parent = "science";
    structure.associations = {science, optics};
    const auto lines = settings::check_against(s, structure);
    CHECK_EQ(lines.size(), 1U);
    CHECK_EQ(lines[0], "f.yaml:4:5: policies \"a\" (line 3) and \"b\" both match account "
                       "\"optics\" but differ in period; make them agree or let them match "
                       "different accounts");
    structure.associations[1].parent = "root";
    CHECK(settings::check_against(s, structure).empty());
}

CASE(accounts_and_qos_that_the_cluster_lacks_are_warnings_with_a_remedy) {
    const Settings s = read("components: {node_hours: node}\n"
                            "accounts: {phisics: {allocation: {node_hours: 1}}}\n"
                            "policies:\n  - {name: a, accounts: [zoology], qos_paused: stop}\n");
    Structure structure;
    Association physics;
    physics.account = "physics";
    structure.associations = {physics};
    const auto lines = settings::warnings_against(s, structure);
    CHECK_EQ(lines.size(), 3U);
    CHECK_EQ(lines[0], "f.yaml:2:12: account \"phisics\" is not known to slurmdbd; did you mean "
                       "\"physics\"? Else run: sacctmgr add account phisics");
    CHECK_EQ(lines[1], "f.yaml:4:26: account \"zoology\" is not known to slurmdbd; run: sacctmgr "
                       "add account zoology");
    CHECK_EQ(lines[2],
             "f.yaml:4:48: QOS \"stop\" is not known to slurmdbd; run: sacctmgr add qos stop");
    structure.qos = {{1, "stops"}};
    CHECK_EQ(settings::warnings_against(s, structure)[2],
             "f.yaml:4:48: QOS \"stop\" is not known to slurmdbd; did you mean \"stops\"? Else "
             "run: sacctmgr add qos stop");
}

CASE(names_are_those_of_slurm_in_any_case) {
    const Settings s = read("clusters: [LAB, Sea]\n"
                            "components: {Node_Hours: {tres: Node}, gpu: {tres: GRES/gpu:A100}}\n"
                            "accounts:\n"
                            "  PHYSICS: {allocation: {NODE_HOURS: 7, GPU: 2}}\n"
                            "  Chem: {clusters: {SEA: {node_hours: 1}}}\n"
                            "contacts: {Physics: pi@example.org}\n"
                            "groups: {science: {subtree: Bio, accounts: [ECO]}}\n"
                            "policies:\n"
                            "  - {name: P, accounts: [Physics, CHEM], clusters: [Lab],\n"
                            "     qos_paused: Blocked, qos_downscaled: SLOW, qos_default: Normal,\n"
                            "     allocation: {node_HOURS: 3}}\n"
                            "  - {name: g, organization_groups: [science]}\n");
    CHECK_EQ(join(s.daemon.clusters, " "), "lab sea");
    const auto& physics = *s.policies.accounts.at("physics").allocation;
    CHECK_EQ(physics.at("Node_Hours").text(), "7");
    CHECK_EQ(physics.at("gpu").text(), "2");
    CHECK_EQ(s.policies.accounts.at("chem").by_cluster.at("sea").size(), 1U);
    CHECK_EQ(s.notices.contacts.at("physics").size(), 1U);
    const Policy& p = s.policies.policies[0];
    CHECK_EQ(p.name, "P"); // Sluice's own
    CHECK_EQ(join(p.match.accounts, " "), "physics chem");
    CHECK_EQ(p.clusters.at(0), "lab");
    CHECK_EQ(p.qos_paused + ' ' + p.qos_downscaled + ' ' + p.qos_default, "blocked slow normal");
    CHECK_EQ(p.allocation->at("Node_Hours").text(), "3");
    CHECK_EQ(s.policies.policies[1].match.subtrees.at(0), "bio");
    CHECK_EQ(s.policies.policies[1].match.accounts.at(0), "eco");
    Structure lab;
    for (const char* name : {"physics", "chem", "bio", "eco"})
        lab.associations.emplace_back().account = name;
    lab.qos = {{1, "normal"}, {2, "slow"}, {3, "blocked"}, {4, "slowdown"}};
    CHECK(settings::warnings_against(s, lab).empty());
}

namespace {

std::string notes(const std::string& text) {
    std::string out;
    for (const auto& note : read(text).notes)
        out += note + '\n';
    return out;
}

} // namespace

CASE(actions_have_short_names) {
    const Policy p =
        read(kPolicy + "    actions: [notify, slow, pause, block]\n").policies.policies[0];
    CHECK_EQ(p.actions.size(), 4U);
    CHECK(p.has(Action::notify_organization_owners));
    CHECK(p.has(Action::request_slurm_resource_downscaling));
    CHECK(p.has(Action::request_slurm_resource_pausing));
    CHECK(p.has(Action::block_creation_of_new_resources));
    CHECK(read(kPolicy + "    actions: downscale\n")
              .policies.policies[0]
              .has(Action::request_slurm_resource_downscaling));
}

CASE(a_percentage_that_looks_like_a_ratio_is_noted_and_the_reverse) {
    const std::string pause = kPolicy + "    actions: pause\n";
    CHECK_EQ(notes(pause + "    carryover: {factor: 50}\n    grace_ratio: 1\n"), "");
    CHECK_EQ(notes(pause + "    carryover: {factor: 0.5}\n"),
             "f.yaml:5:17: carryover.factor: 0.5 is a percentage, so less than a hundredth; for a "
             "share of 0.5 write 50\n");
    CHECK_EQ(notes(pause + "    carryover_factor: 0.25\n"),
             "f.yaml:5:5: carryover_factor: 0.25 is a percentage, so less than a hundredth; for a "
             "share of 0.25 write 25\n");
    CHECK_EQ(notes(pause + "    notify_at: 0.8\n    borrow: {factor: 0.1}\n"),
             "f.yaml:5:5: notify_at: 0.8 is a percentage, so less than a hundredth; for a share of "
             "0.8 write 80\n"
             "f.yaml:6:14: borrow.factor: 0.1 is a percentage, so less than a hundredth; for a "
             "share of 0.1 write 10\n");
    CHECK_EQ(notes(pause + "    grace_ratio: 5\n"),
             "f.yaml:5:5: grace_ratio: 5 is a ratio, so accounts may use 600 % of their "
             "allocation; 5 % is 0.05\n");
}

CASE(notify_rate_is_a_map_with_defaults) {
    const std::string pause = kPolicy + "    actions: [notify, pause]\n";
    CHECK(!read(pause).policies.policies[0].notify_rate);
    const auto plain = read(pause + "    notify_rate: {}\n").policies.policies[0].notify_rate;
    CHECK(plain->factor == Decimal::whole(5) && plain->least == Decimal::whole(10));
    const auto own = read(pause + "    notify_rate: {factor: 3.5, least: 2}\n");
    CHECK(own.policies.policies[0].notify_rate->factor == decimal("3.5"));
    CHECK(own.policies.policies[0].notify_rate->least == Decimal::whole(2));
    for (const char* bad :
         {"notify_rate: 5", "notify_rate: {factor: 0.5}", "notify_rate:", "notify_rate: {least: 0}",
          "notify_rate: {least: 101}", "notify_rate: {times: 5}"})
        CHECK(!settings::parse(pause + "    " + bad + "\n", "f.yaml"));
    CHECK_EQ(notes(pause + "    notify_rate: {least: 0.1}\n"),
             "f.yaml:5:19: notify_rate.least: 0.1 is a percentage, so less than a hundredth; for a "
             "share of 0.1 write 10\n");
    CHECK_EQ(notes(kPolicy + "    actions: pause\n    notify_rate: {}\n"),
             "f.yaml:3:5: policy \"p\" has notify_rate, but not the action "
             "notify_organization_owners or notify_external_user: no notice is sent\n");
}

CASE(a_budget_check_that_checks_nothing_is_noted) {
    const std::string top = "components: {node_hours: node, bill: billing, solver: license/x}\n"
                            "accounts: {a: {allocation: {bill: 5}}, b: {allocation: {bill: 5}}}\n"
                            "policies:\n  - name: p\n    actions: pause\n";
    const std::string refuse = top + "    budget_check: refuse\n";
    CHECK_EQ(notes(top), "");
    CHECK_EQ(notes(refuse), "f.yaml:4:5: policy \"p\": budget_check checks nothing: bill (billing) "
                            "is not known when a job is submitted\n");
    CHECK_EQ(notes(refuse + "    tres_billing: {enabled: true, weights: slurm}\n"),
             "f.yaml:7:44: policy \"p\": budget_check checks nothing: with weights: slurm, Slurm "
             "prices a job when it starts; give weights of your own, or rely on limits\n");
    CHECK_EQ(notes(refuse + "    allocation: {node_hours: 1, solver: 1}\n"),
             "f.yaml:4:5: policy \"p\": budget_check checks no bill (billing), solver (license/x), "
             "which is not known when a job is submitted\n");
    CHECK_EQ(notes(refuse + "    accounts: [c]\n    allocation: {node_hours: 1}\n"), "");
}

CASE(nothing_of_one_component_pauses_all_jobs_and_is_noted) {
    const std::string components = "components: {cpu_minutes: cpu, gpu_min: gres/gpu}\n";
    const std::string policy = "policies:\n  - {name: p, actions: pause}\n";
    CHECK_EQ(
        notes(components + "accounts: {a: {allocation: {cpu_minutes: 10, gpu_min: 0}}}\n" + policy),
        "f.yaml:2:12: account \"a\": 0 gpu_min pauses the account for all jobs, also those "
        "that use none of it (the fullest component decides); to keep jobs from one TRES, "
        "leave the component out and set GrpTRES of that TRES to 0 with sacctmgr\n");
    // closed on purpose
    CHECK_EQ(
        notes(components + "accounts: {a: {allocation: {cpu_minutes: 0, gpu_min: 0}}}\n" + policy),
        "");
}
