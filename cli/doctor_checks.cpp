// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/doctor_checks.hpp"

#include "cli/figures.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace sluice::cli {
namespace {

using json::View;

// Munge refuses credentials at 300 s; a pause that ends by itself is off by the whole difference.
constexpr std::int64_t kClockTolerance = 10;
constexpr std::chrono::hours kBackupLate{49};
constexpr std::chrono::hours kLate{1};        // of a message that waits
constexpr std::chrono::seconds kSilence{60};  // of a plugin, which is heard every few seconds
constexpr std::chrono::minutes kStoreTime{2}; // of a plugin, for a snapshot

class Examination {
public:
    explicit Examination(const Evidence& evidence) : in_(evidence) {}

    std::vector<Finding> run() {
        each("daemon", "sluiced " + in_.version + " answers", &Examination::daemon);
        each("settings", "in force: " + info()["config_file"].text(), &Examination::settings);
        each("sources", "slurmdbd, slurmctld and journal answer", &Examination::sources);
        each("journal", "backup made " + backup_age() + " ago", &Examination::journal);
        each("rights", "slurmdbd takes changes of " + rights()["user"].text(),
             &Examination::rights_suffice);
        each("evaluation", "last evaluation succeeded " + cycle_age() + " ago",
             &Examination::cycle);
        each("accounts", "no account needs attention", &Examination::accounts);
        each("commands", "no command failed recently", &Examination::commands);
        each("messages", "no message was refused or is late", &Examination::messages);
        each("slurm", "slurm.conf enforces limits and QOS", &Examination::slurm);
        each("clock", "in step with slurmctld", &Examination::clock);
        each("plugin", "connected, with the newest snapshot", &Examination::plugin);
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
    View rights() const { return in_.controller["controller"]["rights"]; }
    bool enforces() const;
    void release();
    void daemon();
    void settings();
    void sources();
    std::string cycle_age() const;
    std::string backup_age() const;
    void journal();
    void rights_suffice();
    void cycle();
    void accounts();
    void commands();
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
        note("sluiced is " + version + ", this program " + in_.version,
             "restart sluiced after an upgrade: systemctl restart sluiced");
}

bool Examination::enforces() const {
    const auto all = in_.status["accounts"].items();
    return std::any_of(all.begin(), all.end(),
                       [](View a) { return a["mode"].text() == "enforce"; });
}

void Examination::settings() {
    if (const auto error = info()["config_error"].text(); !error.empty())
        fault("new settings were refused, the old ones are in force: " + error,
              "correct the file, then run: sluiced --check && systemctl reload sluiced");
    if (in_.status["accounts"].items().empty())
        fault("no account has an allocation under a policy: there is nothing to judge",
              "add accounts with an allocation to " + info()["config_file"].text());
    else if (!enforces())
        note("every policy observes: nothing is changed and no job refused",
             "mode: enforce, when the figures of sluice status are right");
}

void Examination::sources() {
    for (const auto& source : info()["down"].texts())
        fault(source + " does not answer",
              source == "journal" ? "look at the disk of the journal, and at: journalctl -u sluiced"
                                  : "look at that service; sluiced goes on by itself once it is "
                                    "back, and till then keeps the last good figures");
}

std::string Examination::cycle_age() const {
    return age(in_.now - instant(in_.status["cycle"]["at_epoch"].integer()));
}

std::string Examination::backup_age() const {
    return age(in_.now - instant(info()["backup_epoch"].integer()));
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
             "sluiced makes one within minutes of its start: sluice doctor");
    else if (in_.now - instant(made.integer()) > kBackupLate)
        fault("the newest backup of the journal is " + backup_age() +
                  " old: " + info()["backup_file"].text(),
              "journalctl -u sluiced -g SLUICE-084");
}

// Without, all looks well until a policy enforces.
void Examination::rights_suffice() {
    const auto user = rights()["user"].text();
    const auto level = rights()["admin_level"].text();
    if (level.empty())
        note("not known while slurmctld or slurmdbd is silent", "mend that first");
    else if (level != "operator" && level != "administrator")
        fault(
            "slurmdbd gives user " + user + " the admin level " + level + ": it " +
                (enforces() ? "refuses what Sluice changes" : "will refuse what a policy enforces"),
            level == "unknown" ? "sacctmgr add user " + user + " account=root adminlevel=operator"
                               : "sacctmgr modify user " + user + " set adminlevel=operator");
}

void Examination::cycle() {
    const auto cycle = in_.status["cycle"];
    if (!cycle.is_object())
        return fault("no evaluation has completed since sluiced started",
                     "run: journalctl -u sluiced");
    if (const auto error = cycle["error"].text(); !error.empty())
        fault("the last evaluation failed: " + error, "the figures are those of the last good one");
    const auto since = in_.now - instant(cycle["at_epoch"].integer());
    if (since > std::chrono::seconds(3 * info()["interval_s"].integer(60) + 60))
        fault("the last evaluation was " + age(since) + " ago",
              "it hangs or the daemon does: journalctl -u sluiced, then systemctl restart sluiced");
}

void Examination::accounts() {
    for (const auto& problem : in_.status["problems"].items()) {
        const auto account = problem["account"].text();
        if (problem["part"].text().empty())
            fault((account.empty() ? "" : account + ": ") + problem["what"].text(),
                  problem["remedy"].text());
    }
    for (const auto& account : in_.status["accounts"].items())
        if (const auto error = account["error"].text(); !error.empty())
            fault(account["account"].text() + " cannot be judged: " + error,
                  "sluice explain " + account["account"].text());
}

void Examination::commands() {
    if (const auto error = in_.commands["error"].text(); !error.empty())
        return fault("not known: " + error, "journalctl -u sluiced; then: sluice commands");
    // One that was repeated with success is over: only the newest of each kind counts.
    std::vector<std::string> seen;
    for (const auto& command : in_.commands["commands"].items()) {
        const auto account = command["account"].text();
        const auto key = account + ' ' + command["type"].text() + ' ' + command["user"].text();
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            continue;
        seen.push_back(key);
        if (command["success"].is_bool() && !command["success"].boolean())
            fault(command["type"].text() + " of " + account +
                      " could not be changed: " + command["error"].text(),
                  "sluice commands " + account + "; by hand: " + command["sacctmgr"].text());
    }
}

// To Waldur, by mail, to webhooks. Of those that were refused for the same reason one is told.
void Examination::messages() {
    if (const auto error = in_.outbox["error"].text(); !error.empty())
        return fault(error, "sluice outbox");
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
    if (!oldest.is_integer() || in_.now - instant(oldest.integer()) < kLate)
        return;
    const auto name = target["target"].text();
    fault(std::to_string(target["waiting"].integer()) + " for " + name + " wait, the oldest for " +
              age(in_.now - instant(oldest.integer())),
          "is " + name + " up? They go again by themselves: sluice outbox; journalctl -u sluiced");
}

std::string release_of(const std::string& version) {
    return version.substr(0, version.find('.', version.find('.') + 1));
}

// A difference that is too large shows as an error; this tells before the next upgrade does.
void Examination::release() {
    // "24.11" of "24.11.5"
    const auto theirs = release_of(in_.controller["controller"]["version"].text());
    const auto ours = release_of(in_.controller["controller"]["built_for"].text());
    if (theirs.empty() || ours.empty() || theirs == ours)
        return;
    note("slurmctld is of Slurm " + theirs + ", sluiced was built for " + ours +
             ": it takes calls of its own release and a few before it",
         "install the packages of Sluice that were built for Slurm " + theirs);
}

void Examination::slurm() {
    if (const auto error = in_.controller["error"].text(); !error.empty())
        return fault("its settings cannot be read: " + error,
                     "is slurmctld up, and of the release of Slurm that sluiced was built for?");
    release();
    const auto controller = in_.controller["controller"];
    const auto enforce = controller["enforce"].texts();
    const auto has = [&](const char* word) {
        return std::find(enforce.begin(), enforce.end(), word) != enforce.end();
    };
    for (const char* word : {"limits", "qos"})
        if (!has(word))
            fault(std::string("AccountingStorageEnforce has no ") + word +
                      ": what Sluice sets in slurmdbd does not bind",
                  "slurm.conf: AccountingStorageEnforce=associations,limits,qos,safe; restart "
                  "slurmctld");
    if (has("limits") && !has("safe"))
        note("AccountingStorageEnforce has no safe: jobs start that cannot end within GrpTRESMins",
             "slurm.conf: AccountingStorageEnforce=associations,limits,qos,safe");
    if (const auto reset = controller["usage_reset"].text(); reset != "none")
        fault("PriorityUsageResetPeriod is " + reset +
                  ": Slurm sets raw usage to zero by its own calendar, and GrpTRESMins is too wide "
                  "until the next evaluation",
              "slurm.conf: PriorityUsageResetPeriod=NONE; for a reset at the period's begin: "
              "raw_usage_reset: true in sluiced.yaml");
    if (const auto life = controller["decay_half_life_s"].integer(); life > 0)
        note("PriorityDecayHalfLife is " + age(std::chrono::seconds(life)) +
                 ": raw usage decays, so GrpTRESMins is written again now and then",
             "nothing to do; usage and standing do not come from it");
}

void Examination::clock() {
    if (const auto clock = in_.status["clock"]; clock.is_object() && !clock["trusted"].boolean())
        return fault(clock["detail"].text() + ": no period begins and no pause is lifted",
                     "correct the clock of sluiced's host (chronyc tracking); if its time is "
                     "right: sluice clock accept --reason=TEXT");
    const auto ahead = in_.controller["controller"]["clock_ahead_s"].integer();
    if (std::abs(ahead) > kClockTolerance)
        fault(
            "slurmctld's clock is " + std::to_string(std::abs(ahead)) + " s " +
                (ahead > 0 ? "ahead of" : "behind") + " the clock of sluiced's host",
            "set both by NTP: munge refuses credentials at 300 s, and periods begin by the clock");
}

void Examination::one_plugin(View plugin, std::int64_t newest) {
    const auto host = plugin["host"].text();
    const auto silent = in_.now - instant(plugin["last_heard_epoch"].integer());
    if (silent > kSilence)
        fault("plugin on " + host + ": no status for " + age(silent),
              "look for job_submit/sluice in slurmctld's log there");
    else if (plugin["sequence"].integer() < newest - 1)
        fault("plugin on " + host + " has snapshot " +
                  std::to_string(plugin["sequence"].integer()) + ", the newest is " +
                  std::to_string(newest),
              "look for job_submit/sluice in slurmctld's log there");
    const auto unstored = plugin["unstored_since_epoch"].integer();
    if (unstored > 0 && in_.now - instant(unstored) > kStoreTime)
        fault("plugin on " + host + ": snapshot in use not stored for " +
                  age(in_.now - instant(unstored)) +
                  "; after a restart slurmctld uses an older one",
              "make room in StateSaveLocation there, or correct SnapshotFile= of sluice.conf; see "
              "job_submit/sluice in slurmctld's log");
    if (const auto faults = plugin["faults"].integer(); faults > 0)
        fault("plugin on " + host + " caught " + std::to_string(faults) +
                  " faults of its own and admitted the jobs",
              "please report it, with the lines job_submit/sluice of slurmctld's log");
    if (const auto version = plugin["plugin_version"].text(); version != info()["version"].text())
        note("plugin on " + host + " is " + version + ", sluiced " + info()["version"].text(),
             "both versions work together; restart slurmctld at a convenient time");
}

void Examination::plugin() {
    const auto listed = in_.controller["controller"]["job_submit_plugins"].texts();
    const bool known = in_.controller["controller"].exists();
    if (known && std::none_of(listed.begin(), listed.end(), [](const std::string& name) {
            return name == "sluice" || name == "job_submit/sluice";
        }))
        return fault(
            "slurmctld has not loaded the plugin: submissions of paused accounts are refused by "
            "QOS only, without a reason",
            "slurm.conf: JobSubmitPlugins=" + (listed.empty() ? "" : join(listed, ",") + ",") +
                "sluice; restart slurmctld");
    const auto plugins = in_.plugin_server["plugin_server"]["plugins"].items();
    if (plugins.empty())
        return fault(
            "no plugin is connected",
            "is Daemon= in slurmctld's sluice.conf an address of plugin_server.listen, munge's "
            "key the same, plugin_server.user who slurmctld runs as? See job_submit/sluice in "
            "slurmctld's log");
    for (const auto& each : plugins)
        one_plugin(each, in_.plugin_server["plugin_server"]["sequence"].integer());
}

} // namespace

std::vector<Finding> examine(const Evidence& evidence) {
    return Examination(evidence).run();
}

} // namespace sluice::cli
