// SPDX-License-Identifier: GPL-2.0-or-later
// Policies and allocations that staff set, and their versions.
#include "tests/daemon/storage/books.hpp"

using namespace sluice;
using namespace sluice::storage;

namespace {

ports::RuleVersion rule(const std::string& name, const std::string& text, std::int64_t replaces,
                        bool removed = false) {
    return {{model::RuleKind::policy, name, text, replaces}, removed, "ann", "because", kNow};
}

} // namespace

CASE(rules_have_versions_over_a_restart) {
    Books books;
    CHECK_EQ(*books.journal->rules().add(rule("b", "one", 0)), 1);
    CHECK_EQ(*books.journal->rules().add(rule("a", "two", 0)), 1);
    CHECK_EQ(*books.journal->rules().add(rule("b", "three", 1)), 2);
    books.reopen();
    const auto all = *books.journal->rules().rules();
    CHECK_EQ(all.size(), 2U);
    CHECK_EQ(all[0].entry.name, "a");
    CHECK_EQ(all[1].entry.text, "three");
    CHECK_EQ(all[1].entry.version, 2);
    CHECK_EQ(all[1].by + all[1].reason, "annbecause");
    const auto versions = *books.journal->rules().versions(model::RuleKind::policy, "b");
    CHECK_EQ(versions.size(), 2U);
    CHECK_EQ(versions[1].entry.text, "one");
    CHECK(books.journal->rules().versions(model::RuleKind::allocation, "b")->empty());
}

CASE(a_rule_is_replaced_only_by_whoever_knows_it) {
    Books books;
    auto& rules = books.journal->rules();
    CHECK_EQ(*rules.add(rule("a", "one", 0)), 1);
    for (const std::int64_t stale : {std::int64_t{0}, std::int64_t{2}}) {
        const auto refused = rules.add(rule("a", "two", stale));
        CHECK(!refused);
        CHECK(refused.error().code == Errc::conflict);
    }
    CHECK_EQ(*rules.add(rule("a", "", 1, true)), 2);
    CHECK(rules.rules()->empty());
    CHECK(!rules.add(rule("a", "", 2, true)));
    CHECK_EQ(*rules.add(rule("a", "back", 0)), 3);
    CHECK_EQ(rules.versions(model::RuleKind::policy, "a")->at(1).removed, true);
}

CASE(rules_are_bounded) {
    Books books;
    auto& rules = books.journal->rules();
    const auto refused = rules.add(rule("a", std::string(ports::kMaxRuleText + 1, 'x'), 0));
    CHECK(!refused);
    CHECK(refused.error().code == Errc::overflow);
    for (std::size_t i = 0; i < ports::kMaxRuleVersions + 5; ++i)
        CHECK(rules.add(rule("a", "x", static_cast<std::int64_t>(i))));
    const auto versions = *rules.versions(model::RuleKind::policy, "a");
    CHECK_EQ(versions.size(), ports::kMaxRuleVersions);
    CHECK_EQ(versions.front().entry.version,
             static_cast<std::int64_t>(ports::kMaxRuleVersions + 5));
}

CASE(rules_are_read_from_the_file_of_a_stopped_sluiced) {
    Books books;
    CHECK_EQ(*books.journal->rules().add(rule("a", "one", 0)), 1);
    CHECK_EQ(*books.journal->rules().add(rule("b", "two", 0)), 1);
    CHECK_EQ(*books.journal->rules().add(rule("b", "", 1, true)), 2);
    books.journal.reset();
    const auto rules = stored_rules(books.dir.file("j.db"));
    CHECK(rules);
    CHECK_EQ(rules->size(), 1U);
    CHECK_EQ(rules->at(0).entry.text, "one");
    CHECK(!stored_rules(books.dir.file("none.db")));
}
