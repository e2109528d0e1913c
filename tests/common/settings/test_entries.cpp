// SPDX-License-Identifier: GPL-2.0-or-later
// Policies and allocations of the journal beside those of the file.
#include "common/settings/entries.hpp"

#include "tests/support/case.hpp"

using namespace sluice;
using model::RuleEntry;
using model::RuleKind;

namespace {

constexpr const char* kFile = "components: {node_hours: {tres: node}}\n"
                              "accounts:\n"
                              "  physics: {allocation: {node_hours: 100}}\n"
                              "policies:\n"
                              "  - {name: monthly, period: month, accounts: [physics]}\n";

RuleEntry policy(const std::string& name, const std::string& text) {
    return {RuleKind::policy, name, text, 1};
}
RuleEntry allocation(const std::string& account, const std::string& text) {
    return {RuleKind::allocation, account, text, 1};
}

std::string fault_of(const std::vector<RuleEntry>& entries, const char* file = kFile) {
    const auto read = settings::parse(file, "f.yaml", entries);
    return read ? "none" : read.error().context;
}

} // namespace

CASE(entries_are_read_as_parts_of_the_file) {
    const std::vector<RuleEntry> entries{
        allocation("chem", "allocation: {node_hours: 5}\n"),
        policy("quarterly", "period: quarter\naccounts: [chem]\ngrace_ratio: 0.5\n")};
    const auto read = settings::parse(kFile, "f.yaml", entries);
    CHECK(read);
    CHECK_EQ(read->policies.policies.size(), 2U);
    CHECK_EQ(read->policies.policies.at(1).name, "quarterly");
    CHECK_EQ(read->policies.policies.at(1).grace_ratio.text(), "0.5");
    CHECK_EQ(read->policies.accounts.at("chem").allocation->at("node_hours").text(), "5");
    CHECK(read->version != settings::parse(kFile, "f.yaml")->version);
    CHECK_EQ(settings::place_in_file(*read, RuleKind::policy, "monthly").line, 5U);
    CHECK_EQ(settings::place_in_file(*read, RuleKind::policy, "quarterly").line, 0U);
    CHECK_EQ(settings::place_in_file(*read, RuleKind::allocation, "physics").line, 3U);
    CHECK_EQ(settings::place_in_file(*read, RuleKind::allocation, "chem").line, 0U);
    // An empty file does not hide them.
    CHECK_EQ(settings::parse("", "f.yaml", std::vector{policy("p", "period: month\n")})
                 ->policies.policies.size(),
             1U);
}

CASE(faults_of_entries_have_their_own_places) {
    const std::pair<RuleEntry, const char*> cases[] = {
        {policy("q", "period: quarter\ngrace_rato: 1\naccounts: [chem]\n"),
         "policy \"q\" of the journal:2:1: unknown key \"grace_rato\"; did you mean "
         "\"grace_ratio\"?"},
        {policy("q", "- a\n"), "policy \"q\" of the journal:1:1: a policy: expected a map"},
        {policy("q", ""), "policy \"q\" of the journal:1:1: a policy: expected a map"},
        {policy("q", "a: [\n"), "policy \"q\" of the journal:2:1: "},
        {policy("q", "name: r\naccounts: [chem]\n"),
         "policy \"q\" of the journal:1:7: name: expected \"q\", found \"r\""},
        {policy("q", "period: quarter\n"),
         "policy \"q\" of the journal:1:1: policies \"monthly\" (line 5) and \"q\" both match"},
        {policy("monthly", "period: quarter\naccounts: [chem]\n"),
         "f.yaml:5:5: policy \"monthly\" is in the journal, too; remove it here, or run: sluice "
         "policy remove monthly --reason=TEXT"},
        {allocation("physics", "allocation: {node_hours: 5}\n"),
         "f.yaml:3:3: account \"physics\" is in the journal, too; remove it here, or run: sluice "
         "grant remove physics --reason=TEXT"},
        {allocation("chem", "allocation: {cpu_hours: 5}\n"),
         "allocation \"chem\" of the journal:1:14: allocation: component \"cpu_hours\""},
        {allocation("chem", "allocation: {node_hours: -1}\n"),
         "allocation \"chem\" of the journal:1:26: "},
    };
    for (const auto& [entry, start] : cases) {
        const std::string fault = fault_of({entry});
        if (!fault.starts_with(start))
            test::fail(entry.text + ": " + fault);
    }
    // The policy of another entry is named by its source, too.
    const std::string clash = fault_of({policy("a", "period: year\naccounts: [chem]\n"),
                                        policy("b", "period: month\naccounts: [chem]\n")});
    CHECK(clash.find("(line 1 of policy \"a\" of the journal)") != std::string::npos);
}

CASE(with_rules_of_waldur_entries_do_not_count) {
    const std::string file =
        "components: {node_hours: {tres: node}}\n"
        "policies: [{name: p}]\n"
        "waldur: {waldur_api_url: \"https://w\", waldur_api_token_file: /t, "
        "source: waldur, waldur_offering_uuid: 0123456789abcdef0123456789abcdef}\n";
    const auto read = settings::parse(file, "f.yaml", std::vector{policy("q", "period: month\n")});
    if (!read)
        test::fail(read.error().context);
    CHECK_EQ(read->policies.policies.size(), 1U);
    bool noted = false;
    for (const auto& note : read->notes)
        noted = noted || note.find("of the journal do not count") != std::string::npos;
    CHECK(noted);
}

CASE(the_journal_keeps_what_was_typed) {
    const RuleEntry none = policy("q", "");
    CHECK_EQ(*settings::entry_text(none, "# why\nperiod: month\n", false),
             "# why\nperiod: month\n");
    CHECK_EQ(*settings::entry_text(none, R"({"period":"month","grace_ratio":0.2})", false),
             "period: \"month\"\ngrace_ratio: 0.2\n");
    CHECK_EQ(
        *settings::entry_text(policy("q", "period: month\n"), "grace_ratio: 0.5\nperiod:\n", true),
        "grace_ratio: 0.5\n");
    for (const char* bad : {"", "- a", "text", "a: [", "a: &x 1"})
        CHECK(!settings::entry_text(none, bad, false));
}

CASE(an_export_is_for_the_file) {
    const std::vector<RuleEntry> entries{policy("q", "# half\nperiod: quarter\naccounts: [chem]\n"),
                                         allocation("chem", "allocation: {node_hours: 5}\n")};
    const std::string text = settings::exported(entries);
    CHECK_EQ(text, "accounts:\n  chem:\n    allocation: {node_hours: 5}\n"
                   "policies:\n  -\n    name: q\n    # half\n    period: quarter\n"
                   "    accounts: [chem]\n");
    const auto read = settings::parse("components: {node_hours: {tres: node}}\n" + text, "f.yaml");
    CHECK(read);
    CHECK_EQ(read->policies.policies.at(0).name, "q");
}
