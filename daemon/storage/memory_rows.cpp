// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/memory_rows.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::storage {
namespace {

using Memories = std::map<std::string, model::AccountMemory>;

// The maps and sets of a memory by the word that marks their rows.
struct AmountKind {
    std::string_view word;
    std::map<std::string, Amount> model::AccountMemory::*member;
};
constexpr AmountKind kAmounts[] = {
    {"base", &model::AccountMemory::bases},    {"grant", &model::AccountMemory::grants},
    {"used", &model::AccountMemory::used},     {"reached", &model::AccountMemory::reached},
    {"stands", &model::AccountMemory::stands},
};
constexpr std::string_view kUnits = "units"; // AccountRules::allocation, times 10^9
constexpr std::string_view kLife = "life";   // AccountRules::life: local seconds, or a number
struct WordKind {
    std::string_view word;
    std::set<std::string> model::AccountMemory::*member;
};
constexpr WordKind kWords[] = {
    {"notified", &model::AccountMemory::notified},
    {"held", &model::AccountMemory::steps},
    {"enforced_by", &model::AccountMemory::enforced_by},
};

constexpr const char* kSelectAccounts =
    "SELECT name, period, own_paused, own_downscaled, shown_paused, shown_downscaled, percent, "
    "saved_qos, saved_default_qos, reset_done_for, period_begins, qos_in_force, "
    "paused_since, reset_owed, held_for, rules, rules_policies, rules_span, budget_check, "
    "budget_waits FROM account WHERE cluster = ?";
constexpr const char* kInsertAccount =
    "INSERT INTO account (period, own_paused, own_downscaled, shown_paused, shown_downscaled, "
    "percent, saved_qos, saved_default_qos, reset_done_for, period_begins, qos_in_force, "
    "paused_since, reset_owed, held_for, rules, rules_policies, rules_span, budget_check, "
    "budget_waits, cluster, name) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr const char* kUpdateAccount =
    "UPDATE account SET period = ?, own_paused = ?, own_downscaled = ?, shown_paused = ?, "
    "shown_downscaled = ?, percent = ?, saved_qos = ?, saved_default_qos = ?, reset_done_for = ?, "
    "period_begins = ?, qos_in_force = ?, paused_since = ?, reset_owed = ?, held_for = ?, "
    "rules = ?, rules_policies = ?, rules_span = ?, budget_check = ?, budget_waits = ? WHERE id = "
    "?";

// A number that this version does not know is the strictest.
model::BudgetCheck check_of(std::int64_t number) {
    constexpr auto kLast = static_cast<std::int64_t>(model::BudgetCheck::refuse);
    return static_cast<model::BudgetCheck>(std::clamp<std::int64_t>(number, 0, kLast));
}

std::string terms_text(const std::vector<model::MeasureTerm>& terms) {
    std::vector<std::string> all;
    for (const auto& term : terms)
        all.push_back(term.tres + '=' + std::to_string(term.weight));
    return join(all, ",");
}

std::vector<model::MeasureTerm> terms_of(const std::string& text) {
    std::vector<model::MeasureTerm> terms;
    for (const auto& term : split(text, ',')) {
        const auto mark = term.rfind('=');
        if (mark == std::string::npos)
            continue;
        const auto weight = whole_number(std::string_view(term).substr(mark + 1));
        if (weight && *weight > 0)
            terms.push_back({term.substr(0, mark), *weight});
    }
    return terms;
}

model::AccountMemory memory_of(const Statement& row) {
    model::AccountMemory memory;
    memory.period = row.text(1);
    memory.flags = {row.flag(2), row.flag(3)};
    memory.shown_flags = {row.flag(4), row.flag(5)};
    memory.percent = row.optional_integer(6);
    if (!row.is_null(7))
        memory.saved_qos = model::SavedQos{split(row.text(7), ','), row.text(8)};
    memory.reset_done_for = row.text(9);
    memory.period_begin = instant(row.integer(10));
    memory.qos_in_force = row.text(11);
    if (const auto since = row.optional_integer(12))
        memory.paused_since = instant(*since);
    memory.reset_owed = row.flag(13);
    memory.held_for = row.text(14);
    memory.rules = {row.text(15), split(row.text(16), ','), {}, row.flag(17), {}};
    memory.budgets.check = check_of(row.integer(18));
    memory.budgets.waits = row.flag(19);
    return memory;
}

std::map<std::string, std::int64_t> life_rows(const model::AccountLife& life) {
    std::map<std::string, std::int64_t> rows{{"then", static_cast<std::int64_t>(life.then)},
                                             {"prorate", life.prorate ? 1 : 0},
                                             {"endless", life.endless ? 1 : 0}};
    if (life.from)
        rows["from"] = life.from->time_since_epoch().count();
    if (life.until)
        rows["until"] = life.until->time_since_epoch().count();
    return rows;
}

// One of them.
void read_life(const std::string& name, std::int64_t value,
               std::optional<model::AccountLife>& life) {
    if (!life)
        life.emplace();
    const std::chrono::local_seconds at{std::chrono::seconds{value}};
    if (name == "from")
        life->from = at;
    else if (name == "until")
        life->until = at;
    else if (name == "prorate")
        life->prorate = value != 0;
    else if (name == "endless")
        life->endless = value != 0;
    else if (name == "then") // an unknown one is the strictest
        life->then = value == 1   ? model::LifeEnd::downscale
                     : value == 2 ? model::LifeEnd::release
                                  : model::LifeEnd::pause;
}

// Rows (account name, ...) of a table that hangs on `account`.
Statement below_accounts(Database& database, const std::string& columns, const char* table,
                         const std::string& cluster) {
    Statement row(database, "SELECT a.name, " + columns + " FROM " + table +
                                " t JOIN account a ON a.id = t.account WHERE a.cluster = ?");
    row.bind(cluster);
    return row;
}

constexpr std::string_view kShares = "fairshare"; // as a type of account_value
constexpr std::string_view kSubmit = "GrpSubmitJobs";

void read_values(Database& database, const std::string& cluster, Memories& memories) {
    auto row = below_accounts(database, "t.type, t.tres, t.saved, t.in_force, t.asked",
                              "account_value", cluster);
    while (row.step()) {
        auto& memory = memories[row.text(0)];
        const std::string type = row.text(1);
        const model::SetValue value{row.optional_integer(3), row.optional_integer(4),
                                    row.optional_integer(5)};
        if (type == kShares)
            memory.shares = value;
        if (type == kSubmit)
            memory.submit = value;
        for (const auto limit : model::kLimitTypes)
            if (type == model::name(limit))
                memory.limits[{limit, row.text(2)}] = value;
    }
}

void read_periods(Database& database, const std::string& cluster, Memories& memories) {
    auto row = below_accounts(database, "t.period, t.begins, t.kind, t.name, t.amount",
                              "account_period", cluster);
    while (row.step()) {
        auto& past = memories[row.text(0)].past[row.text(1)];
        past.begin = instant(row.integer(2));
        if (const std::string kind = row.text(3); kind == "base")
            past.bases[row.text(4)] = row.integer(5);
        else if (kind == "grant")
            past.grants[row.text(4)] = row.integer(5);
        else if (kind == "used")
            past.used[row.text(4)] = row.integer(5);
    }
    auto reset = below_accounts(database, "t.period, t.begins", "account_reset", cluster);
    while (reset.step())
        memories[reset.text(0)].resets[reset.text(1)] = instant(reset.integer(2));
}

void read_budgets(Database& database, const std::string& cluster, Memories& memories) {
    Statement row(database, "SELECT a.name, t.name, t.per_unit, t.terms, t.left FROM "
                            "account_budget t JOIN account a ON a.id = t.account WHERE a.cluster = "
                            "? ORDER BY t.account, t.number");
    row.bind(cluster);
    while (row.step()) {
        auto terms = terms_of(row.text(3));
        // The plugin refuses a snapshot with such a budget, and with it those of all accounts.
        if (row.integer(2) < 1 || row.integer(4) < 0 || terms.empty())
            continue;
        memories[row.text(0)].budgets.list.push_back(
            {{row.text(1), row.integer(2), std::move(terms)}, row.integer(4)});
    }
}

} // namespace

Memories read_memories(Database& database, const std::string& cluster) {
    Memories memories;
    Statement accounts(database, kSelectAccounts);
    accounts.bind(cluster);
    while (accounts.step())
        memories.emplace(accounts.text(0), memory_of(accounts));

    auto amount = below_accounts(database, "t.kind, t.name, t.amount", "account_amount", cluster);
    while (amount.step()) {
        auto& memory = memories[amount.text(0)];
        if (amount.text(1) == kUnits)
            memory.rules.allocation[amount.text(2)] = Decimal::raw(amount.integer(3));
        if (amount.text(1) == kLife)
            read_life(amount.text(2), amount.integer(3), memory.rules.life);
        for (const auto& kind : kAmounts)
            if (amount.text(1) == kind.word)
                (memory.*kind.member)[amount.text(2)] = amount.integer(3);
    }

    auto word = below_accounts(database, "t.kind, t.word", "account_word", cluster);
    while (word.step())
        for (const auto& kind : kWords)
            if (word.text(1) == kind.word)
                (memories[word.text(0)].*kind.member).insert(word.text(2));

    auto member = below_accounts(database, "t.association, t.saved_qos, t.saved_default_qos",
                                 "account_member", cluster);
    while (member.step())
        memories[member.text(0)].saved_members[static_cast<std::uint32_t>(member.integer(1))] = {
            split(member.text(2), ','), member.text(3)};

    auto job = below_accounts(database, "t.job", "account_job", cluster);
    while (job.step())
        memories[job.text(0)].held_jobs.insert(static_cast<std::uint32_t>(job.integer(1)));
    read_values(database, cluster, memories);
    auto qos = below_accounts(database, "t.job, t.had, t.given", "account_job_qos", cluster);
    while (qos.step())
        memories[qos.text(0)].job_qos[static_cast<std::uint32_t>(qos.integer(1))] = {qos.text(2),
                                                                                     qos.text(3)};
    read_periods(database, cluster, memories);
    read_budgets(database, cluster, memories);
    return memories;
}

Memories& Writer::memories(const std::string& cluster) {
    if (!written.contains(cluster))
        written[cluster] = read_memories(database, cluster);
    return written[cluster];
}

MemoryWriter::MemoryWriter(Database& database, std::string cluster)
    : database_(database), cluster_(std::move(cluster)),
      find_(database, "SELECT id FROM account WHERE cluster = ? AND name = ?"),
      insert_(database, kInsertAccount), update_(database, kUpdateAccount),
      amount_(database,
              "INSERT INTO account_amount (account, kind, name, amount) VALUES (?,?,?,?)"),
      word_(database, "INSERT INTO account_word (account, kind, word) VALUES (?,?,?)"),
      value_(database, "INSERT INTO account_value (account, type, tres, saved, in_force, asked) "
                       "VALUES (?,?,?,?,?,?)"),
      member_(database, "INSERT INTO account_member (account, association, saved_qos, "
                        "saved_default_qos) VALUES (?,?,?,?)"),
      job_(database, "INSERT INTO account_job (account, job) VALUES (?,?)"),
      job_qos_(database, "INSERT INTO account_job_qos (account, job, had, given) VALUES (?,?,?,?)"),
      period_(database, "INSERT INTO account_period (account, period, begins, kind, name, amount) "
                        "VALUES (?,?,?,?,?,?)"),
      reset_(database, "INSERT INTO account_reset (account, period, begins) VALUES (?,?,?)"),
      budget_(database, "INSERT INTO account_budget (account, number, name, per_unit, terms, left) "
                        "VALUES (?,?,?,?,?,?)") {}

std::int64_t MemoryWriter::write_account(const std::string& account,
                                         const model::AccountMemory& memory) {
    std::optional<std::string> list;
    std::optional<std::string> default_qos;
    if (memory.saved_qos) {
        list = join(memory.saved_qos->list, ",");
        default_qos = memory.saved_qos->default_qos;
    }
    std::optional<std::int64_t> since;
    if (memory.paused_since)
        since = epoch(*memory.paused_since);
    const auto put = [&](Statement& statement, const auto&... key) {
        statement
            .bind(memory.period, memory.flags.paused, memory.flags.downscaled,
                  memory.shown_flags.paused, memory.shown_flags.downscaled, memory.percent, list,
                  default_qos, memory.reset_done_for, epoch(memory.period_begin),
                  memory.qos_in_force, since, memory.reset_owed, memory.held_for,
                  memory.rules.version, join(memory.rules.policies, ","), memory.rules.spans,
                  static_cast<std::int64_t>(memory.budgets.check), memory.budgets.waits, key...)
            .run();
    };
    if (find_.bind(cluster_, account).step()) {
        const std::int64_t id = find_.integer(0);
        put(update_, id);
        return id;
    }
    put(insert_, cluster_, account);
    return database_.last_insert_id();
}

void MemoryWriter::clear(std::int64_t id) {
    for (const char* sql : {"DELETE FROM account_amount WHERE account = ?",
                            "DELETE FROM account_word WHERE account = ?",
                            "DELETE FROM account_value WHERE account = ?",
                            "DELETE FROM account_member WHERE account = ?",
                            "DELETE FROM account_job WHERE account = ?",
                            "DELETE FROM account_job_qos WHERE account = ?",
                            "DELETE FROM account_period WHERE account = ?",
                            "DELETE FROM account_reset WHERE account = ?",
                            "DELETE FROM account_budget WHERE account = ?"})
        Statement(database_, sql).bind(id).run();
}

void MemoryWriter::write_period(std::int64_t id, const std::string& period,
                                const model::PastPeriod& past) {
    const std::int64_t begins = epoch(past.begin);
    period_.bind(id, period, begins, "period", "", 0).run();
    for (const auto& [name, amount] : past.bases)
        period_.bind(id, period, begins, "base", name, amount).run();
    for (const auto& [name, amount] : past.grants)
        period_.bind(id, period, begins, "grant", name, amount).run();
    for (const auto& [name, amount] : past.used)
        period_.bind(id, period, begins, "used", name, amount).run();
}

void MemoryWriter::write(const std::string& account, const model::AccountMemory& memory) {
    const std::int64_t id = write_account(account, memory);
    clear(id);
    for (const auto& kind : kAmounts)
        for (const auto& [name, amount] : memory.*kind.member)
            amount_.bind(id, kind.word, name, amount).run();
    for (const auto& [name, units] : memory.rules.allocation)
        amount_.bind(id, kUnits, name, units.scaled()).run();
    if (memory.rules.life)
        for (const auto& [name, value] : life_rows(*memory.rules.life))
            amount_.bind(id, kLife, name, value).run();
    for (const auto& kind : kWords)
        for (const auto& word : memory.*kind.member)
            word_.bind(id, kind.word, word).run();
    const auto write_value = [&](std::string_view type, const std::string& tres,
                                 const model::SetValue& value) {
        value_.bind(id, type, tres, value.saved, value.in_force, value.asked).run();
    };
    for (const auto& [key, value] : memory.limits)
        write_value(model::name(key.first), key.second, value);
    if (memory.shares)
        write_value(kShares, "", *memory.shares);
    if (memory.submit)
        write_value(kSubmit, "", *memory.submit);
    for (const auto& [association, saved] : memory.saved_members)
        member_.bind(id, std::int64_t{association}, join(saved.list, ","), saved.default_qos).run();
    for (const std::uint32_t job : memory.held_jobs)
        job_.bind(id, std::int64_t{job}).run();
    for (const auto& [job, qos] : memory.job_qos)
        job_qos_.bind(id, std::int64_t{job}, qos.had, qos.given).run();
    for (const auto& [period, past] : memory.past)
        write_period(id, period, past);
    for (const auto& [period, begin] : memory.resets)
        reset_.bind(id, period, epoch(begin)).run();
    std::int64_t number = 0;
    for (const auto& [measure, left] : memory.budgets.list)
        budget_.bind(id, number++, measure.name, measure.per_unit, terms_text(measure.terms), left)
            .run();
}

} // namespace sluice::storage
