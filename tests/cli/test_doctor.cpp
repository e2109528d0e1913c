// SPDX-License-Identifier: GPL-2.0-or-later
// What `sluice doctor` makes of the daemon's answers.
#include "cli/subcommands/doctor.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::cli;

namespace {

json::Value parsed(const std::string& text) {
    auto value = json::parse(text);
    CHECK(value.has_value());
    return std::move(*value);
}

// All is well; a test spoils one answer.
struct Case {
    std::string status = R"({
        "daemon": {"version": "1.2.0", "config_file": "/etc/sluice/sluiced.yaml", "config_error": "",
                   "down": [], "interval_s": 60, "backup_epoch": 900, "backup_file": "/j.bak"},
        "cycle": {"at_epoch": 1000, "error": ""},
        "accounts": [{"account": "physics", "mode": "enforce", "error": ""}], "problems": []})";
    std::string plugin_server = R"({"plugin_server": {"sequence": 7, "plugins": [
        {"host": "ctl1", "sequence": 7, "last_seen_epoch": 1005, "faults": 0,
         "plugin_version": "1.2.0"}]}})";
    std::string controller = R"({"controller": {"version": "22.05.8", "built_for": "22.05.2",
        "rights": {"user": "slurm", "admin_level": "operator"}, "clock_ahead_s": 1,
        "enforce": ["associations", "limits", "qos", "safe"], "job_submit_plugins": ["sluice"],
        "decay_half_life_s": 0, "usage_reset": "none"}})";
    std::string commands = R"({"commands": []})";
    std::string outbox = R"({"messages": [], "targets": []})";

    // REQUIRES: `what` stands in `answer`
    static void spoil(std::string& answer, const std::string& what, const std::string& with) {
        const auto at = answer.find(what);
        CHECK(at != std::string::npos);
        answer.replace(at, what.size(), with);
    }
    std::vector<Finding> run() const {
        const auto a = parsed(status);
        const auto b = parsed(plugin_server);
        const auto c = parsed(controller);
        const auto d = parsed(commands);
        const auto e = parsed(outbox);
        return examine({.status = a.view(),
                        .plugin_server = b.view(),
                        .controller = c.view(),
                        .commands = d.view(),
                        .outbox = e.view(),
                        .now = instant(1010),
                        .version = "1.2.0"});
    }
    // Whether a finding has both parts.
    bool has(const std::string& text, const std::string& remedy) const {
        const auto findings = run();
        return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
            return finding.text.find(text) != std::string::npos &&
                   finding.remedy.find(remedy) != std::string::npos;
        });
    }
    // The checks that are not good: "plugin", or "note:slurm".
    std::string bad() const {
        std::string out;
        for (const auto& finding : run()) {
            if (finding.health == Health::good)
                continue;
            CHECK(!finding.remedy.empty());
            out += out.empty() ? "" : " ";
            out += finding.health == Health::note ? "note:" + finding.check : finding.check;
        }
        return out;
    }
};

} // namespace

CASE(a_healthy_cluster_has_one_good_line_per_check) {
    const Case all;
    CHECK_EQ(all.bad(), "");
    CHECK_EQ(all.run().size(), 13U);
}

CASE(a_refused_file_is_a_fault_and_observing_a_note) {
    Case refused;
    Case::spoil(refused.status, R"("config_error": "")",
                R"("config_error": "sluiced.yaml:3:5: x")");
    CHECK_EQ(refused.bad(), "settings");
    Case observing;
    Case::spoil(observing.status, "enforce", "observe");
    CHECK_EQ(observing.bad(), "note:settings");
    Case empty;
    Case::spoil(empty.status, R"({"account": "physics", "mode": "enforce", "error": ""})", "");
    CHECK_EQ(empty.bad(), "settings");
}

CASE(the_first_evaluation_is_a_note_while_it_runs) {
    Case first;
    Case::spoil(first.status, R"("cycle": {"at_epoch": 1000, "error": ""},)",
                R"("cycle": null, "evaluation_under_way": {"since_epoch": 990, "trigger": "start",
                   "phase": "collect", "progress": "collect, 34 of 100 accounts"},)");
    Case::spoil(first.status, R"({"account": "physics", "mode": "enforce", "error": ""})", "");
    CHECK_EQ(first.bad(), "note:evaluation");
    CHECK(first.has("the first evaluation has been running for 20 s: phase collect, 34 of 100 "
                    "accounts",
                    "sluice status"));
    Case none = first;
    Case::spoil(none.status, R"("evaluation_under_way": {)", R"("other": {)");
    CHECK_EQ(none.bad(), "evaluation");
    Case hung = first;
    Case::spoil(hung.status, R"("since_epoch": 990)", R"("since_epoch": 1)");
    CHECK_EQ(hung.bad(), "evaluation");
    CHECK(hung.has("the evaluation that began 16 min ago does not end: phase collect", "sluiced"));
}

CASE(a_long_evaluation_does_not_make_the_last_one_late) {
    Case apply;
    Case::spoil(apply.status, R"("cycle": {"at_epoch": 1000, "error": ""},)",
                R"("cycle": {"at_epoch": 500, "error": ""}, "evaluation_under_way":
                   {"since_epoch": 560, "trigger": "timer", "phase": "apply",
                    "progress": "apply, 10000 changes"},)");
    CHECK_EQ(apply.bad(), "note:evaluation");
    CHECK(
        apply.has("an evaluation has been running for 7 min: phase apply, 10000 changes", "wait"));
}

CASE(queued_jobs_that_wait_because_of_sluice_are_a_note) {
    Case paused;
    Case::spoil(paused.status, R"("mode": "enforce",)",
                R"("mode": "enforce", "standing": "paused",
                   "waiting_jobs": {"invalid_qos": 3, "held": 1},)");
    CHECK_EQ(paused.bad(), "note:jobs");
    CHECK(paused.has("4 queued jobs of 1 paused account wait because of Sluice (account physics)",
                     "sluice explain physics"));
}

CASE(a_daemon_of_another_version_is_a_note) {
    Case older;
    Case::spoil(older.status, R"("version": "1.2.0")", R"("version": "1.1.9")");
    // The plugin is not of the daemon's version then, either.
    CHECK_EQ(older.bad(), "note:daemon note:plugin");
    CHECK(older.has("sluiced is version 1.1.9, sluice is version 1.2.0",
                    "systemctl restart sluiced"));
}

CASE(a_backup_that_fails_or_is_old_is_a_fault_of_the_journal) {
    Case failed;
    Case::spoil(failed.status, R"("problems": [])",
                R"("problems": [{"account": "", "part": "journal", "what": "the backup fails: full",
                    "remedy": "free space"}])");
    CHECK_EQ(failed.bad(), "journal");
    CHECK(failed.has("the backup fails: full", "free space"));
    Case old;
    Case::spoil(old.status, R"("backup_epoch": 900)", R"("backup_epoch": -200000)");
    CHECK_EQ(old.bad(), "journal");
    CHECK(old.has("the newest backup of the journal is 2 d old: /j.bak", "SLUICE-084"));
    Case none;
    Case::spoil(none.status, R"("backup_epoch": 900)", R"("backup_epoch": null)");
    CHECK_EQ(none.bad(), "note:journal");
}

CASE(a_daemon_without_rights_in_slurmdbd_is_a_fault) {
    Case none;
    Case::spoil(none.controller, R"("operator")", R"("none")");
    CHECK_EQ(none.bad(), "rights");
    CHECK(none.has("user slurm has admin level none in slurmdbd: slurmdbd refuses",
                   "sacctmgr modify user slurm set adminlevel=operator"));
    // Before the first policy enforces, too.
    Case::spoil(none.status, "enforce", "observe");
    CHECK_EQ(none.bad(), "note:settings rights");
    CHECK(none.has("admin level none in slurmdbd: slurmdbd will refuse", "modify user slurm"));
    Case stranger;
    Case::spoil(stranger.controller, R"("operator")", R"("unknown")");
    CHECK_EQ(stranger.bad(), "rights");
    CHECK(stranger.has("admin level unknown in slurmdbd",
                       "sacctmgr add user slurm account=root adminlevel=operator"));
    Case all;
    Case::spoil(all.controller, R"("operator")", R"("administrator")");
    CHECK_EQ(all.bad(), "");
    Case silent;
    Case::spoil(silent.controller, R"("operator")", R"("")");
    CHECK_EQ(silent.bad(), "note:rights");
}

CASE(a_slurmctld_of_another_release_is_a_note) {
    Case newer;
    Case::spoil(newer.controller, R"("version": "22.05.8")", R"("version": "23.02.1")");
    CHECK_EQ(newer.bad(), "note:slurm");
    CHECK(newer.has(
        "slurmctld runs Slurm 23.02, sluiced was built for Slurm 22.05: slurmctld accepts",
        "built for Slurm 23.02"));
    Case older;
    Case::spoil(older.controller, R"("built_for": "22.05.2")", R"("built_for": "24.11.5")");
    CHECK_EQ(older.bad(), "note:slurm");
    CHECK(older.has(
        "slurmctld runs Slurm 22.05, sluiced was built for Slurm 24.11: slurmctld accepts",
        "built for Slurm 22.05"));
}

CASE(a_waldur_token_without_a_role_is_a_fault) {
    const std::string refused = R"({"id": 4, "target": "waldur", "kind": "set-usage",
        "state": "parked", "error": "HTTP 403: You do not have permission"})";
    Case no_role;
    no_role.outbox = R"({"messages": [)" + refused + R"(], "targets": []})";
    CHECK_EQ(no_role.bad(), "messages");
    CHECK(no_role.has("waldur refused set-usage: HTTP 403", "fix the cause on the receiving side"));
}

CASE(a_source_that_is_down_and_a_late_evaluation_are_faults) {
    Case away;
    Case::spoil(away.status, R"("down": [])", R"("down": ["slurmdbd"])");
    CHECK_EQ(away.bad(), "sources");
    Case failed;
    Case::spoil(failed.status, R"("at_epoch": 1000, "error": "")",
                R"("at_epoch": 1, "error": "x")");
    CHECK_EQ(failed.bad(), "evaluation evaluation");
    Case none;
    Case::spoil(none.status, R"({"at_epoch": 1000, "error": ""})", "null");
    CHECK_EQ(none.bad(), "evaluation");
}

CASE(problems_come_with_their_own_remedy) {
    Case missing;
    Case::spoil(missing.status, R"("problems": [])",
                R"("problems": [{"account": "", "what": "QOS slow does not exist",
                                 "remedy": "sacctmgr add qos slow"}])");
    CHECK_EQ(missing.bad(), "accounts");
    const auto findings = missing.run();
    CHECK(std::any_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.remedy == "sacctmgr add qos slow"; }));
}

CASE(refused_and_late_messages_are_faults) {
    const std::string refused =
        R"({"id": 4, "target": "waldur", "kind": "set-usage", "state": "parked",
            "error": "HTTP 403"})";
    Case parked;
    parked.outbox = R"({"messages": [)" + refused + "," + refused + R"(], "targets": [
        {"target": "waldur", "waiting": 2, "parked": 2, "oldest_epoch": 1000}]})";
    CHECK_EQ(parked.bad(), "messages"); // one reason, told once; those that wait do so for seconds
    Case late;
    late.outbox = R"({"messages": [], "targets": [
        {"target": "mail", "waiting": 2, "parked": 0, "oldest_epoch": -3000}]})";
    CHECK_EQ(late.bad(), "messages");
    Case unknown;
    unknown.outbox = R"({"error": "locked"})";
    CHECK_EQ(unknown.bad(), "messages");
}

CASE(a_failed_command_is_a_fault_until_the_next_of_its_kind) {
    const std::string failed =
        R"({"account": "physics", "type": "qos", "success": false, "error": "denied"})";
    const std::string done = R"({"account": "physics", "type": "qos", "success": true})";
    Case last;
    last.commands = R"({"commands": [)" + failed + "," + done + "]}";
    CHECK_EQ(last.bad(), "commands");
    Case repeated;
    repeated.commands = R"({"commands": [)" + done + "," + failed + "]}";
    CHECK_EQ(repeated.bad(), "");
    Case unknown;
    unknown.commands = R"({"error": "journal: locked"})";
    CHECK_EQ(unknown.bad(), "commands");
}

CASE(missing_settings_of_slurm_conf_are_found) {
    Case lax;
    Case::spoil(lax.controller, R"("limits", "qos", "safe")", R"("wckeys")");
    CHECK_EQ(lax.bad(), "slurm slurm");
    Case unsafe;
    Case::spoil(unsafe.controller, R"(, "safe")", "");
    CHECK_EQ(unsafe.bad(), "note:slurm");
    Case found;
    Case::spoil(found.controller, R"("usage_reset": "none")",
                R"("usage_reset": "none", "findings": [
                   {"fault": true, "what": "QOS blocked does not block", "remedy": "sacctmgr b"},
                   {"fault": false, "what": "QOS slow is not slower", "remedy": "sacctmgr s"}])");
    CHECK_EQ(found.bad(), "slurm note:slurm");
    CHECK(found.has("QOS slow is not slower", "sacctmgr s"));
    Case away;
    away.controller = R"({"error": "slurmctld: away"})";
    CHECK_EQ(away.bad(), "note:rights slurm note:clock");
}

CASE(a_value_that_is_corrected_again_and_again_has_a_second_writer) {
    const std::string drift =
        R"({"account": "physics", "type": "qos", "success": true, "requested_epoch": 900,
            "reason": "drift"})";
    Case twice;
    twice.commands = R"({"commands": [)" + drift + "," + drift + "]}";
    CHECK_EQ(twice.bad(), "");
    Case often;
    often.commands = R"({"commands": [)" + drift + "," + drift + "," + drift + "]}";
    CHECK_EQ(often.bad(), "commands");
    CHECK(often.has("account physics: qos was changed 3 times within a day, and Sluice set it back "
                    "each time: another program writes the same values",
                    "sacctmgr list transactions accounts=physics"));
    Case old = often;
    while (old.commands.find(": 900") != std::string::npos)
        Case::spoil(old.commands, ": 900", ": -90000");
    CHECK_EQ(old.bad(), "");
}

CASE(a_plugin_of_another_slurm_release_is_named) {
    Case other;
    other.plugin_server = R"({"plugin_server": {"sequence": 7, "plugins": []}})";
    CHECK(other.has("slurmctld runs Slurm 22.05.8, these packages of Sluice were built for Slurm "
                    "22.05.2",
                    "built for Slurm 22.05.8"));
    Case::spoil(other.controller, "22.05.2", "22.05.8");
    CHECK(other.has("no plugin is connected", "check Daemon="));
}

CASE(clocks_may_differ_by_seconds) {
    Case close;
    Case::spoil(close.controller, R"("clock_ahead_s": 1)", R"("clock_ahead_s": -10)");
    CHECK_EQ(close.bad(), "");
    Case behind;
    Case::spoil(behind.controller, R"("clock_ahead_s": 1)", R"("clock_ahead_s": -11)");
    CHECK_EQ(behind.bad(), "clock");
}

CASE(a_plugin_must_be_listed_connected_and_up_to_date) {
    Case unlisted;
    Case::spoil(unlisted.controller, R"(["sluice"])", R"(["lua"])");
    CHECK_EQ(unlisted.bad(), "plugin");
    const auto findings = unlisted.run();
    CHECK(findings.back().remedy.find("JobSubmitPlugins=lua,sluice") != std::string::npos);
    Case longer;
    Case::spoil(longer.controller, R"(["sluice"])", R"(["lua", "job_submit/sluice"])");
    CHECK_EQ(longer.bad(), "");
    Case unknown;
    unknown.plugin_server = R"({"error": "timeout"})";
    CHECK_EQ(unknown.bad(), "plugin");
    CHECK(unknown.has("the state of the plugins is unknown: timeout", "journalctl"));
    Case none;
    none.plugin_server = R"({"plugin_server": {"sequence": 7, "plugins": []}})";
    CHECK_EQ(none.bad(), "plugin");
    Case silent;
    Case::spoil(silent.plugin_server, "1005", "949");
    CHECK_EQ(silent.bad(), "plugin");
    Case old;
    Case::spoil(old.plugin_server, R"("host": "ctl1", "sequence": 7)",
                R"("host": "ctl1", "sequence": 5)");
    CHECK_EQ(old.bad(), "plugin");
    Case faulty;
    Case::spoil(faulty.plugin_server, R"("faults": 0)", R"("faults": 2)");
    CHECK_EQ(faulty.bad(), "plugin");
    Case version;
    Case::spoil(version.plugin_server, R"("plugin_version": "1.2.0")",
                R"("plugin_version": "1.1.0")");
    CHECK_EQ(version.bad(), "note:plugin");
    Case unstored;
    Case::spoil(unstored.plugin_server, R"("faults": 0)",
                R"("faults": 0, "unstored_since_epoch": 880)");
    CHECK_EQ(unstored.bad(), "plugin");
    CHECK(unstored.has("plugin on ctl1: snapshot in use not stored", "free space"));
    Case storing;
    Case::spoil(storing.plugin_server, R"("faults": 0)",
                R"("faults": 0, "unstored_since_epoch": 900)");
    CHECK_EQ(storing.bad(), "");
}

CASE(an_untrusted_clock_is_a_fault_with_two_remedies) {
    Case one;
    Case::spoil(one.status, R"("problems": [])",
                R"("problems": [], "clock": {"trusted": false, "detail": "the clock went back"})");
    CHECK_EQ(one.bad(), "clock");
    CHECK(one.has("the clock went back: no period begins", "sluice clock accept"));
}
