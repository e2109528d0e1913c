// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/http/fake_service.hpp"

#include "common/policy/preview.hpp"

#include <algorithm>

namespace sluice::test {
namespace {

constexpr Amount kHour = 3600;

model::Figure figure(Amount allocation, Amount carry, model::UsageSplit usage) {
    model::Figure out;
    out.component = {"node_hours", "node", Decimal::whole(60)};
    out.allocation = allocation;
    out.carryover.applied = carry != 0;
    out.carryover.carry = carry;
    out.effective = allocation + carry;
    out.usage = usage;
    out.weight = Decimal::whole(1);
    if (out.effective != 0)
        out.percent = static_cast<std::int64_t>(Wide{out.used()} * 10000 / Wide{out.effective});
    return out;
}

model::AccountDecision account(const std::string& name, model::Figure figure) {
    model::AccountDecision out;
    out.account = name;
    out.policies = {"quarterly"};
    out.mode = model::Mode::enforce;
    out.contact = "hpc-admin@example.org";
    out.period = {"2026-Q4", instant(1790812800), instant(1798761600)}; // UTC quarter
    out.percent = figure.percent;
    out.figures = {std::move(figure)};
    out.deciding = "node_hours";
    out.grace_limit = Decimal::whole(120);
    const bool reached = out.percent.value_or(10000) >= 8000;
    out.thresholds = {{"notify", Decimal::whole(80), reached, {}, {}}};
    return out;
}

model::Command block_physics() {
    model::Command out;
    out.type = model::CommandType::qos;
    out.account = "physics";
    out.qos = {"blocked"};
    out.default_qos = "blocked";
    out.reason = "grace limit reached";
    out.description = "QOS of account physics becomes blocked";
    out.sacctmgr =
        "sacctmgr -i modify account physics cluster=lab set qos=blocked defaultqos=blocked";
    return out;
}

ports::CommandRecord record(std::optional<bool> success) {
    ports::CommandRecord out;
    out.id = 7;
    out.cluster = "lab";
    out.command = block_physics();
    out.requested = instant(kNow);
    out.success = success;
    if (success)
        out.started = out.finished = instant(kNow + 1);
    if (success == false)
        out.error = "slurmdbd: Access/permission denied";
    return out;
}

bool wanted(const ports::Query& query, const std::string& account) {
    return query.accounts.empty() ||
           std::find(query.accounts.begin(), query.accounts.end(), account) != query.accounts.end();
}

} // namespace

ports::CycleReport sample_cycle() {
    ports::CycleReport out;
    out.cluster = "lab";
    out.at = instant(kNow);
    out.trigger = "timer";
    out.duration_ms = 35;
    out.decision.now = out.at;
    out.decision.cluster = "lab";
    auto chem = account("chem", figure(900 * kHour, 100 * kHour, {600 * kHour, 9 * kHour, 4500}));
    chem.figures[0].committed = 24 * kHour;
    chem.unlimited = 2;
    auto empty = account("empty", figure(0, 0, {}));
    auto physics = account("physics", figure(1000 * kHour, 0, {1230 * kHour, 0, kHour + 1}));
    physics.flags = physics.own = {true, true};
    physics.previous_flags = {false, true};
    physics.actions_taken = {"pause"};
    physics.enforced = physics.flags;
    physics.qos = physics.enforced_qos = "blocked";
    physics.until = physics.period.end;
    auto optics = account("optics", figure(100 * kHour, 0, {kHour, 0, 0}));
    optics.flags = optics.previous_flags = {true, true};
    optics.cause = {model::CauseKind::ancestor, "physics", 0};
    optics.mode = model::Mode::observe;
    optics.waiting.add({41, 0, "41", "lasers", "alice", "normal", "InvalidQOS",
                        model::WaitKind::invalid_qos, "physics"});
    optics.waiting.add({50, 50, "50_[1-9]", "optics", "carol", "normal", "JobHeldAdmin",
                        model::WaitKind::held, "physics"});
    out.decision.accounts = {chem, empty, optics, physics};
    out.plan.commands = {block_physics()};
    out.applied = {record(true)};
    out.users = {{"alice", kAlice, "optics", {"optics"}}, {"bob", kBob, "chem", {"chem"}}};
    out.parents = {{"root", ""},     {"physics", "root"},  {"optics", "physics"},
                   {"chem", "root"}, {"lasers", "optics"}, {"idle", "root"},
                   {"loop", "loop"}};
    return out;
}

void add_users(ports::CycleReport& cycle, bool settled) {
    const Instant begin = instant(1790812800);
    model::AccountUsage usage;
    usage.tres["node"] = {1230 * kHour, 0, kHour + 1};
    usage.users["bob"]["node"] = {settled ? 220 * kHour : 0, 0, kHour + 1};
    if (settled) {
        usage.users["alice"]["node"] = {1000 * kHour, 0, 0};
        usage.users[""]["node"] = {10 * kHour, 0, 0};
        usage.users["carol"]["cpu"] = {10 * kHour, 0, 0};
    }
    usage.users_settled = settled;
    model::AccountUsage earlier;
    earlier.users["mallory"]["node"] = {kHour, kHour, kHour};
    cycle.usage = std::make_shared<const std::vector<model::WindowUsage>>(
        std::vector<model::WindowUsage>{{{begin, instant(1793491200)}, {}, {{"physics", earlier}}},
                                        {{begin, cycle.at}, {}, {{"physics", usage}}}});
}

FakeService::FakeService() : cycle(std::make_shared<ports::CycleReport>(sample_cycle())) {
    daemon.version = "0.1.0";
    daemon.cluster = "lab";
    daemon.started = instant(kNow - 3600);
    daemon.config_file = "/etc/sluice/sluiced.yaml";
    daemon.config_loaded = daemon.started;
    daemon.now = instant(kNow);
}

Result<std::shared_ptr<const ports::CycleReport>>
FakeService::evaluate(const ports::EvaluateRequest& request) {
    ++evaluating;
    config = request.config;
    {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !held_; });
    }
    for (const auto& account : request.accounts)
        if (cycle == nullptr || cycle->decision.find(account) == nullptr)
            return Error{Errc::not_found, "account '" + account + "' is not under any policy"};
    auto out = std::make_shared<ports::CycleReport>(*cycle);
    out->dry_run = request.dry_run;
    out->trigger = "person";
    if (request.by_user)
        add_users(*out, true);
    past = request.past;
    if (request.past && !no_past) {
        auto usage = *out->usage;
        usage.push_back({*request.past, {}, {{"physics", usage.back().accounts.at("physics")}}});
        out->usage = std::make_shared<const std::vector<model::WindowUsage>>(std::move(usage));
    }
    if (request.dry_run)
        out->applied.clear();
    else
        ++evaluated;
    return std::shared_ptr<const ports::CycleReport>(out);
}

Result<std::vector<std::string>> FakeService::explain(const std::string& account) const {
    return std::vector<std::string>{"Account " + account + " was granted hours." + tail_,
                                    "It has used some of them."};
}

Result<model::Preview> FakeService::preview(const model::PreviewInput& input) const {
    return policy::preview(input);
}

// physics refuses what is left of 20 node_hours; optics is below it; chem has no policy.
std::shared_ptr<const admission::SnapshotView> FakeService::quote_view() const {
    if (!cycle)
        return nullptr;
    model::Snapshot snapshot;
    model::SnapshotAccount optics{"optics", model::Standing::normal, {}, ""};
    optics.bounded_by = "physics";
    model::SnapshotAccount physics{"physics", model::Standing::normal, 9800, ""};
    physics.check = model::BudgetCheck::refuse;
    physics.budgets = {{0, 20 * 3600}};
    snapshot.accounts = {optics, physics};
    snapshot.users = {{kAlice, "optics", {"optics"}}, {kBob, "", {"chem"}}};
    snapshot.measures = {{"node_hours", 3600, {{"node", 1}}}};
    snapshot.partitions = {{"main", true, false, 60, {}}};
    if (change_quoted)
        change_quoted(snapshot);
    return std::make_shared<const admission::SnapshotView>(std::move(snapshot));
}

Result<std::vector<ports::EvaluationRecord>> FakeService::evaluations(const ports::Query& query) {
    asked = query;
    if (journal_away)
        return Error{Errc::unavailable, "journal: database is locked"};
    std::vector<ports::EvaluationRecord> out;
    ports::EvaluationRecord one;
    one.cluster = "lab";
    one.policy = "quarterly";
    one.billing_period = "2026-Q4";
    one.grace_limit = "120";
    one.at = instant(kNow);
    one.trigger = "timer";
    for (const char* name : {"physics", "chem"}) {
        one.id = 40 + static_cast<std::int64_t>(out.size());
        one.account = name;
        one.percent = one.account == "physics" ? 12310 : 6103;
        one.previous = {false, one.account == "physics"};
        one.now = {one.account == "physics", one.account == "physics"};
        one.actions_taken = {};
        if (one.account == "physics")
            one.actions_taken = {"pause", "notify"};
        if (wanted(query, one.account) && out.size() < query.limit)
            out.push_back(one);
    }
    for (auto& each : out)
        each.account += tail_;
    return out;
}

Result<std::vector<ports::CommandRecord>> FakeService::commands(const ports::Query& query) {
    asked = query;
    if (journal_away)
        return Error{Errc::unavailable, "journal: database is locked"};
    std::vector<ports::CommandRecord> out;
    if (wanted(query, "physics"))
        out = {record(std::nullopt), record(false), record(true)};
    if (query.only == ports::Only::failed)
        std::erase_if(out, [](const auto& each) { return each.success != false; });
    if (out.size() > query.limit)
        out.resize(query.limit);
    for (auto& each : out) {
        each.command.account += tail_;
        each.error += each.error.empty() ? "" : tail_;
    }
    return out;
}

Result<void> FakeService::add_report(const ports::AgentReport& report) {
    if (journal_away)
        return Error{Errc::unavailable, "journal: database is locked"};
    kept_reports.insert(kept_reports.begin(), report);
    auto& kept = kept_reports.front();
    kept.id = static_cast<std::int64_t>(kept_reports.size());
    kept.cluster = "lab";
    kept.at = instant(kNow + 5);
    kept.evaluation = kept.account == "physics" ? 40 : 41;
    return {};
}

Result<std::vector<ports::AgentReport>> FakeService::reports(const ports::Query& query) {
    std::vector<ports::AgentReport> out;
    for (const auto& one : kept_reports)
        if (wanted(query, one.account))
            out.push_back(one);
    return out;
}

std::shared_ptr<const model::PolicySet> FakeService::policies() const {
    auto set = std::make_shared<model::PolicySet>();
    set->components = {{"node_hours", "node", Decimal::whole(60)}};
    model::Policy policy;
    policy.name = "quarterly";
    policy.mode = model::Mode::enforce;
    policy.grace_ratio = *Decimal::parse("0.2");
    policy.actions = {model::Action::notify_organization_owners,
                      model::Action::request_slurm_resource_pausing};
    set->policies = {policy};
    return set;
}

ports::PluginServerStatus FakeService::plugin_server() const {
    ports::PluginServerStatus out;
    out.sequence = 12;
    out.rejected_frames = 3;
    if (plugins)
        out.plugins = {{"ctl1" + tail_,
                        "127.0.0.1:41234",
                        "22.05.8",
                        "0.1.0",
                        11,
                        instant(kNow - 600),
                        instant(kNow),
                        {1000, 20, 3, 0, 1},
                        "lab",
                        unstored_since ? 10U : 11U,
                        unstored_since}};
    return out;
}

std::vector<ports::CycleSummary> FakeService::cycles() const {
    return {{instant(kNow), "timer", 35, 4, 1, 0, 0, ""}};
}

Result<std::vector<ports::OverrideRecord>> FakeService::overrides(const ports::Query& query) {
    std::vector<ports::OverrideRecord> out;
    if (wanted(query, "physics")) {
        const model::Override entry{2,
                                    "physics",
                                    model::Standing::normal,
                                    instant(kNow - 60),
                                    instant(kNow + 3600),
                                    "deadline" + tail_,
                                    "root" + tail_};
        out.push_back({entry, {}, "", ""});
    }
    if (wanted(query, "chem")) {
        const model::Override entry{
            1,         "chem", model::Standing::paused, instant(kNow - 9000), instant(kNow - 60),
            "cleanup", "ann"};
        out.push_back({entry, instant(kNow - 600), "root", "done"});
    }
    return out;
}

Result<std::vector<ports::AdjustmentRecord>> FakeService::adjustments(const ports::Query& query) {
    std::vector<ports::AdjustmentRecord> out;
    if (wanted(query, "chem"))
        out.push_back({{3,
                        "chem",
                        "2026-Q4",
                        {{"node_hours", *Decimal::parse("2.5")}},
                        "node failure" + tail_,
                        "root",
                        instant(kNow - 60)},
                       0});
    return out;
}

Result<std::vector<model::PeriodReset>> FakeService::resets(const ports::Query& query) {
    if (!wanted(query, "physics"))
        return std::vector<model::PeriodReset>();
    return std::vector<model::PeriodReset>{
        {1, "physics", "2026-Q4", "asked by the board" + tail_, "root", instant(kNow - 60)}};
}

Result<ports::Booked> FakeService::booked(const std::string& account, const ports::Person& person) {
    auto done = sample_cycle();
    done.dry_run = person.dry_run;
    done.trigger = "person";
    if (done.decision.find(account) == nullptr)
        return Error{Errc::not_found,
                     "account " + account + " has no policy with an allocation" + tail_};
    if (person.reason.empty())
        return Error{Errc::malformed, "the reason is missing; it is kept with the entry"};
    last = person;
    return ports::Booked{person.dry_run ? 0 : 4,
                         std::make_shared<const ports::CycleReport>(std::move(done))};
}

Result<ports::Booked> FakeService::set_override(const ports::NewOverride& entry,
                                                const ports::Person& person) {
    if (entry.until.empty())
        return Error{Errc::malformed, "until is missing; every override must end"};
    return booked(entry.account, person);
}

Result<ports::Booked> FakeService::end_override(std::int64_t id, const ports::Person& person) {
    if (id != 2)
        return Error{Errc::not_found, "override " + std::to_string(id) + " does not exist"};
    return booked("physics", person);
}

Result<ports::Booked> FakeService::add_adjustment(const ports::NewAdjustment& entry,
                                                  const ports::Person& person) {
    return booked(entry.account, person);
}

Result<ports::Booked> FakeService::transfer(const ports::NewTransfer& entry,
                                            const ports::Person& person) {
    transferred = entry;
    auto out = booked(entry.from, person);
    if (out && !person.dry_run)
        out->pair = out->id + 1;
    return out;
}

Result<ports::Booked> FakeService::take_back(std::int64_t id, const ports::Person& person) {
    if (id != 3)
        return Error{Errc::not_found, "adjustment " + std::to_string(id) + " does not exist"};
    return booked("chem", person);
}

Result<ports::Booked> FakeService::reopen(const std::vector<std::string>& accounts,
                                          const ports::Person& person) {
    return booked(accounts.front(), person);
}

Result<ports::Booked> FakeService::accept_clock(const ports::Person& person) {
    return booked("physics", person);
}

Result<ports::Cleanup> FakeService::cleanup(const std::string&, const ports::Person& person) {
    last = person;
    return ports::Cleanup{instant(kNow - 90 * 86400), {12, 3}};
}

// Two days of the quarter: the first from rollups, the second from an evaluation.
Result<ports::AccountHistory> FakeService::by_day(const std::string&, const std::string& period) {
    if (!period.empty() && period != "2026-Q4" && period != "2026-Q3")
        return Error{Errc::malformed, "period must be one of 2026-Q4, 2026-Q3"};
    const auto begin = instant(1790812800);
    const std::chrono::hours day{24};
    ports::AccountHistory out;
    out.period = {"2026-Q4", begin, instant(1798761600)};
    out.periods = {"2026-Q4", "2026-Q3"};
    out.effective = {{"node_hours", 1000 * kHour}};
    out.days = {{{begin, begin + day}, ports::DayUsage{{"node", 12 * kHour + 1800}}, {}},
                {{begin + day, begin + 2 * day}, {}, 12310}};
    if (period == "2026-Q3") {
        out.period = {"2026-Q3", instant(1782864000), begin};
        out.days.front().time = {begin - 2 * day, begin - day};
        out.days.back().time = {begin - day, begin};
        std::swap(out.days.front().used, out.days.back().used);
    }
    if (!rollups)
        out.days.front().used.reset();
    if (!rollups)
        out.error = "slurmdbd does not answer" + tail_;
    return out;
}

void FakeService::hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
}

void FakeService::let_go() {
    {
        const std::scoped_lock lock(mutex_);
        held_ = false;
    }
    wake_.notify_all();
}

Result<ports::ReplayState> FakeService::begin(const ports::ReplayRequest& request) {
    if (request.from.empty())
        return Error{Errc::malformed, "from is missing; name the first day, such as 2026-01-01"};
    replay = request;
    replayed = {};
    replayed.id = 7;
    replayed.total = replayed.accounts = 4;
    replayed.time = {instant(kNow - 30 * 86400), instant(kNow)};
    replayed.usage_from = instant(kNow - 60 * 86400);
    return replayed;
}

Result<ports::ReplayState> FakeService::proceed(std::int64_t id) {
    if (id != replayed.id)
        return Error{Errc::not_found, "replay " + std::to_string(id) + " does not exist"};
    if (replayed.phase == ports::ReplayState::Phase::usage) {
        replayed.phase = ports::ReplayState::Phase::days;
        replayed.known = Window{instant(kNow - 45 * 86400), instant(kNow)};
        replayed.total = 30;
        return replayed;
    }
    using namespace std::chrono;
    replayed.phase = ports::ReplayState::Phase::done;
    replayed.done = 30;
    replayed.normal = 2;
    const local_days begin{year{2026} / 11 / 3};
    replayed.standings =
        std::make_shared<const std::vector<model::StandingSpan>>(std::vector<model::StandingSpan>{
            {"chem", {"quarterly"}, "2026-11", "warned" + tail_, begin, begin + days{2}, 2, 8050},
            {"physics", {"quarterly", "yearly"}, "2026-11", "paused", begin, {}, 20, 12000}});
    return replayed;
}

} // namespace sluice::test
