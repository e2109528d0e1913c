// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/options.hpp"
#include "tests/support/case.hpp"

#include <vector>

using namespace sluice;
using core::Options;

namespace {

Result<Options> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "sluiced");
    std::vector<char*> argv;
    for (auto& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return core::parse_options(static_cast<int>(words.size()), argv.data());
}

} // namespace

CASE(without_options_it_runs_in_the_background_with_the_default_file) {
    const auto options = parse({});
    CHECK(options);
    CHECK(options->task == Options::Task::run);
    CHECK(!options->foreground);
    CHECK_EQ(options->file, SLUICE_SYSCONFDIR "/sluiced.yaml");
    CHECK(options->level == log::Level::info);
}

CASE(short_options_may_be_joined_and_repeated) {
    const auto options = parse({"-Dvv", "-f", "x.yaml"});
    CHECK(options);
    CHECK(options->foreground);
    CHECK(options->level == log::Level::debug);
    CHECK_EQ(options->file, "x.yaml");
}

CASE(tasks_are_told_apart) {
    CHECK(parse({"-V"})->task == Options::Task::version);
    CHECK(parse({"--help"})->task == Options::Task::help);
    const auto check = parse({"--check", "-f", "y"});
    CHECK(check->task == Options::Task::check);
    CHECK_EQ(check->file, "y");
    const auto import = parse({"--import-site-agent", "z"});
    CHECK(import->task == Options::Task::import_site_agent);
    CHECK_EQ(import->import_file, "z");
    const auto remove = parse({"--remove-entry", "policy/a b", "--reason", "why"});
    CHECK(remove->task == Options::Task::remove_entry);
    CHECK_EQ(remove->entry + "|" + remove->reason, "policy/a b|why");
}

CASE(what_is_not_understood_is_refused_by_name) {
    CHECK_EQ(parse({"--chek"}).error().context, "unknown option --chek; see sluiced -h");
    CHECK_EQ(parse({"-f"}).error().context, "-f needs a value; see sluiced -h");
    CHECK_EQ(parse({"--remove-entry", "policy/a"}).error().context,
             "--remove-entry needs --reason TEXT; it is kept with the entry; see sluiced -h");
    CHECK_EQ(parse({"--check", "--reason", "x"}).error().context,
             "--reason needs --remove-entry; see sluiced -h");
    CHECK_EQ(parse({"now"}).error().context, "unexpected argument now; see sluiced -h");
}
