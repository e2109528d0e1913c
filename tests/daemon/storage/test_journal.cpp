// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/storage/books.hpp"

using namespace sluice;
using namespace sluice::storage;

namespace {

model::AccountMemory full_memory() {
    model::AccountMemory memory;
    memory.period = "2027-Q1";
    memory.bases = {{"node_hours", 3'600'000}, {"gpu_hours", 0}};
    memory.flags = {false, true};
    memory.shown_flags = {true, true};
    memory.notified = {"notify", "downscale"};
    memory.percent = 10'123;
    memory.saved_qos = model::SavedQos{{"normal", "high"}, "normal"};
    memory.reset_done_for = "2027-Q1";
    memory.period_begin = instant(1798761600);
    memory.budgets = {model::BudgetCheck::refuse,
                      true,
                      {{{"billing", 60, {{"cpu", 1}, {"gres/gpu:a100", 4}}}, 12},
                       {{"node_hours", 3600, {{"node", 1}}}, 0}}};
    memory.resets = {{"2026-Q4", instant(1790812800)}, {"2027-Q1", instant(1798761600)}};
    memory.grants = {{"node_hours", 2}};
    memory.used = {{"node_hours", 7'200'000}};
    memory.past = {
        {"2026-Q4",
         {instant(1790812800), {{"node_hours", 1}}, {{"node_hours", 3}}, {{"node_hours", 2}}}},
        {"2026-Q3", {instant(1782864000), {}, {}, {}}}};
    memory.steps = {"slow1"};
    memory.enforced_by = {"quarterly"};
    memory.held_for = "12";
    model::AccountLife life;
    life.from = std::chrono::local_seconds{std::chrono::seconds{1769904000}};
    life.until = std::chrono::local_seconds{std::chrono::seconds{1790812800}};
    life.then = model::LifeEnd::downscale;
    life.prorate = true;
    memory.rules = {
        "abc", {"second", "first"}, {{"node_hours", Decimal::raw(1'500'000'000)}}, true, life};
    memory.saved_members = {{7, {{"a", "b"}, "a"}}, {4'000'000'000U, {}}};
    memory.qos_in_force = "slowdown";
    memory.paused_since = instant(1767225601);
    memory.held_jobs = {7, 4'000'000'000U};
    memory.job_qos = {{8, {"normal", "slowdown"}}, {9, {"", "slowdown"}}};
    memory.limits = {{{model::LimitType::grp_tres_mins, "gres/gpu"}, {500, 4, 5}},
                     {{model::LimitType::grp_tres, "cpu"}, {std::nullopt, std::nullopt, 0}}};
    memory.shares = model::SetValue{2147483647, 10, std::nullopt};
    memory.reached = {{"pause@120", 1767225600}};
    memory.submit = model::SetValue{50, 0, std::nullopt};
    memory.stands = {{"pause", 1767225600}, {"full", 1767139200}};
    return memory;
}

model::Decision decision(const std::string& account, model::AccountMemory memory) {
    model::Decision decided;
    decided.now = kNow;
    decided.cluster = kCluster;
    auto& entry = decided.accounts.emplace_back();
    entry.account = account;
    entry.memory = std::move(memory);
    return decided;
}

ports::EvaluationRecord evaluation(const std::string& account) {
    ports::EvaluationRecord record;
    record.cluster = kCluster;
    record.account = account;
    record.policy = "quarterly";
    record.billing_period = "2027-Q1";
    record.percent = 12'000;
    record.grace_limit = "120";
    record.previous = {false, true};
    record.now = {true, true};
    record.actions_taken = {"pause", "notify"};
    record.trigger = "timer";
    record.at = kNow;
    record.applied = account != "observed";
    return record;
}

model::Command limits(const std::string& account) {
    model::Command command;
    command.type = model::CommandType::limits;
    command.account = account;
    command.limit_type = model::LimitType::max_tres_mins;
    command.limits = {{"node", 72'000}, {"gres/gpu", std::nullopt}, {"cpu", 0}};
    command.reason = "drift";
    command.description = "set a limit";
    command.sacctmgr = "sacctmgr ...";
    return command;
}

model::Command qos(const std::string& account) {
    model::Command command;
    command.type = model::CommandType::qos;
    command.account = account;
    command.user = "ann";
    command.partition = "gpu";
    command.qos = {"blocked", "debug"};
    command.default_qos = "blocked";
    command.shares = 4'000'000'000U;
    command.job = "7_[1-3]";
    return command;
}

} // namespace

CASE(memory_comes_back_exactly_after_a_restart) {
    Books books;
    auto decided = decision("physics", full_memory());
    auto& second = decided.accounts.emplace_back();
    second.account = "new";
    second.memory.saved_qos = model::SavedQos{}; // held, and it had nothing of its own
    CHECK(books.journal->record_cycle(kCluster, decided, {}, {}));
    books.reopen();
    const auto history = books.journal->history(kCluster, kNow);
    CHECK(history);
    CHECK_EQ(history->accounts.size(), 2U);
    CHECK(history->accounts.at("physics") == full_memory());
    CHECK(history->accounts.at("new") == second.memory);
    CHECK(books.journal->history("c2", kNow)->accounts.empty());
}

CASE(texts_of_policies_stay_while_an_account_refers_to_them) {
    Books books;
    auto memory = full_memory();
    const auto record = [&](const char* version, const char* rules) {
        memory.rules.version = rules;
        auto decided = decision("physics", memory);
        decided.rules_version = version;
        decided.policies = {version, std::string("text ") + version};
        CHECK(books.journal->record_cycle(kCluster, decided, {}, {}));
        books.reopen();
        return books.journal->history(kCluster, kNow)->policy_texts;
    };
    using Texts = std::map<std::string, std::string>;
    CHECK(record("1", "1") == (Texts{{"1", "text 1"}}));
    CHECK(record("2", "1") == (Texts{{"1", "text 1"}, {"2", "text 2"}})); // held
    CHECK(record("3", "1") == (Texts{{"1", "text 1"}, {"3", "text 3"}}));
    CHECK(record("3", "3") == (Texts{{"3", "text 3"}}));
    CHECK(books.journal->history("other", kNow)->policy_texts.empty());
}

CASE(changed_memory_replaces_the_old_one_whole) {
    Books books;
    CHECK(books.journal->record_cycle(kCluster, decision("a", full_memory()), {}, {}));
    model::AccountMemory next;
    next.period = "2027-Q2";
    next.bases = {{"node_hours", 5}};
    CHECK(books.journal->record_cycle(kCluster, decision("a", next), {}, {}));
    books.reopen();
    CHECK(books.journal->history(kCluster, kNow)->accounts.at("a") == next);
}

CASE(released_accounts_are_remembered_until_given_back) {
    Books books;
    CHECK(books.journal->record_cycle(kCluster, decision("a", full_memory()), {}, {}));
    model::Decision let_go = decision("b", {});
    let_go.released["a"].saved_qos = full_memory().saved_qos;
    CHECK(books.journal->record_cycle(kCluster, let_go, {}, {}));
    CHECK(books.journal->history(kCluster, kNow)->accounts.at("a") == let_go.released["a"]);
    let_go.released["a"] = {};
    CHECK(books.journal->record_cycle(kCluster, let_go, {}, {}));
    CHECK(!books.journal->history(kCluster, kNow)->accounts.at("a").saved_qos);
}

CASE(the_same_cycle_again_writes_nothing) {
    Books books;
    CHECK(books.journal->record_cycle(kCluster, decision("a", full_memory()), {}, {}));
    const auto before = books.commits();
    CHECK(books.journal->record_cycle(kCluster, decision("a", full_memory()), {}, {}));
    CHECK_EQ(books.commits(), before);
    books.reopen();
    const auto after_restart = books.commits();
    CHECK(books.journal->record_cycle(kCluster, decision("a", full_memory()), {}, {}));
    CHECK_EQ(books.commits(), after_restart);
    auto moved = full_memory();
    moved.percent = 10'124;
    CHECK(books.journal->record_cycle(kCluster, decision("a", moved), {}, {}));
    CHECK(books.commits() != after_restart);
}

CASE(an_account_that_could_not_be_evaluated_keeps_its_memory) {
    Books books;
    CHECK(books.journal->record_cycle(kCluster, decision("a", full_memory()), {}, {}));
    auto failed = decision("a", {});
    failed.accounts[0].error = "a figure does not fit";
    CHECK(books.journal->record_cycle(kCluster, failed, {}, {}));
    CHECK(books.journal->history(kCluster, kNow)->accounts.at("a") == full_memory());
}

CASE(records_before_a_number_and_those_that_changed_or_failed) {
    Books books;
    auto steady = evaluation("a");
    steady.previous = steady.now;
    const std::vector records{evaluation("a"), steady, evaluation("b"), evaluation("a")};
    const std::vector commands{limits("a"), limits("b"), limits("a")};
    const auto ids = books.journal->record_cycle(kCluster, {}, records, commands);
    CHECK(ids);
    const std::vector<ports::CommandOutcome> outcomes{
        {ids->at(0), kNow, kNow, Error{Errc::refused, "no"}}, {ids->at(1), kNow, kNow, {}}};
    CHECK(books.journal->close_commands(outcomes));
    ports::Query query;
    query.before = 4;
    CHECK_EQ(books.journal->evaluations(query)->size(), 3U);
    query.accounts = {"a"};
    CHECK_EQ(books.journal->evaluations(query)->front().id, 2);
    query.only = ports::Only::changed;
    CHECK_EQ(books.journal->evaluations(query)->size(), 1U);
    ports::Query failed;
    failed.only = ports::Only::failed;
    CHECK_EQ(books.journal->commands(failed)->size(), 1U);
    CHECK_EQ(books.journal->commands(failed)->front().command.account, "a");
    failed.only = ports::Only::open;
    CHECK_EQ(books.journal->commands(failed)->front().id, ids->at(2));
}

CASE(a_command_has_the_number_of_the_evaluation_that_decided_it) {
    Books books;
    const std::vector records{evaluation("a"), evaluation("b")};
    const std::vector commands{limits("b"), qos("a"), limits("b"), limits("c")};
    CHECK(books.journal->record_cycle(kCluster, {}, records, commands));
    const auto all = *books.journal->commands({});
    CHECK_EQ(all.size(), 4U);
    CHECK_EQ(all.at(0).evaluation, 0); // c has none on record
    CHECK_EQ(all.at(1).evaluation, 2);
    CHECK_EQ(all.at(2).evaluation, 1);
    ports::Query query;
    query.evaluation = 2;
    CHECK_EQ(books.journal->commands(query)->size(), 2U);
    CHECK_EQ(books.journal->evaluations(query)->size(), 1U);
    CHECK_EQ(books.journal->evaluations(query)->front().account, "b");
    query.accounts = {"a"};
    CHECK(books.journal->commands(query)->empty());
}

CASE(evaluations_come_back_newest_first_and_by_account) {
    Books books;
    const std::vector records{evaluation("a"), evaluation("b"), evaluation("a")};
    CHECK(books.journal->record_cycle(kCluster, {}, records, {}));
    const auto all = books.journal->evaluations({});
    CHECK_EQ(all->size(), 3U);
    CHECK(all->at(0).id > all->at(1).id && all->at(1).id > all->at(2).id);
    const auto of_a = books.journal->evaluations({kCluster, {"a"}, 1});
    CHECK_EQ(of_a->size(), 1U);
    const auto& got = of_a->at(0);
    const auto want = evaluation("a");
    CHECK_EQ(got.id, 3);
    CHECK_EQ(got.policy, want.policy);
    CHECK_EQ(got.billing_period, want.billing_period);
    CHECK(got.percent == want.percent);
    CHECK_EQ(got.grace_limit, want.grace_limit);
    CHECK(got.previous == want.previous && got.now == want.now);
    CHECK(got.actions_taken == want.actions_taken);
    CHECK_EQ(got.trigger, want.trigger);
    CHECK(got.at == want.at);
    CHECK(got.applied);
    CHECK(books.journal->record_cycle(kCluster, {}, std::vector{evaluation("observed")}, {}));
    CHECK(!books.journal->evaluations({})->at(0).applied);
    CHECK(books.journal->evaluations({"c2", {}, 100})->empty());
}

CASE(a_question_for_very_many_accounts_is_answered) {
    Books books;
    CHECK(books.journal->record_cycle(kCluster, {}, std::vector{evaluation("a"), evaluation("b")},
                                      {}));
    ports::Query query{kCluster, {"b"}, 100};
    for (int i = 0; i < 2'000; ++i)
        query.accounts.push_back("x" + std::to_string(i));
    const auto found = books.journal->evaluations(query);
    CHECK(found);
    CHECK_EQ(found->size(), 1U);
    CHECK_EQ(found->at(0).account, "b");
}

CASE(a_command_is_open_until_its_outcome_is_known) {
    Books books;
    const std::vector commands{qos("a"), limits("b")};
    const auto ids = books.journal->record_cycle(kCluster, decision("a", {}), {}, commands);
    CHECK(ids);
    CHECK_EQ(ids->size(), 2U);
    auto records = books.journal->commands({});
    CHECK_EQ(records->size(), 2U);
    CHECK_EQ(records->at(1).id, ids->at(0));
    CHECK(records->at(1).command == commands[0]);
    CHECK(records->at(0).command == commands[1]);
    for (const auto& record : *records) {
        CHECK(record.requested == kNow);
        CHECK(!record.started && !record.finished && !record.success);
        CHECK_EQ(record.mode, "production");
    }

    using std::chrono::seconds;
    const std::vector<ports::CommandOutcome> outcomes{
        {ids->at(0), kNow + seconds(1), kNow + seconds(2), {}},
        {ids->at(1), kNow, kNow, Error{Errc::refused, "no right"}},
        {4711, kNow, kNow, {}}};
    CHECK_EQ(*books.journal->close_commands(outcomes), 2U);
    records = books.journal->commands({});
    CHECK(records->at(1).success == true);
    CHECK(records->at(1).started == kNow + seconds(1));
    CHECK(records->at(1).finished == kNow + seconds(2));
    CHECK(records->at(0).success == false);
    CHECK_EQ(records->at(0).error, "no right");
}

CASE(a_closed_command_stays_as_it_was_closed) {
    Books books;
    const auto ids = books.journal->record_cycle(kCluster, {}, {}, std::vector{qos("a")});
    CHECK_EQ(*books.close(ids->at(0)), 1U);
    CHECK_EQ(*books.close(ids->at(0), Error{}), 0U);
    CHECK(books.journal->commands({})->at(0).success == true);
    CHECK_EQ(*books.close(4711), 0U);
}

CASE(commands_left_open_by_a_crash_are_closed_as_failed) {
    Books books;
    const auto ids =
        books.journal->record_cycle(kCluster, {}, {}, std::vector{qos("a"), qos("b"), qos("c")});
    CHECK_EQ(*books.close(ids->at(0)), 1U);
    books.reopen();
    CHECK_EQ(*books.journal->close_unfinished(kNow), 2U);
    CHECK_EQ(*books.journal->close_unfinished(kNow), 0U);
    const auto records = books.journal->commands({});
    CHECK(records->at(0).success == false);
    CHECK(!records->at(0).started);
    CHECK_EQ(records->at(0).error, "sluiced ended before the outcome was known; the next "
                                   "evaluation repeats what is still needed");
    CHECK(records->at(2).success == true);
}

CASE(retention_takes_records_and_leaves_the_ledger_and_open_commands) {
    Books books;
    const auto ids = books.journal->record_cycle(kCluster, decision("a", full_memory()),
                                                 std::vector{evaluation("a")}, {});
    auto decided = decision("a", full_memory());
    const auto commands =
        books.journal->record_cycle(kCluster, decided, {}, std::vector{limits("a"), limits("b")});
    CHECK_EQ(*books.close(commands->at(0)), 1U);
    CHECK(books.journal->add_adjustments(
        kCluster, std::vector<model::Adjustment>{{0, "a", "2027-Q1", {}, "r", "b", kNow}}));
    CHECK(books.journal->forget(kNow));
    CHECK_EQ(books.journal->evaluations({})->size(), 1U);
    CHECK(books.journal->forget(kNow + std::chrono::seconds(1)));
    CHECK(books.journal->evaluations({})->empty());
    CHECK_EQ(books.journal->commands({})->size(), 1U);
    CHECK_EQ(books.journal->commands({})->at(0).command.limits.size(), 3U);
    CHECK_EQ(books.journal->history(kCluster, kNow)->adjustments.size(), 1U);
    CHECK(books.journal->history(kCluster, kNow)->accounts.at("a") == full_memory());
}

CASE(what_would_be_forgotten_is_what_is_forgotten) {
    Books books;
    model::Decision decision;
    decision.now = kNow;
    ports::EvaluationRecord record;
    record.at = kNow;
    record.cluster = kCluster;
    CHECK(books.journal->record_cycle(kCluster, decision, std::array{record, record}, {}));
    const auto would = books.journal->forgettable(kNow + std::chrono::seconds(1));
    CHECK(would);
    CHECK_EQ(would->evaluations, 2U);
    const auto gone = books.journal->forget(kNow + std::chrono::seconds(1));
    CHECK(gone);
    CHECK_EQ(gone->evaluations, 2U);
    CHECK_EQ(gone->commands, 0U);
}

CASE(a_change_waits_for_its_confirmation_over_restarts) {
    Books books;
    const std::vector commands{limits("a"), qos("b"), qos("c")};
    const auto ids = books.journal->record_cycle(kCluster, decision("a", {}), {}, commands);
    CHECK(ids);
    CHECK(books.journal->unconfirmed(kCluster)->empty()); // nothing is done yet
    for (const auto id : *ids)
        CHECK_EQ(*books.close(id), 1U);
    books.reopen();
    const auto waiting = books.journal->unconfirmed(kCluster);
    CHECK_EQ(waiting->size(), 3U);
    CHECK(waiting->at(0).command == limits("a"));
    CHECK(books.journal->unconfirmed("c2")->empty());

    const std::vector<ports::Confirmation> confirmations{
        {(*ids)[0], kNow, 1234, std::nullopt},
        {(*ids)[1], kNow, 1, Error{Errc::conflict, "not shown"}}};
    CHECK_EQ(*books.journal->confirm_commands(confirmations), 2U);
    CHECK_EQ(books.journal->unconfirmed(kCluster)->size(), 1U);
    CHECK_EQ(*books.journal->confirm_commands(std::span(confirmations).first(1)), 0U);
    const auto all = books.journal->commands({}); // newest first
    CHECK(all->at(2).confirmed == kNow);
    CHECK(all->at(2).confirm_delay_ms == 1234);
    CHECK(all->at(1).success == false);
    CHECK(!all->at(1).confirmed);
    CHECK_EQ(all->at(1).error, "not shown");
    CHECK(!all->at(0).confirmed);
}

CASE(a_reset_that_failed_or_that_nobody_knows_of_is_owed) {
    Books books;
    model::AccountMemory memory;
    memory.period = memory.reset_done_for = "2027-Q1";
    model::Command reset;
    reset.type = model::CommandType::reset_usage;
    const auto owed = [&](const char* account) {
        return books.journal->history(kCluster, kNow)->accounts.at(account).reset_owed;
    };
    const auto begin = [&](const char* account) {
        reset.account = account;
        const auto ids = books.journal->record_cycle(kCluster, decision(account, memory), {},
                                                     std::vector{reset, qos(account)});
        CHECK(ids);
        return *ids;
    };
    const auto done = begin("a");
    CHECK_EQ(*books.close(done[0]), 1U);
    CHECK_EQ(*books.close(done[1], Error{Errc::timeout, "no answer"}), 1U);
    CHECK(!owed("a")); // only the QOS failed
    const auto failed = begin("b");
    CHECK_EQ(*books.close(failed[0], Error{Errc::timeout, "no answer"}), 1U);
    CHECK(owed("b"));
    begin("c");
    books.reopen(); // as after a crash
    CHECK(!owed("c"));
    CHECK(books.journal->close_unfinished(kNow));
    CHECK(owed("c"));
    CHECK(!owed("a"));
}

CASE(a_report_is_kept_once_with_the_evaluation_that_it_answers) {
    Books books;
    ports::AgentReport report;
    report.cluster = kCluster;
    report.account = "physics";
    report.policy = "p";
    report.mode = "emulator";
    report.error = "no";
    report.commands = {"a", "b c"};
    report.by = "token x";
    report.at = kNow;
    CHECK(books.journal->add_report(report));
    ports::EvaluationRecord evaluation;
    evaluation.cluster = kCluster;
    evaluation.account = "physics";
    evaluation.at = kNow;
    CHECK(books.journal->record_cycle(kCluster, {}, std::span(&evaluation, 1), {}));
    report.correlation = "once";
    report.success = true;
    CHECK(books.journal->add_report(report));
    CHECK(books.journal->add_report(report));
    books.reopen();
    const auto kept = books.journal->reports({kCluster, {"physics"}, 10});
    CHECK_EQ(kept->size(), 2U);
    CHECK(kept->at(0).success && !kept->at(1).success);
    CHECK_EQ(kept->at(0).evaluation, books.journal->evaluations({})->at(0).id);
    CHECK_EQ(kept->at(1).evaluation, 0);
    CHECK_EQ(kept->at(1).commands.at(1), "b c");
    CHECK(books.journal->reports({kCluster, {"chem"}, 10})->empty());
    CHECK(books.journal->forget(kNow + std::chrono::seconds(1)));
    CHECK(books.journal->reports({})->empty());
}
