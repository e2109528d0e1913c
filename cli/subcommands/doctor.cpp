// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice doctor`: everything between the settings and a refused job is checked, in the order of
// that chain. Asks the daemon, examines the answers, prints findings with remedies.
#include "cli/subcommands/doctor.hpp"

#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

#include "config.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

namespace sluice::cli {
namespace {

using json::View;

// Munge rejects credentials at 300 s; a pause that ends by itself is off by the whole difference.
constexpr std::int64_t kClockTolerance = 10;
constexpr std::chrono::hours kBackupLate{49};
constexpr std::chrono::hours kMessageLate{1};
constexpr std::chrono::seconds kSilence{60};  // of a plugin, which reports every few seconds
constexpr std::chrono::minutes kStoreTime{2}; // of a plugin, for a snapshot
constexpr std::chrono::minutes kHungEvaluation{15};
constexpr std::chrono::hours kRepairs{24};
constexpr std::int64_t kManyRepairs = 3;

class Examination {
public:
    explicit Examination(const Evidence& evidence) : in_(evidence) {}

    std::vector<Finding> run() {
        each("daemon", "sluiced " + in_.version + " responds", &Examination::daemon);
        each("settings", "settings in force: " + info()["config_file"].text(),
             &Examination::settings);
        each("sources",
             cycle().is_object()
                 ? "slurmdbd, slurmctld and the journal responded to the last evaluation"
                 : "no source is known to be down; the first evaluation has not completed",
             &Examination::sources);
        each("journal", "last backup of the journal: " + since(info()["backup_epoch"]) + " ago",
             &Examination::journal);
        each("rights", "slurmdbd accepts changes by user " + rights()["user"].text(),
             &Examination::rights_suffice);
        each("evaluation", "last evaluation succeeded " + since(cycle()["at_epoch"]) + " ago",
             &Examination::evaluation);
        each("accounts", "no account needs attention", &Examination::accounts);
        each("jobs", "no queued job waits because of Sluice", &Examination::jobs);
        each("commands", "no recent command failed", &Examination::commands);
        each("messages", "no message was refused or is late", &Examination::messages);
        each("slurm", "slurm.conf enforces limits and QOS", &Examination::slurm);
        each("clock",
             "clock of sluiced's host is in step with slurmctld (offset " +
                 std::to_string(controller()["clock_ahead_s"].integer()) + " s)",
             &Examination::clock);
        each("plugin",
             counted(std::ssize(plugins()), "plugin") + " connected, with the newest snapshot",
             &Examination::plugin);
        return std::move(out_);
    }

private:
    void each(const char* check, std::string good, void (Examination::*look)()) {
        check_ = check;
        const auto before = out_.size();
        (this->*look)();
        if (out_.size() == before)
            add(Health::good, std::move(good), "");
    }
    void add(Health health, std::string text, std::string remedy) {
        out_.push_back({health, check_, std::move(text), std::move(remedy)});
    }
    void fault(std::string text, std::string remedy) {
        add(Health::fault, std::move(text), std::move(remedy));
    }
    void note(std::string text, std::string remedy) {
        add(Health::note, std::move(text), std::move(remedy));
    }

    View info() const { return in_.status["daemon"]; }
    View cycle() const { return in_.status["cycle"]; }
    View running() const { return in_.status["evaluation_under_way"]; }
    View controller() const { return in_.controller["controller"]; }
    View rights() const { return controller()["rights"]; }
    std::vector<View> plugins() const {
        return in_.plugin_server["plugin_server"]["plugins"].items();
    }
    std::chrono::seconds passed(View epoch) const { return in_.now - instant(epoch.integer()); }
    std::string since(View epoch) const { return age(passed(epoch)); }
    bool enforces() const;
    void release();
    void daemon();
    void settings();
    void sources();
    void journal();
    void rights_suffice();
    void evaluation();
    void accounts();
    void jobs();
    void commands();
    void second_writer();
    void messages();
    void late(View target);
    void slurm();
    void clock();
    void plugin();
    void one_plugin(View plugin, std::int64_t newest);
    const Evidence& in_;
    std::string check_;
    std::vector<Finding> out_;
};

void Examination::daemon() {
    if (const auto version = info()["version"].text(); version != in_.version)
        note("sluiced is version " + version + ", sluice is version " + in_.version,
             "after an upgrade run: systemctl restart sluiced");
}

bool Examination::enforces() const {
    const auto all = in_.status["accounts"].items();
    return std::any_of(all.begin(), all.end(),
                       [](View a) { return a["mode"].text() == "enforce"; });
}

void Examination::settings() {
    const auto file = info()["config_file"].text();
    if (const auto error = info()["config_error"].text(); !error.empty())
        fault("new settings were rejected, the previous settings stay in force: " + error,
              "correct the file, then run: sluiced --check && systemctl reload sluiced");
    if (!cycle().is_object())
        return; // which accounts there are is not known yet
    if (in_.status["accounts"].items().empty())
        fault("no account has a policy and an allocation: sluiced has nothing to evaluate",
              "add accounts with an allocation to " + file);
    else if (!enforces())
        note("all policies are in observe mode: Sluice changes nothing and refuses no job",
             "when the figures of sluice status are correct, set mode: enforce in " + file);
}

void Examination::sources() {
    for (const auto& source : info()["down"].texts())
        fault(
            source + " does not respond",
            source == "journal"
                ? "check the disk of the journal, then run: journalctl -u sluiced"
                : "restore " + source +
                      "; until then sluiced keeps the last good figures, and continues by itself");
}

void Examination::journal() {
    const auto before = out_.size();
    for (const auto& problem : in_.status["problems"].items())
        if (problem["part"].text() == "journal")
            fault(problem["what"].text(), problem["remedy"].text());
    const auto made = info()["backup_epoch"];
    if (out_.size() != before)
        return;
    if (!made.is_integer())
        note("no backup of the journal exists yet",
             "sluiced makes a backup within minutes of its start; then run sluice doctor again");
    else if (passed(made) > kBackupLate)
        fault("the newest backup of the journal is " + since(made) +
                  " old: " + info()["backup_file"].text(),
              "run: journalctl -u sluiced -g SLUICE-084");
}

// Missing rights show up only when a policy enforces; this check finds them before.
void Examination::rights_suffice() {
    const auto user = rights()["user"].text();
    const auto level = rights()["admin_level"].text();
    if (level.empty())
        note("rights of sluiced in slurmdbd are unknown: slurmctld or slurmdbd does not respond",
             "restore slurmctld and slurmdbd, then run sluice doctor again");
    else if (level != "operator" && level != "administrator")
        fault("user " + user + " has admin level " + level + " in slurmdbd: slurmdbd " +
                  (enforces() ? "refuses the changes of Sluice"
                              : "will refuse the changes when a policy enforces"),
              level == "unknown"
                  ? "run: sacctmgr add user " + user + " account=root adminlevel=operator"
                  : "run: sacctmgr modify user " + user + " set adminlevel=operator");
}

void Examination::evaluation() {
    const bool runs = running().is_object();
    if (runs && passed(running()["since_epoch"]) < kHungEvaluation)
        note(std::string(cycle().is_object() ? "an" : "the first") +
                 " evaluation has been running for " + since(running()["since_epoch"]) +
                 ": phase " + running()["progress"].text(),
             "wait for its end; run sluice status to see how far it is");
    else if (runs)
        fault("the evaluation that began " + since(running()["since_epoch"]) +
                  " ago does not end: phase " + running()["progress"].text(),
              "run: journalctl -u sluiced; if sluiced hangs: systemctl restart sluiced");
    if (!cycle().is_object()) {
        if (!runs)
            fault("no evaluation has completed since sluiced started",
                  "run: journalctl -u sluiced");
        return;
    }
    if (const auto error = cycle()["error"].text(); !error.empty())
        fault("the last evaluation failed: " + error,
              "correct this cause; until then the figures of the last good evaluation stay in use");
    const auto interval = std::chrono::seconds(info()["interval_s"].integer(60));
    if (!runs && passed(cycle()["at_epoch"]) > 3 * interval + std::chrono::seconds(60))
        fault("the last evaluation was " + since(cycle()["at_epoch"]) + " ago, expected every " +
                  age(interval),
              "run: journalctl -u sluiced; if sluiced hangs: systemctl restart sluiced");
}

void Examination::accounts() {
    auto problems = in_.status["problems"].items();
    std::erase_if(problems, [](View problem) { return !problem["part"].text().empty(); });
    for (const auto& group : problem_groups(problems))
        fault((group.account.empty() ? "" : "account " + group.account + group.others() + ": ") +
                  group.what,
              group.remedy);
    std::map<std::string, std::pair<std::string, std::int64_t>>
        errors; // first account, their number
    for (const auto& account : in_.status["accounts"].items())
        // What is held is among the problems.
        if (const auto error = account["error"].text();
            !error.empty() && account["held"].text().empty())
            ++errors.try_emplace(error, account["account"].text(), 0).first->second.second;
    for (const auto& [error, accounts] : errors)
        fault("account " + accounts.first +
                  (accounts.second > 1
                       ? " and " + counted(accounts.second - 1, "more account") + " were"
                       : std::string(" was")) +
                  " not evaluated: " + error,
              "run: sluice explain " + accounts.first);
}

// One line for all accounts of a standing.
void Examination::jobs() {
    for (const char* standing : {"paused", "downscaled", "warned", "normal"}) {
        std::int64_t waiting = 0;
        std::int64_t accounts = 0;
        std::string first;
        for (const auto& account : in_.status["accounts"].items()) {
            const auto jobs = account["waiting_jobs"];
            const std::int64_t here = jobs["invalid_qos"].integer() + jobs["held"].integer();
            if (here == 0 || account["standing"].text() != standing)
                continue;
            waiting += here;
            if (++accounts == 1)
                first = account["account"].text();
        }
        if (waiting == 0)
            continue;
        const bool paused = std::string_view(standing) == "paused";
        note(counted(waiting, "queued job") + " of " +
                 counted(accounts, standing + std::string(" account")) +
                 (waiting == 1 ? " waits" : " wait") + " because of Sluice (account " + first +
                 (accounts == 1 ? ")" : " and others)"),
             paused ? "the jobs go on after the pause; see: sluice explain " + first
                    : "run: sluice explain " + first);
    }
}

void Examination::commands() {
    if (const auto error = in_.commands["error"].text(); !error.empty())
        return fault("recent commands are unknown: " + error,
                     "run: journalctl -u sluiced; then: sluice commands");
    second_writer();
    // A command that was repeated with success is over: only the newest of each kind counts.
    std::vector<std::string> seen;
    for (const auto& command : in_.commands["commands"].items()) {
        const auto account = command["account"].text();
        const auto key = account + ' ' + command["type"].text() + ' ' + command["user"].text();
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            continue;
        seen.push_back(key);
        if (command["success"].is_bool() && !command["success"].boolean())
            fault("account " + account + ": command " + command["type"].text() +
                      " failed: " + command["error"].text(),
                  "run: sluice commands " + account +
                      "; to change it by hand: " + command["sacctmgr"].text());
    }
}

// What Sluice corrects again and again is changed by another program: a second sluiced, a site
// agent, a script.
void Examination::second_writer() {
    std::map<std::pair<std::string, std::string>, std::int64_t> repairs;
    for (const auto& command : in_.commands["commands"].items())
        if (command["reason"].text().starts_with("drift") &&
            passed(command["requested_epoch"]) < kRepairs)
            ++repairs[{command["account"].text(), command["type"].text()}];
    std::int64_t accounts = 0;
    std::string first;
    for (const auto& [whose, count] : repairs)
        if (count >= kManyRepairs && ++accounts == 1)
            first = "account " + whose.first + ": " + whose.second + " was changed " +
                    std::to_string(count) + " times within a day, and Sluice set it back each time";
    if (accounts == 0)
        return;
    const auto name = first.substr(8, first.find(':') - 8);
    fault(first + (accounts > 1 ? " (and " + std::to_string(accounts - 1) + " more like it)" : "") +
              ": another program writes the same values",
          "find it: sacctmgr list transactions accounts=" + name +
              "; then stop one of both, or set drift: report in the policy");
}

// To Waldur, by mail, to webhooks. Messages refused for the same reason give one finding.
void Examination::messages() {
    if (const auto error = in_.outbox["error"].text(); !error.empty())
        return fault("the state of the outbox is unknown: " + error, "run: sluice outbox");
    std::vector<std::string> seen;
    for (const auto& message : in_.outbox["messages"].items()) {
        const auto text = message["target"].text() + " refused " + message["kind"].text() + ": " +
                          message["error"].text();
        if (message["state"].text() != "parked" ||
            std::find(seen.begin(), seen.end(), text) != seen.end())
            continue;
        seen.push_back(text);
        fault(text, "fix the cause on the receiving side, then run: sluice outbox retry " +
                        std::to_string(message["id"].integer()) +
                        " (or drop); sluice outbox lists all messages");
    }
    for (const auto& target : in_.outbox["targets"].items())
        late(target);
}

void Examination::late(View target) {
    const auto oldest = target["oldest_epoch"];
    if (!oldest.is_integer() || passed(oldest) < kMessageLate)
        return;
    const auto name = target["target"].text();
    fault(
        counted(target["waiting"].integer(), "message") + " for " + name +
            " in the outbox, the oldest for " + since(oldest),
        "check that " + name +
            " is reachable; sluiced retries by itself. See: sluice outbox; journalctl -u sluiced");
}

// "24.11" of "24.11.5"
std::string release_of(const std::string& version) {
    return version.substr(0, version.find('.', version.find('.') + 1));
}

// Too large a difference shows as an error; this note comes before the next upgrade does.
void Examination::release() {
    const auto theirs = release_of(controller()["version"].text());
    const auto ours = release_of(controller()["built_for"].text());
    if (theirs.empty() || ours.empty() || theirs == ours)
        return;
    note("slurmctld runs Slurm " + theirs + ", sluiced was built for Slurm " + ours +
             ": slurmctld accepts clients of its own and a few earlier releases only",
         "install the packages of Sluice that were built for Slurm " + theirs);
}

void Examination::slurm() {
    if (const auto error = in_.controller["error"].text(); !error.empty())
        return fault(
            "the settings of slurmctld are unknown: " + error,
            "check that slurmctld responds (scontrol ping). If it does not start, search "
            "its log for \"Incompatible Slurm plugin\": job_submit_sluice.so must be built "
            "for exactly its release; install the matching packages of Sluice");
    release();
    const auto enforce = controller()["enforce"].texts();
    const auto has = [&](const char* word) {
        return std::find(enforce.begin(), enforce.end(), word) != enforce.end();
    };
    const std::string remedy =
        "set AccountingStorageEnforce=associations,limits,qos,safe in slurm.conf and restart "
        "slurmctld";
    for (const char* word : {"limits", "qos"})
        if (!has(word))
            fault(std::string("AccountingStorageEnforce has no ") + word +
                      ": slurmctld does not enforce what Sluice sets in slurmdbd",
                  remedy);
    if (has("limits") && !has("safe"))
        note("AccountingStorageEnforce has no safe: slurmctld starts jobs that cannot finish "
             "within GrpTRESMins and ends them at that limit; the warning at submission says that "
             "they wait",
             remedy);
    for (const auto& finding : controller()["findings"].items())
        add(finding["fault"].boolean() ? Health::fault : Health::note, finding["what"].text(),
            finding["remedy"].text());
}

void Examination::clock() {
    if (const auto clock = in_.status["clock"]; clock.is_object() && !clock["trusted"].boolean())
        return fault(clock["detail"].text() + ": no period begins and no pause is lifted",
                     "correct the clock of sluiced's host (chronyc tracking); if its time is "
                     "right, run: sluice clock accept --reason=TEXT");
    const auto offset = controller()["clock_ahead_s"];
    if (!offset.is_integer())
        return note("the clock of slurmctld is unknown: slurmctld does not respond",
                    "restore slurmctld, then run sluice doctor again");
    if (const auto ahead = offset.integer(); std::abs(ahead) > kClockTolerance)
        fault("the clock of slurmctld is " + std::to_string(std::abs(ahead)) + " s " +
                  (ahead > 0 ? "ahead of" : "behind") + " the clock of sluiced's host",
              "synchronize both hosts by NTP: munge rejects credentials at 300 s, and periods "
              "begin by the clock");
}

void Examination::one_plugin(View plugin, std::int64_t newest) {
    const auto host = plugin["host"].text();
    const auto log = "search slurmctld's log on " + host + " for job_submit/sluice";
    if (passed(plugin["last_seen_epoch"]) > kSilence)
        fault("plugin on " + host + ": no status for " + since(plugin["last_seen_epoch"]), log);
    else if (plugin["sequence"].integer() < newest - 1)
        fault("plugin on " + host + " uses snapshot " +
                  std::to_string(plugin["sequence"].integer()) + ", the newest is " +
                  std::to_string(newest),
              log);
    const auto unstored = plugin["unstored_since_epoch"];
    if (unstored.integer() > 0 && passed(unstored) > kStoreTime)
        fault("plugin on " + host + ": snapshot in use not stored for " + since(unstored) +
                  "; after a restart slurmctld uses an older snapshot",
              "free space in StateSaveLocation on " + host +
                  ", or correct SnapshotFile= in sluice.conf; " + log);
    if (const auto faults = plugin["faults"].integer(); faults > 0)
        fault("plugin on " + host + ": " + counted(faults, "internal error") +
                  "; the jobs were admitted",
              "please report this error; " + log);
    if (const auto version = plugin["plugin_version"].text(); version != info()["version"].text())
        note("plugin on " + host + " is version " + version + ", sluiced is version " +
                 info()["version"].text(),
             "both versions work together; restart slurmctld at a convenient time");
}

void Examination::plugin() {
    const auto listed = controller()["job_submit_plugins"].texts();
    if (controller().exists() &&
        std::none_of(listed.begin(), listed.end(), [](const std::string& name) {
            return name == "sluice" || name == "job_submit/sluice";
        }))
        return fault("slurmctld has not loaded job_submit/sluice: jobs of paused accounts are "
                     "refused by QOS only, without a reason",
                     "set JobSubmitPlugins=" + (listed.empty() ? "" : join(listed, ",") + ",") +
                         "sluice in slurm.conf and restart slurmctld");
    if (const auto error = in_.plugin_server["error"].text(); !error.empty())
        return fault("the state of the plugins is unknown: " + error, "run: journalctl -u sluiced");
    const auto theirs = controller()["version"].text();
    const auto ours = controller()["built_for"].text();
    if (plugins().empty() && theirs != ours && !theirs.empty())
        return fault("no plugin is connected: slurmctld runs Slurm " + theirs +
                         ", these packages of Sluice were built for Slurm " + ours +
                         ", and slurmctld loads plugins of exactly its release only",
                     "install the packages of Sluice that were built for Slurm " + theirs +
                         ", then restart slurmctld");
    if (plugins().empty())
        return fault("no plugin is connected",
                     "check Daemon= in slurmctld's sluice.conf (an address of "
                     "plugin_server.listen), the munge key, and plugin_server.user (SlurmUser); "
                     "search slurmctld's log for job_submit/sluice");
    for (const auto& each : plugins())
        one_plugin(each, in_.plugin_server["plugin_server"]["sequence"].integer());
}

const char* word(Health health) {
    switch (health) {
    case Health::good:
        return "ok";
    case Health::note:
        return "note";
    case Health::fault:
        break;
    }
    return "FAULT";
}

bool faulty(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.health == Health::fault; });
}

json::Value as_json(const std::vector<Finding>& findings) {
    auto list = json::Value::array();
    for (const auto& finding : findings) {
        auto one = json::Value::object();
        one.set("check", finding.check)
            .set("result", finding.health == Health::fault ? "fault" : word(finding.health));
        one.set("text", finding.text).set("remedy", finding.remedy);
        list.append(std::move(one));
    }
    auto out = json::Value::object();
    out.set("healthy", !faulty(findings)).set("findings", std::move(list));
    return out;
}

std::string as_text(const std::vector<Finding>& findings) {
    std::string out;
    for (const auto& finding : findings) {
        std::string line = word(finding.health);
        line.resize(7, ' ');
        line += finding.check;
        line.resize(18, ' ');
        out += line + finding.text + '\n';
        if (!finding.remedy.empty())
            out += std::string(18, ' ') + "-> " + finding.remedy + '\n';
    }
    return out;
}

// An error is evidence, too.
json::Value tried(const Parsed& parsed, const std::string& path, const Parameters& query = {}) {
    auto answer = client(parsed.context).get(path, query);
    auto out = json::Value::object();
    if (answer)
        out = std::move(*answer);
    else
        out.set("error", answer.error().context);
    for_people(parsed, out);
    return out;
}

std::vector<Finding> examined(const Parsed& parsed) {
    auto status = client(parsed.context).get("/api/v1/status");
    if (!status)
        return {{Health::fault, "daemon", status.error().context,
                 "run: systemctl status sluiced; journalctl -u sluiced -n 20; sluiced --check"}};
    if (!(*status)["meta"]["viewer"]["staff"].boolean())
        return {{Health::fault, "daemon",
                 "sluice doctor needs staff rights: root, SlurmUser or a Slurm operator",
                 "run: sudo sluice doctor"}};
    for_people(parsed, *status);
    const auto plugin_server = tried(parsed, "/api/v1/plugins");
    const auto controller = tried(parsed, "/api/v1/controller");
    const auto commands = tried(parsed, "/api/v1/commands", {{"limit", "200"}});
    const auto outbox = tried(parsed, "/api/v1/outbox", {{"state", "parked"}});
    return examine({.status = status->view(),
                    .plugin_server = plugin_server.view(),
                    .controller = controller.view(),
                    .commands = commands.view(),
                    .outbox = outbox.view(),
                    .now = parsed.context.clock.now(),
                    .version = PACKAGE_VERSION});
}

} // namespace

std::vector<Finding> examine(const Evidence& evidence) {
    return Examination(evidence).run();
}

int run_doctor(Parsed parsed) {
    const auto findings = examined(parsed);
    if (const ClusterRuns* runs = parsed.context.runs;
        runs != nullptr && !runs->running && !runs->clusters.empty())
        return kFailed; // each cluster is examined on its own
    if (parsed.options.json)
        print_json(parsed, as_json(findings));
    else
        print(parsed.context, as_text(findings));
    return faulty(findings) ? kFailed : kOk;
}

} // namespace sluice::cli
