// SPDX-License-Identifier: GPL-2.0-or-later
// Options of sbatch and #SBATCH lines as the body of a quote.
#include "cli/sbatch.hpp"

#include "common/base/text.hpp"
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
         R"({"tasks":4,"cpus_per_task":2,"minimum_nodes":2,"maximum_nodes":4,"minimum_cpus_per_node":2})"},
        {{"-N4", "-c8"},
         R"({"minimum_nodes":4,"maximum_nodes":4,"cpus_per_task":8,"minimum_cpus_per_node":8})"},
        {{"-c8", "--mincpus=12"}, R"({"cpus_per_task":8,"minimum_cpus_per_node":12})"},
        {{"-c8", "--mincpus=4"}, R"({"cpus_per_task":8,"minimum_cpus_per_node":8})"},
        {{"-n2", "-N4"}, R"({"tasks":2,"minimum_nodes":2,"maximum_nodes":2})"},
        {{"-n3", "-N2-4"}, R"({"tasks":3,"minimum_nodes":2,"maximum_nodes":3})"},
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
        {{"--tres-per-task=cpu:16,gres/gpu:1"},
         R"({"cpus_per_task":16,"tres_per_task":"gres/gpu:1","minimum_cpus_per_node":16})"},
        {{"--tres-per-task=cpu=4"}, R"({"cpus_per_task":4,"minimum_cpus_per_node":4})"},
        {{"--tasks-per-node=3"}, R"({"tasks_per_node":3})"},
        {{"--exclusive=Exclusive"}, R"({"exclusive":true})"},
        {{"-w", "n[1-2]"}, R"({"required_nodes":"n[1-2]"})"},
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
        {{"--tres-per-task=cpu:many"}, "--tres-per-task: 'many' is no whole number"},
        {{"-n1", ":", "-n2", "job.sh"},
         "heterogeneous jobs are not quoted; quote each part by itself"},
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
    CHECK_EQ(body({}, "#!/bin/sh\n#SBATCH -J \"one -n 2\n"), "job.sh:2: the quote \" has no end");
    for (const char* mark : {"hetjob", "PackJob", ":"})
        CHECK_EQ(body({}, "#SBATCH -n 1\n#SBATCH " + std::string(mark) + "\n#SBATCH -n 2\n"),
                 "job.sh:2: heterogeneous jobs are not quoted; quote each part by itself");
}

CASE(words_of_a_line_are_quoted_escaped_and_cut_as_in_sbatch) {
    const auto words = [](const char* line) {
        std::string out;
        const auto read = cli::sbatch_words(line);
        for (const auto& word : *read)
            out += '<' + word + '>';
        return out;
    };
    CHECK_EQ(words(" -n 2\t-J 'two words' "), "<-n><2><-J><two words>");
    CHECK_EQ(words(R"(-J "a \" b" -n 2)"), R"(<-J><a " b><-n><2>)");
    CHECK_EQ(words(R"(-J 'it\'s' a\ b)"), "<-J><it's><a b>");
    CHECK_EQ(words("-A phys#ics -n 2"), "<-A><phys>");
    CHECK_EQ(words(R"(-A phys\#ics "#" -n 2)"), "<-A><phys#ics><#><-n><2>");
    CHECK(!cli::sbatch_words("-J 'open"));
}

CASE(the_command_line_comes_before_the_environment_and_that_before_the_script) {
    const std::string script = "#SBATCH -A three -t 3\n";
    CHECK_EQ(body({}, script), R"({"account":"three","time_limit":3})");
    CHECK_EQ(body({}, script, "SBATCH_ACCOUNT", "two"), R"({"account":"two","time_limit":3})");
    CHECK_EQ(body({"-A", "one"}, script, "SBATCH_ACCOUNT", "two"),
             R"({"account":"one","time_limit":3})");
    CHECK_EQ(body({}, "", "SBATCH_TIMELIMIT", "soon").substr(0, 24), "SBATCH_TIMELIMIT: --time");
    CHECK_EQ(body({"--tasks-per-node=2"}, "#SBATCH --ntasks-per-node=4"),
             R"({"tasks_per_node":2})");
}

CASE(variables_of_sbatch_are_read) {
    struct Variable {
        const char* name;
        const char* value;
        const char* expected;
    };
    for (const Variable& row : {
             Variable{"SBATCH_EXCLUSIVE", "", R"({"exclusive":true})"},
             Variable{"SBATCH_EXCLUSIVE", "exclusive", R"({"exclusive":true})"},
             Variable{
                 "SBATCH_TRES_PER_TASK", "cpu:2,gres/gpu:1",
                 R"({"cpus_per_task":2,"tres_per_task":"gres/gpu:1","minimum_cpus_per_node":2})"},
             Variable{"SBATCH_GPUS_PER_SOCKET", "2", R"({"tres_per_socket":"gres/gpu:2"})"},
             Variable{"SBATCH_OVERCOMMIT", "", R"({"overcommit":true})"},
             Variable{"SBATCH_OVERCOMMIT", "yes", R"({"overcommit":true})"},
             Variable{"SBATCH_OVERCOMMIT", "1", R"({"overcommit":true})"},
             Variable{"SBATCH_OVERCOMMIT", "no", "{}"},
             Variable{"SBATCH_OVERCOMMIT", "0", "{}"},
             Variable{"SBATCH_ACCOUNT", "", "{}"},
         })
        CHECK_EQ(body({}, "", row.name, row.value), row.expected);
}

CASE(memory_of_options_and_of_the_script_comes_before_that_of_variables) {
    CHECK_EQ(body({"--mem=2"}, "", "SBATCH_MEM_PER_CPU", "1"), R"({"memory_per_node":2})");
    CHECK_EQ(body({"--mem-per-gpu=2"}, "", "SBATCH_MEM_PER_NODE", "1"),
             R"({"memory_per_tres":"gres/gpu:2"})");
    CHECK_EQ(body({}, "#SBATCH --mem-per-cpu=2", "SBATCH_MEM_PER_NODE", "1"),
             R"({"memory_per_cpu":2})");
    CHECK_EQ(body({}, "", "SBATCH_MEM_PER_NODE", "1"), R"({"memory_per_node":1})");
    CHECK_EQ(body({"-c3"}, "", "SBATCH_TRES_PER_TASK", "cpu:2"),
             R"({"cpus_per_task":3,"minimum_cpus_per_node":3})");
    CHECK_EQ(body({"--gpus-per-task=3"}, "", "SBATCH_TRES_PER_TASK", "gres/gpu:2"),
             R"({"tres_per_task":"gres/gpu:3"})");
}

CASE(options_that_change_what_a_job_gets_are_named_when_they_are_not_read) {
    struct Ignored {
        Words words;
        const char* script;
        const char* variable;
        const char* expected;
    };
    const Ignored rows[] = {
        {{"-C", "fast", "--licenses=x", "-C", "slow", "--exclusive=user"},
         "",
         "",
         "--constraint, --licenses, --exclusive=user"},
        {{"-w", "./hosts"}, "", "", "--nodelist=./hosts"},
        {{"-M", "other"}, "", "", "--clusters"},
        {{"--clusters=other", "--cluster=other"}, "", "", "--clusters, --cluster"},
        {{},
         "#PBS -l x\n#PBS -l y\n#BSUB -n 2\n#SLURM -n 2\necho\n",
         "",
         "lines #PBS, lines #BSUB, lines #SLURM"},
        {{"--ignore-pbs"}, "#PBS -l x\n#SLURM -n 2\n", "", "lines #SLURM"},
        {{}, "#PBS -l x\n#SBATCH --ignore-pbs\n", "", ""},
        {{}, "#PBS -l x\n", "SBATCH_IGNORE_PBS", ""},
        {{"-G8", "--gpus-per-task=1"},
         "",
         "",
         "GPUs by job and by task (--gpus with --gpus-per-task)"},
        {{"-G8", "-n8", "--gpus-per-task=1"}, "", "", ""},
        {{"-G8", "--gpus-per-node=4"},
         "",
         "",
         "GPUs by job and by node (--gpus with --gpus-per-node)"},
        {{"-G8", "--gres=gpu:4", "-N1-4"}, "", "", "GPUs by job and by node (--gpus with --gres)"},
        {{"-G8", "--gpus-per-node=4", "-N2"}, "", "", ""},
        {{"-N2", "--gpus-per-task=1"},
         "",
         "",
         "GPUs by task without a number of tasks (--gpus-per-task without --ntasks)"},
        {{"-N2", "-n2", "--gpus-per-task=1"}, "", "", ""},
        {{"-n8", "--gpus-per-node=4", "--tres-per-task=gres/gpu:1"},
         "",
         "",
         "GPUs by node and by task (--gpus-per-node with --tres-per-task)"},
        {{"--gpus-per-node=4", "--gres=shard:1", "-N2"}, "", "", ""},
    };
    for (const auto& row : rows) {
        SbatchJob job;
        Words rest;
        CHECK(job.read_options(row.words, rest));
        CHECK(job.read_environment(
            [&](const char* name) { return std::string(name) == row.variable ? "1" : nullptr; }));
        CHECK(job.read_script(row.script, "job.sh"));
        CHECK_EQ(join(job.ignored(), ", "), row.expected);
    }
    for (const char* name :
         {"SBATCH_BURST_BUFFER", "SBATCH_CLUSTERS", "SBATCH_CONSTRAINT", "SBATCH_CORE_SPEC",
          "SBATCH_DISTRIBUTION", "SBATCH_GRES_FLAGS", "SBATCH_HINT", "SBATCH_RESERVATION",
          "SBATCH_THREADS_PER_CORE", "SBATCH_THREAD_SPEC"}) {
        SbatchJob job;
        CHECK(job.read_environment(
            [&](const char* asked) { return std::string(asked) == name ? "x" : nullptr; }));
        CHECK_EQ(join(job.ignored(), ", "), name);
    }
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
