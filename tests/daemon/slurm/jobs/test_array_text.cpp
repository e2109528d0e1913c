// SPDX-License-Identifier: GPL-2.0-or-later
// How many array tasks a job record stands for.
#include "daemon/slurm/jobs/array_text.hpp"

#include "tests/support/case.hpp"

#include <string>
#include <utility>

using namespace sluice;

namespace {

CASE(array_tasks_are_counted_in_every_form_of_slurm) {
    const std::pair<const char*, std::uint64_t> rows[] = {
        {"", 1},          {"7", 1},       {"1-3", 3},
        {"1-3,5,7-8", 6}, {"0-9:3", 4},   {"0-10:5", 3},
        {"1-100%4", 100}, {"2,4,6%1", 3}, {"0-4294967294", 4294967295}};
    for (const auto& [text, count] : rows)
        if (slurm::task_count(text) != count)
            test::fail(std::string(text) + ": " + std::to_string(slurm::task_count(text)));
}

CASE(an_array_text_that_cannot_be_read_is_one_task) {
    for (const char* text :
         {"x", "3-1", "1-", "-3", "1-9:0", "1-9:", "1,,x", "99999999999", "1-3,..."})
        if (slurm::task_count(text) != 1)
            test::fail(text);
}

} // namespace
