// SPDX-License-Identifier: GPL-2.0-or-later
// What people enter: overrides, adjustments, periods begun anew.
#include "tests/daemon/storage/books.hpp"

#include <map>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::storage;

namespace {

// The number of the only entry, or the first.
Result<std::int64_t> add(Books& books, const std::vector<model::Adjustment>& entries) {
    const auto ids = books.journal->add_adjustments(kCluster, entries);
    if (!ids)
        return ids.error();
    CHECK_EQ(ids->size(), entries.size());
    return ids->front();
}

} // namespace

CASE(overrides_end_at_their_expiry_or_when_cleared) {
    Books books;
    using std::chrono::hours;
    const model::Override entry{0,     "a",    model::Standing::paused, kNow, kNow + hours(10),
                                "why", "uid 0"};
    const auto id = books.journal->add_override(kCluster, entry);
    CHECK(id);
    auto found = books.journal->history(kCluster, kNow)->overrides;
    CHECK_EQ(found.size(), 1U);
    CHECK_EQ(found[0].id, *id);
    CHECK(found[0].standing == model::Standing::paused);
    CHECK(found[0].from == kNow && found[0].until == kNow + hours(10));
    CHECK_EQ(found[0].reason, "why");
    CHECK_EQ(found[0].by, "uid 0");
    CHECK(!found[0].show_reason);

    CHECK(books.journal->end_override(kCluster, *id, kNow + hours(1), "uid 0", "done"));
    CHECK(books.journal->history(kCluster, kNow)->overrides.at(0).until == kNow + hours(1));
    CHECK(books.journal->end_override(kCluster, *id, kNow + hours(2), "uid 0", "x").error().code ==
          Errc::not_found);
    CHECK(books.journal->end_override("c2", *id, kNow, "uid 0", "x").error().code ==
          Errc::not_found);
    books.clock.set(kNow + hours(24 * 8));
    CHECK(books.journal->history(kCluster, books.clock.now())->overrides.empty());
}

CASE(adjustments_keep_their_exact_units) {
    Books books;
    model::Adjustment entry{0, "a", "2027-Q1", {}, "node failure", "uid 0", kNow};
    entry.units = {{"node_hours", *Decimal::parse("-2.500000001")}, {"gpu_hours", Decimal{}}};
    CHECK(add(books, {entry}));
    books.reopen();
    const auto found = books.journal->history(kCluster, kNow)->adjustments;
    CHECK_EQ(found.size(), 1U);
    CHECK(found[0].units == entry.units);
    CHECK_EQ(found[0].period, "2027-Q1");
    CHECK_EQ(found[0].reason, "node failure");
    CHECK(found[0].at == kNow);
}

CASE(the_ledger_lists_who_ended_what_and_why) {
    Books books;
    const model::Override entry{0,
                                "a",
                                model::Standing::normal,
                                kNow,
                                kNow + std::chrono::hours(9),
                                "deadline",
                                "root",
                                false,
                                false,
                                true};
    const auto id = books.journal->add_override(kCluster, entry);
    CHECK(id);
    CHECK(books.journal->end_override(kCluster, *id, kNow, "ann", "paper is out"));
    const auto found = books.journal->overrides({kCluster, {}, 10});
    CHECK(found);
    CHECK_EQ(found->size(), 1U);
    CHECK(books.journal->history(kCluster, kNow - std::chrono::hours(1))->overrides[0].show_reason);
    CHECK(found->at(0).entry.until == entry.until);
    CHECK(found->at(0).entry.show_reason);
    CHECK(found->at(0).ended == kNow);
    CHECK_EQ(found->at(0).ended_by, "ann");
    CHECK_EQ(found->at(0).end_reason, "paper is out");
    CHECK(books.journal->overrides({kCluster, {"b"}, 10})->empty());
}

CASE(an_adjustment_is_taken_back_once) {
    Books books;
    model::Adjustment entry{0, "a", "2027-Q1", {{"cpu", Decimal::whole(5)}}, "r", "root", kNow};
    const auto first = add(books, {entry});
    CHECK(first);
    entry.takes_back = *first;
    entry.units = {{"cpu", Decimal::whole(-5)}};
    const auto second = add(books, {entry});
    CHECK(second);
    CHECK(add(books, {entry}).error().code == Errc::conflict);
    entry.takes_back = 77;
    CHECK(add(books, {entry}).error().code == Errc::not_found);
    const auto found = books.journal->adjustments({kCluster, {}, 10});
    CHECK(found);
    CHECK_EQ(found->size(), 2U);
    CHECK_EQ(found->at(0).entry.takes_back, *first);
    CHECK_EQ(found->at(1).taken_back_by, *second);
}

CASE(a_transfer_is_a_pair_that_is_entered_and_taken_back_as_one) {
    Books books;
    const auto units = [](int count) {
        return std::map<std::string, Decimal>{{"cpu", Decimal::whole(count)}};
    };
    model::Adjustment from{0, "a", "2027-Q1", units(-5), "r", "ann", kNow};
    model::Adjustment to{0, "b", "2027-Q1", units(5), "r", "ann", kNow};
    const auto ids = books.journal->add_adjustments(kCluster, std::vector{from, to});
    CHECK(ids);
    books.reopen();
    auto found = books.journal->adjustments({kCluster, {}, 10});
    CHECK_EQ(found->size(), 2U);
    CHECK_EQ(found->at(0).entry.pair, ids->at(0));
    CHECK_EQ(found->at(1).entry.pair, ids->at(1));
    CHECK_EQ(books.journal->adjustments({kCluster, {"b"}, 10})->at(0).entry.pair, ids->at(0));

    from.takes_back = ids->at(0);
    to.takes_back = ids->at(1);
    for (const auto& one : {from, to}) {
        const auto alone = add(books, {one});
        CHECK(!alone && alone.error().code == Errc::conflict);
        CHECK(alone.error().context.find("is part of a transfer") != std::string::npos);
    }
    auto wrong = to;
    wrong.takes_back = 77; // neither entry is kept
    CHECK(!add(books, {from, wrong}));
    CHECK_EQ(books.journal->adjustments({kCluster, {}, 10})->size(), 2U);
    CHECK(add(books, {from, to}));
    found = books.journal->adjustments({kCluster, {}, 10});
    CHECK_EQ(found->size(), 4U);
    CHECK_EQ(found->at(0).entry.pair, found->at(1).entry.id);
    CHECK(found->at(2).taken_back_by != 0 && found->at(3).taken_back_by != 0);
}

CASE(the_journal_keeps_what_the_guard_holds) {
    test::ScratchDir dir;
    SystemClock clock;
    model::Decision decision;
    decision.rules_version = "1";
    auto& account = decision.accounts.emplace_back();
    account.account = "a";
    account.memory.period = "2027-Q1";
    {
        const auto journal = SqliteJournal::open(dir.file("j.db"), clock);
        CHECK(journal);
        CHECK_EQ((*journal)->history(kCluster, kNow)->rules_version, "");
        CHECK((*journal)->record_cycle(kCluster, decision, {}, {}));
        decision.rules_version = "2";
        account.error = "held";
        account.fault = model::Fault::guard;
        account.memory.held_for = "2";
        account.memory.saved_qos = {{"normal"}, ""};
        CHECK((*journal)->record_cycle(kCluster, decision, {}, {}));
    }
    const auto journal = SqliteJournal::open(dir.file("j.db"), clock);
    CHECK(journal);
    const auto history = (*journal)->history(kCluster, kNow);
    CHECK_EQ(history->rules_version, "2");
    CHECK_EQ(history->accounts.at("a").held_for, "2");
    CHECK_EQ(history->accounts.at("a").period, "2027-Q1");
    CHECK(history->accounts.at("a").saved_qos.has_value()); // an override may pause it
}

CASE(a_released_account_forgets_the_rules_that_it_had) {
    test::ScratchDir dir;
    SystemClock clock;
    model::Decision decision;
    auto& account = decision.accounts.emplace_back();
    account.account = "a";
    account.memory.enforced_by = {"quarterly"};
    account.memory.saved_qos = model::SavedQos{{"normal"}, "normal"};
    const auto journal = SqliteJournal::open(dir.file("j.db"), clock);
    CHECK(journal);
    CHECK((*journal)->record_cycle(kCluster, decision, {}, {}));
    CHECK((*journal)->reopen_period(kCluster, {0, "a", "2027-Q1", "why", "root", kNow, true}));
    const auto memory = (*journal)->history(kCluster, kNow)->accounts.at("a");
    CHECK(memory.enforced_by.empty());
    CHECK(memory.saved_qos.has_value());
    CHECK((*journal)->resets({kCluster, {}, 10})->at(0).release);
}

CASE(a_reopened_period_forgets_what_held_the_account) {
    test::ScratchDir dir;
    SystemClock clock;
    model::Decision decision;
    auto& account = decision.accounts.emplace_back();
    account.account = "a";
    account.memory.period = "2027-Q1";
    account.memory.flags = {true, true};
    account.memory.notified = {"notify"};
    account.memory.bases = {{"cpu", 3600}};
    {
        auto journal = SqliteJournal::open(dir.file("j.db"), clock);
        CHECK(journal);
        CHECK((*journal)->record_cycle(kCluster, decision, {}, {}));
        CHECK((*journal)->reopen_period(kCluster, {0, "a", "2027-Q1", "why", "root", kNow}));
        CHECK(!(*journal)->history(kCluster, kNow)->accounts.at("a").flags.paused);
    }
    const auto journal = SqliteJournal::open(dir.file("j.db"), clock);
    CHECK(journal);
    const auto memory = (*journal)->history(kCluster, kNow)->accounts.at("a");
    CHECK(!memory.flags.paused);
    CHECK(memory.notified.empty());
    CHECK_EQ(memory.period, "2027-Q1");
    CHECK_EQ(memory.bases.at("cpu"), 3600);
    const auto resets = (*journal)->resets({kCluster, {}, 10});
    CHECK(resets);
    CHECK_EQ(resets->at(0).reason, "why");
    CHECK(!resets->at(0).release);
}
