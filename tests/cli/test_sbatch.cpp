// SPDX-License-Identifier: GPL-2.0-or-later
// Options of sbatch and #SBATCH lines as the body of a quote.
#include "cli/sbatch.hpp"

#include "tests/support/case.hpp"

#include <string>
#include <vector>

using namespace sluice;
using cli::SbatchJob;

namespace {

using Words = std::vector<std::string>;

// The body, or the error.
std::string body(const Words& words, const std::string& script = "",
                 const std::string& variable = "", const char* value = nullptr) {
    SbatchJob job;
    Words rest;
    auto done = job.read_options(words, rest);
    if (done)
        done = job.read_environment(
            [&](const char* name) { return name == variable ? value : nullptr; });
    if (done)
        done = job.read_script(script, "job.sh");
    return done ? job.body().compact() : done.error().context;
}

struct Row {
    Words words;
    const char* expected;
};

} // namespace

CASE(options_of_sbatch_become_keys_of_a_quote) {
    const Row rows[] = {
        {{}, "{}"},
        {{"-A", "physics", "-pmain", "--qos=fast"},
         R"({"account":"physics","partition":"main","qos":"fast"})"},
        {{"-n4", "-c", "2", "-N", "2-4"},
         R"({"tasks":4,"cpus_per_task":2,"minimum_nodes":2,"maximum_nodes":4})"},
        {{"-N1k"}, R"({"minimum_nodes":1024,"maximum_nodes":1024})"},
        {{"-t", "1-12:30", "--time-min=90"}, R"({"time_limit":2190,"time_minimum":90})"},
        {{"-t", "0"}, R"({"time_limit":"unlimited"})"},
        {{"--mem=0"}, R"({"memory_per_node":0})"},
        {{"--mem", "2G"}, R"({"memory_per_node":2048})"},
        {{"--mem-per-cpu=1500K"}, R"({"memory_per_cpu":2})"},
        {{"--mem-per-gpu=1T"}, R"({"memory_per_tres":"gres/gpu:1048576"})"},
        {{"--gres=gpu:2,shard:1", "--gpus-per-node=a100:1"},
         R"({"tres_per_node":"gres/gpu:2,gres/shard:1,gres/gpu:a100:1"})"},
        {{"-G", "4", "--cpus-per-gpu=8"},
         R"({"tres_per_job":"gres/gpu:4","cpus_per_tres":"gres/gpu:8"})"},
        {{"--gpus-per-task=1", "--ntasks-per-gpu=2"},
         R"({"tres_per_task":"gres/gpu:1","ntasks_per_tres":2})"},
        {{"-a", "1-10%2", "--exclusive", "-O"},
         R"({"array":"1-10%2","exclusive":true,"overcommit":true})"},
        {{"-n2", "-n", "3"}, R"({"tasks":3})"},
        {{"-o", "out", "-J", "name", "--wrap=-n 4", "--mail-type=END"}, "{}"},
        {{"job.sh", "-n", "9"}, "{}"}, // arguments of the script
    };
    for (const auto& row : rows)
        CHECK_EQ(body(row.words), row.expected);
}

CASE(a_bad_option_of_sbatch_is_named) {
    const Row rows[] = {
        {{"--frobnicate"}, "'--frobnicate' is no option of sbatch"},
        {{"-t"}, "option '-t' needs a value"},
        {{"-t", "1:2:3:4"},
         "--time: '1:2:3:4' is no time limit; write minutes, hours:minutes:seconds or "
         "days-hours:minutes:seconds"},
        {{"-n", "x"}, "--ntasks: 'x' is no whole number"},
        {{"-N", "few"}, "--nodes: 'few' is no number of nodes; write N or MIN-MAX"},
        {{"--mem=2X"}, "--mem: '2X' is no amount of memory; write a number with K, M, G or T"},
        {{"--mem=4000000T"}, "--mem: '4000000T' is more than a job can have"},
    };
    for (const auto& row : rows)
        CHECK_EQ(body(row.words), row.expected);
}

CASE(lines_of_a_script_count_up_to_its_first_command) {
    const std::string script = "#!/bin/sh\n"
                               "#SBATCH -n 2 --job-name \"two words\" # a comment\n"
                               "# text\n"
                               "\n"
                               "##SBATCH -c 8\n"
                               " #SBATCH -c 9\n"
                               "#SBATCH\t--time=1:30:00\n"
                               "#SBATCH -n 3\r\n"
                               "echo\n"
                               "#SBATCH -N 7\n";
    CHECK_EQ(body({}, script), R"({"time_limit":90,"tasks":3})");
    CHECK_EQ(body({}, "#SBATCH -n 1\n#SBATCH --mem=x\n"),
             "job.sh:2: --mem: 'x' is no amount of memory; write a number with K, M, G or T");
    CHECK_EQ(body({}, "#SBATCH n 1"), "job.sh:1: 'n' is no option");
}

CASE(the_command_line_comes_before_the_environment_and_that_before_the_script) {
    const std::string script = "#SBATCH -A three -t 3\n";
    CHECK_EQ(body({}, script), R"({"account":"three","time_limit":3})");
    CHECK_EQ(body({}, script, "SBATCH_ACCOUNT", "two"), R"({"account":"two","time_limit":3})");
    CHECK_EQ(body({"-A", "one"}, script, "SBATCH_ACCOUNT", "two"),
             R"({"account":"one","time_limit":3})");
    CHECK_EQ(body({}, "", "SBATCH_TIMELIMIT", "soon").substr(0, 24), "SBATCH_TIMELIMIT: --time");
}

CASE(options_that_change_what_a_job_gets_are_named_when_they_are_not_read) {
    SbatchJob job;
    Words rest;
    CHECK(job.read_options({"-C", "fast", "--licenses=x", "-C", "slow", "--exclusive=user"}, rest));
    CHECK_EQ(job.ignored().size(), 3U);
    CHECK_EQ(job.ignored()[0] + job.ignored()[1] + job.ignored()[2],
             "--constraint--licenses--exclusive=user");
}

CASE(times_of_sbatch_are_minutes_rounded_up) {
    struct Time {
        const char* text;
        std::uint32_t minutes;
    };
    for (const Time& row :
         {Time{"90", 90}, Time{"1:30", 2}, Time{"0:10", 1}, Time{"1:00:01", 61}, Time{"2-0", 2880},
          Time{"1-1:1", 1501}, Time{"1-1:1:1", 1502}, Time{"infinite", 0}, Time{"-1", 0}})
        CHECK_EQ(*cli::sbatch_minutes(row.text), row.minutes);
    for (const char* text : {"", ":", "1:", "1-", "x", "1-2-3", "99999999-0", "1:2:3:4"})
        CHECK(!cli::sbatch_minutes(text));
}
