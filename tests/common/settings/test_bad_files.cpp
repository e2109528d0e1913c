// SPDX-License-Identifier: GPL-2.0-or-later
// Every NAME.yaml in tests/data/settings/bad and bad-scenario is refused with exactly the lines of
// NAME.err; the good ones are accepted.
#include "common/settings/scenario.hpp"
#include "common/settings/settings.hpp"

#include "tests/common/settings/data.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

Result<settings::Settings> parse_file(std::string_view text, const std::string& name) {
    return settings::parse(text, name);
}

template <class Parse>
std::size_t refuse_all(const char* folder, Parse parse) {
    std::size_t seen = 0;
    for (const auto& path : test::yaml_files(folder)) {
        const auto result = parse(test::content(path), path.filename().string());
        if (result)
            test::fail(path.filename().string() + " was accepted");
        auto expected = path;
        const std::string words = test::content(expected.replace_extension(".err"));
        if (result.error().context + "\n" != words)
            test::fail(path.filename().string() + ":\n" + result.error().context + "\nis not\n" +
                       words);
        ++seen;
    }
    return seen;
}

template <class Parse>
std::size_t accept_all(const char* folder, Parse parse) {
    std::size_t seen = 0;
    for (const auto& path : test::yaml_files(folder)) {
        const auto result = parse(test::content(path), path.filename().string());
        if (!result)
            test::fail(path.filename().string() + ": " + result.error().context);
        ++seen;
    }
    return seen;
}

} // namespace

CASE(every_bad_file_is_refused_in_exactly_these_words) {
    CHECK(refuse_all("bad", parse_file) >= 100);
}

CASE(every_bad_scenario_is_refused_in_exactly_these_words) {
    CHECK(refuse_all("bad-scenario", settings::parse_scenario) >= 25);
}

CASE(every_good_file_is_accepted) {
    CHECK(accept_all("good", parse_file) >= 4);
    CHECK(accept_all("good-scenario", settings::parse_scenario) >= 1);
}

CASE(the_shipped_example_is_accepted_and_only_observes) {
    const auto settings = settings::load((test::source_folder() / "contrib/sluiced.yaml").string());
    if (!settings)
        test::fail(settings.error().context);
    CHECK(!settings->policies.policies.empty());
    for (const auto& policy : settings->policies.policies)
        CHECK(policy.mode == model::Mode::observe);
    for (const auto& note : settings->notes)
        test::fail("the example has a note: " + note);
}

CASE(the_manuals_example_is_accepted) {
    const std::string page = test::content(test::source_folder() / "docs/man/sluiced.yaml.5");
    const std::string begin = ".SH EXAMPLE\n.nf\n";
    const std::size_t at = page.find(begin);
    CHECK(at != std::string::npos);
    const std::size_t from = at + begin.size();
    const auto settings = settings::parse(page.substr(from, page.find(".fi", from) - from), "man");
    if (!settings)
        test::fail(settings.error().context);
    CHECK_EQ(settings->policies.policies.size(), 1U);
}
