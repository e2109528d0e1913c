// SPDX-License-Identifier: GPL-2.0-or-later
// Every tests/data/settings/bad/NAME.yaml is refused with exactly the lines of NAME.err.
#include "common/settings/settings.hpp"

#include "tests/support/case.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

using namespace sluice;

namespace {

std::filesystem::path data_folder() {
    const char* source = std::getenv("SLUICE_SRCDIR");
    return std::filesystem::path(source != nullptr ? source : ".") / "tests/data/settings";
}

std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        test::fail("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::filesystem::path> files(const char* folder) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(data_folder() / folder))
        if (entry.path().extension() == ".yaml")
            found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace

CASE(every_bad_file_is_refused_in_exactly_these_words) {
    std::size_t seen = 0;
    for (const auto& path : files("bad")) {
        const auto settings = settings::parse(content(path), path.filename().string());
        if (settings)
            test::fail(path.filename().string() + " was accepted");
        auto expected = path;
        const std::string words = content(expected.replace_extension(".err"));
        if (settings.error().context + "\n" != words)
            test::fail(path.filename().string() + ":\n" + settings.error().context + "\nis not\n" +
                       words);
        ++seen;
    }
    CHECK(seen >= 60);
}

CASE(every_good_file_is_accepted) {
    std::size_t seen = 0;
    for (const auto& path : files("good")) {
        const auto settings = settings::parse(content(path), path.filename().string());
        if (!settings)
            test::fail(path.filename().string() + ": " + settings.error().context);
        ++seen;
    }
    CHECK(seen >= 3);
}

CASE(the_shipped_example_is_accepted_and_only_observes) {
    const char* source = std::getenv("SLUICE_SRCDIR");
    const auto path =
        std::filesystem::path(source != nullptr ? source : ".") / "contrib/sluiced.yaml";
    const auto settings = settings::load(path.string());
    if (!settings)
        test::fail(settings.error().context);
    CHECK(!settings->policies.policies.empty());
    for (const auto& policy : settings->policies.policies)
        CHECK(policy.mode == model::Mode::observe);
    for (const auto& note : settings->notes)
        test::fail("the example has a note: " + note);
}
