// SPDX-License-Identifier: GPL-2.0-or-later
// Any options, variables and batch script of a quoted job: a body that sluiced can read, or an
// error that names the place.
//
// The first line has the options, the second a variable NAME=VALUE, the rest is the script.
#include "cli/sbatch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;

namespace {

void must(bool condition, const char* what) {
    if (condition)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

std::string take_line(std::string_view& text) {
    const std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

void check(const cli::SbatchJob& job) {
    const auto body = job.body();
    const auto view = body.view();
    must(view.is_object(), "a body that is no object");
    for (const auto& key : view.keys()) {
        const auto value = view[key];
        must(!value.is_null(), "a value that was lost");
        must(!value.is_integer() || (value.integer() >= 0 && value.integer() < UINT32_MAX),
             "a number that sluiced refuses");
    }
    for (const auto& what : job.ignored())
        must(!what.empty(), "an ignored option without a name");
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto words = cli::sbatch_words(take_line(text));
    const std::string variable = take_line(text);
    const auto equal = variable.find('=');

    cli::SbatchJob job;
    std::vector<std::string> script;
    if (words) {
        const auto read = job.read_options(*words, script);
        must(read || !read.error().context.empty(), "options refused without a reason");
        if (!read)
            return 0;
        must(script.size() <= words->size(), "more words than were given");
    }
    const auto environment = job.read_environment([&](const char* name) -> const char* {
        const bool named = equal != std::string::npos && variable.compare(0, equal, name) == 0;
        return named ? variable.c_str() + equal + 1 : nullptr;
    });
    if (!environment) {
        must(environment.error().context.starts_with(variable.substr(0, equal) + ": "),
             "a variable refused without its name");
        return 0;
    }
    const auto read = job.read_script(text, "f");
    if (read)
        check(job);
    else
        must(read.error().context.starts_with("f:"), "a script refused without the place");
    return 0;
}
