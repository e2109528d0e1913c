// SPDX-License-Identifier: GPL-2.0-or-later
// The journal keeps a period by its label: other labels neither loosen nor stop anything.
#include "tests/common/policy/world.hpp"

#include <chrono>

using namespace sluice;
using test::utc;
using test::World;

namespace {

World yearly(const std::string& label) {
    World w;
    auto& period = w.policy().period;
    period = {model::PeriodKind::custom, 12, std::chrono::year{2026} / 1 / 1};
    period.label = label;
    w.account("physics");
    w.grant("physics", "1000");
    w.facts.rules_version = w.facts.history.rules_version = "1";
    return w;
}

} // namespace

CASE(a_label_that_is_added_changed_or_removed_waits_for_a_person) {
    const std::pair<const char*, const char*> changes[] = {
        {"", "FY{YY}"}, {"FY{YY}", "Y{YYYY}"}, {"FY{YY}", ""}};
    for (const auto& [was, is] : changes) {
        World w = yearly(was);
        w.use(utc(2026, 1, 2), "physics", 1300);
        w.run(utc(2026, 1, 3));
        CHECK(w.of("physics").enforced.paused);
        const std::string label = w.of("physics").period.label;
        w.set.policies[0].period.label = is;
        w.run(utc(2026, 1, 4));
        CHECK(w.of("physics").held());
        CHECK(w.of("physics").error.find("would be called") != std::string::npos);
        CHECK(w.of("physics").enforced.paused);
        CHECK_EQ(w.of("physics").period.label, label);
        w.set.policies[0].period.label = was;
        w.run(utc(2026, 1, 5));
        CHECK(w.of("physics").error.empty());
        CHECK(w.of("physics").enforced.paused);
    }
}

CASE(another_kind_of_period_with_the_same_boundaries_is_another_label) {
    using model::PeriodKind;
    const model::PeriodRule months{PeriodKind::custom, 3, std::chrono::year{2026} / 1 / 1};
    const model::PeriodRule quarter{PeriodKind::quarter, 0, {}};
    for (const auto& [was, is] : {std::pair(quarter, months), std::pair(months, quarter)})
        for (const Instant then : {utc(2026, 1, 4), utc(2026, 4, 4)}) {
            World w = yearly("");
            w.set.policies[0].period = was;
            w.run(utc(2026, 1, 3));
            w.set.policies[0].period = is;
            w.run(then);
            CHECK(w.of("physics").held());
            CHECK(w.of("physics").error.find("would be called") != std::string::npos);
            w.set.policies[0].period = was;
            w.run(then);
            CHECK(w.of("physics").error.empty());
        }
    World same = yearly("{YYYY}-Q{N}"); // the labels of quarters
    same.set.policies[0].period = quarter;
    same.run(utc(2026, 1, 3));
    same.set.policies[0].period = months;
    same.set.policies[0].period.label = "{YYYY}-Q{N}";
    same.run(utc(2026, 1, 4));
    CHECK(same.of("physics").error.empty());
}

CASE(another_length_of_periods_is_no_other_label) {
    World w = yearly("");
    w.run(utc(2026, 1, 3));
    w.set.policies[0].period = {model::PeriodKind::month, 0, {}};
    w.run(utc(2026, 1, 4));
    CHECK(w.of("physics").error.empty());
    CHECK_EQ(w.of("physics").period.label, "2026-01");
}

CASE(a_label_that_an_earlier_period_had_is_refused) {
    World w = yearly("call{N}");
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.set.policies[0].period.anchor = std::chrono::year{2027} / 1 / 1;
    w.run(utc(2027, 1, 3)); // call1 again
    CHECK(w.of("physics").error.find("has the label of a period that began at another time") !=
          std::string::npos);
    CHECK(!w.of("physics").held());
    CHECK(w.of("physics").enforced.paused);
    w.set.policies[0].period.label = "call{YYYY}";
    w.run(utc(2027, 1, 4));
    CHECK(w.of("physics").held()); // by its last rules it would be call2
    CHECK(!w.of("physics").error.empty() && w.of("physics").enforced.paused);
    model::release(w.facts.history.accounts.at("physics"));
    w.run(utc(2027, 1, 5));
    CHECK(w.of("physics").error.empty());
    CHECK(!w.of("physics").flags.paused);
}
