// SPDX-License-Identifier: GPL-2.0-or-later
// Allocation moves between accounts: within a subtree, never more than the giving account can
// spare, never above what accounts above have, both entries or none.
#include "daemon/core/operator.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

const ports::Person kAnn{"ann", "optics runs late", false};
const ports::Person kAnnTries{"ann", "optics runs late", true};

// physics (1000) has optics (400) and lasers (300) below, chem (500) is apart; lasers has tiny.
struct Desk : Bench {
    core::Loop loop{ports, sources, std::make_shared<core::Rules>(rules)};
    core::DaemonOperator actions{loop, ports, nullptr, 5s};

    explicit Desk(model::Coordinators may = model::Coordinators::move) {
        slurm.add_account("optics", "physics");
        slurm.add_account("lasers", "physics");
        slurm.add_account("tiny", "lasers");
        slurm.add_account("chem");
        rules.set.policies.at(0).coordinators = may;
        for (const auto& [name, hours] :
             {std::pair("optics", 400), {"lasers", 300}, {"tiny", 10}, {"chem", 500}})
            rules.set.accounts[name].allocation = {{"node_hours", Decimal::whole(hours)}};
        use("optics", 250);
        use("lasers", 100);
        for (const char* name : {"chem", "tiny"})
            use(name, 0);
        loop.use(std::make_shared<core::Rules>(rules));
        loop.start();
        CHECK(loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    }
    ~Desk() { loop.stop(60s); }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    void use(const std::string& account, Amount hours) {
        slurm.set_usage(account, "node", hours * kHour);
    }
    Result<ports::Booked>
    move(const std::string& from, const std::string& to, const std::string& units,
         std::optional<std::vector<std::string>> coordinated = std::vector<std::string>{"physics"},
         const ports::Person& person = kAnn) {
        return actions.transfer({from, to, {{"Node_Hours", *Decimal::parse(units)}}, coordinated},
                                person);
    }
    Amount effective(const std::string& account) const {
        return loop.shown().report->decision.find(account)->figures.at(0).effective / kHour;
    }
};

void refused(const Result<ports::Booked>& done, Errc code, const std::string& part) {
    CHECK(!done);
    CHECK_EQ(static_cast<int>(done.error().code), static_cast<int>(code));
    if (done.error().context.find(part) == std::string::npos)
        fail(done.error().context + " does not say: " + part);
}

} // namespace

CASE(a_coordinator_moves_allocation_between_accounts_below) {
    Desk desk;
    const auto tried = desk.move("optics", "lasers", "100", {{"physics"}}, kAnnTries);
    CHECK(tried);
    CHECK_EQ(tried->id, 0);
    CHECK_EQ(tried->cycle->decision.find("lasers")->figures.at(0).effective / kHour, 400);
    CHECK(desk.journal.held.adjustments.empty());
    const auto done = desk.move("optics", "lasers", "100");
    CHECK(done);
    CHECK_EQ(done->id, 1);
    CHECK_EQ(done->pair, 2);
    CHECK_EQ(done->cycle->decision.accounts.size(), 2u);
    CHECK_EQ(desk.effective("optics"), 300);
    CHECK_EQ(desk.effective("lasers"), 400);
    CHECK_EQ(desk.effective("physics"), 1000);
    const auto& entries = desk.journal.held.adjustments;
    CHECK(entries.at(0).units.at("node_hours") == Decimal::whole(-100));
    CHECK(entries.at(1).units.at("node_hours") == Decimal::whole(100));
    for (const auto& entry : entries) {
        CHECK_EQ(entry.by, "ann");
        CHECK_EQ(entry.reason, "optics runs late");
        CHECK_EQ(entry.period, "2026-Q1");
    }
}

CASE(a_transfer_is_taken_back_with_both_entries) {
    Desk desk;
    CHECK(desk.move("optics", "lasers", "100"));
    const auto back = desk.actions.take_back(2, kAnn);
    CHECK(back);
    CHECK(back->pair != 0);
    CHECK_EQ(desk.effective("optics"), 400);
    CHECK_EQ(desk.effective("lasers"), 300);
    CHECK_EQ(desk.journal.held.adjustments.size(), 4u);
    CHECK_EQ(desk.journal.held.adjustments.at(2).takes_back +
                 desk.journal.held.adjustments.at(3).takes_back,
             3);
}

CASE(the_giving_account_keeps_what_it_has_used) {
    Desk desk;
    refused(desk.move("optics", "lasers", "150.0003"), Errc::conflict, "at most 150 can move");
    refused(desk.move("optics", "lasers", "1000000"), Errc::conflict, "keeps at least");
    // 300 used since the last evaluation
    desk.use("optics", 350);
    refused(desk.move("optics", "lasers", "60"), Errc::conflict, "meanwhile 350 node_hours");
    CHECK(desk.journal.held.adjustments.empty());
    CHECK(desk.move("optics", "lasers", "50"));
    CHECK_EQ(desk.effective("optics"), 350);
}

CASE(what_was_entered_since_the_last_evaluation_counts) {
    Desk desk;
    const auto enter = [&](const std::string& account, int units) {
        model::Adjustment entry;
        entry.id = static_cast<std::int64_t>(desk.journal.held.adjustments.size()) + 1;
        entry.account = account;
        entry.period = "2026-Q1";
        entry.units = {{"node_hours", Decimal::whole(units)}};
        entry.at = desk.clock.now();
        desk.journal.held.adjustments.push_back(entry);
    };
    enter("optics", -400); // the effective allocation is 0 then, not -50
    refused(desk.move("optics", "lasers", "50"), Errc::conflict, "meanwhile 250 node_hours");
    enter("tiny", 285);
    refused(desk.move("chem", "tiny", "10", std::nullopt), Errc::conflict,
            "would have more than account lasers above it, which has 300 node_hours");
    CHECK_EQ(desk.journal.held.adjustments.size(), 2u);
    CHECK(desk.move("chem", "tiny", "5", std::nullopt));
}

CASE(a_transfer_pauses_nobody) {
    Desk desk;
    desk.rules.set.policies.at(0).grace_ratio = Decimal();
    desk.loop.use(std::make_shared<core::Rules>(desk.rules));
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    refused(desk.move("optics", "lasers", "150"), Errc::conflict, "would be paused");
    CHECK(desk.journal.held.adjustments.empty());
    CHECK(desk.move("optics", "lasers", "149"));
    CHECK(!desk.loop.shown().report->decision.find("optics")->flags.paused);
}

CASE(a_coordinator_moves_nothing_in_or_out_of_the_subtree) {
    Desk desk;
    const char* outside = "is not below an account that you coordinate";
    refused(desk.move("chem", "optics", "1"), Errc::refused, outside);
    refused(desk.move("optics", "chem", "1"), Errc::refused, outside);
    refused(desk.move("physics", "optics", "1"), Errc::refused, outside); // the bound itself
    refused(desk.move("optics", "physics", "1"), Errc::refused, outside);
    refused(desk.move("optics", "nothing", "1"), Errc::refused, outside); // as one that exists
    refused(desk.move("optics", "lasers", "1", std::vector<std::string>{}), Errc::refused, outside);
    refused(desk.move("optics", "lasers", "1", {{"chem"}}), Errc::refused, outside);
    refused(desk.move("optics", "tiny", "1", {{"lasers"}}), Errc::refused, outside);
    CHECK(desk.journal.held.adjustments.empty());
    CHECK(desk.move("optics", "chem", "1", std::nullopt)); // staff
}

CASE(a_coordinator_needs_the_policy_and_staff_do_not) {
    Desk desk(model::Coordinators::view);
    refused(desk.move("optics", "lasers", "1"), Errc::refused,
            "policy quarterly of account optics does not let coordinators move allocation");
    CHECK(desk.journal.held.adjustments.empty());
    CHECK(desk.move("optics", "lasers", "1", std::nullopt));
}

CASE(accounts_above_bound_what_an_account_gets) {
    Desk desk;
    refused(desk.move("chem", "tiny", "291", std::nullopt), Errc::conflict,
            "would have more than account lasers above it, which has 300 node_hours");
    CHECK(desk.move("chem", "tiny", "290", std::nullopt));
    refused(desk.move("optics", "tiny", "1"), Errc::conflict, "more than account lasers");
    refused(desk.move("lasers", "tiny", "1"), Errc::conflict, "is below the other");
    refused(desk.move("tiny", "lasers", "1"), Errc::conflict, "is below the other");
}

CASE(what_cannot_move_is_refused_with_the_remedy) {
    Desk desk;
    refused(desk.move("optics", "optics", "1"), Errc::malformed, "name two accounts");
    refused(desk.move("optics", "lasers", "0"), Errc::malformed, "must be above 0");
    refused(desk.move("optics", "lasers", "-5"), Errc::malformed, "the other way round");
    refused(desk.move("optics", "lasers", "0.0000001"), Errc::malformed, "whole seconds");
    refused(desk.move("optics", "lazers", "1", std::nullopt), Errc::not_found,
            "did you mean lasers?");
    refused(desk.actions.transfer({"optics", "lasers", {}, {}}, kAnn), Errc::malformed,
            "the units are missing");
    refused(desk.actions.transfer({"optics", "lasers", {{"gpu", Decimal::whole(1)}}, {}}, kAnn),
            Errc::malformed, "components: node_hours");
    refused(desk.move("optics", "lasers", "1", std::nullopt, {"ann", "", false}), Errc::malformed,
            "the reason is missing");
    CHECK(desk.journal.held.adjustments.empty());
}

CASE(allocation_moves_within_one_period_only) {
    Desk desk;
    auto other = desk.rules.set.policies.at(0);
    desk.rules.set.policies.at(0).match.accounts = {"optics"};
    other.name = "yearly";
    other.period = {model::PeriodKind::year, 0, {}};
    other.match.accounts = {"lasers"};
    desk.rules.set.policies.push_back(other);
    desk.loop.use(std::make_shared<core::Rules>(desk.rules));
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    refused(desk.move("optics", "lasers", "1"), Errc::conflict, "within one period only");
}

CASE(a_transfer_that_cannot_be_checked_enters_nothing) {
    Desk desk;
    desk.clock.set(kFebruary + 5min);
    desk.faults.fail_all("usage");
    refused(desk.move("optics", "lasers", "1"), Errc::unavailable, "the usage is 300 s old");
    CHECK(desk.journal.held.adjustments.empty());
}
