// SPDX-License-Identifier: GPL-2.0-or-later
// Submits job descriptions that sbatch would never send, as the user who runs it, and changes a
// job of its own in the same ways. Accepted or refused: slurmctld answers each in time.
//   usage: hostile_jobs ACCOUNT PAUSED_ACCOUNT MILLISECONDS
// Prints "not ok NAME: why" for each that goes wrong, "ok FIELD" where all of one field go well.
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

enum class Right { either, refused };
struct Attack {
    std::string name;
    std::function<void(job_desc_msg_t&)> change;
    Right right = Right::either;
};

// The descriptions only borrow their texts.
char* keep(std::string text) {
    static std::deque<std::string> all;
    return all.emplace_back(std::move(text)).data();
}

std::string times(int count, const std::string& item) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += item;
    return out;
}

constexpr int kEnough = 10; // failures: each may take slurmctld a while
constexpr std::uint32_t kLargest32 = NO_VAL - 2;
constexpr std::uint16_t kLargest16 = NO_VAL16 - 2;

struct Field {
    const char* name;
    char* job_desc_msg_t::*text;
};
const std::vector<Field> kTexts{
    {"account", &job_desc_msg_t::account},
    {"partition", &job_desc_msg_t::partition},
    {"qos", &job_desc_msg_t::qos},
    {"reservation", &job_desc_msg_t::reservation},
    {"array", &job_desc_msg_t::array_inx},
    {"cpus_per_tres", &job_desc_msg_t::cpus_per_tres},
    {"mem_per_tres", &job_desc_msg_t::mem_per_tres},
    {"tres_per_job", &job_desc_msg_t::tres_per_job},
    {"tres_per_node", &job_desc_msg_t::tres_per_node},
    {"tres_per_socket", &job_desc_msg_t::tres_per_socket},
    {"tres_per_task", &job_desc_msg_t::tres_per_task},
    {"features", &job_desc_msg_t::features},
    {"licenses", &job_desc_msg_t::licenses},
    {"dependency", &job_desc_msg_t::dependency},
    {"comment", &job_desc_msg_t::comment},
    {"name", &job_desc_msg_t::name},
};

struct Value {
    const char* name;
    std::string text;
};
const std::vector<Value> kValues{
    {"empty", ""},
    {"commas only", ",,,,"},
    {"blanks around", "  main , gres:gpu:1  "},
    {"no UTF-8", "\xff\xfe\x80\xc0"},
    {"escapes", "\x1b[31m\x9b\r\n\xe2\x80\xae"},
    {"formats", "%s%n%1000000d{account}"},
    {"figures without end", "gres:gpu:99999999999999999999999,cpu=99999999999999999999999"},
    {"negative figures", "gres:gpu:-1,gpu:-9223372036854775808,cpu=-1,0--1"},
    {"separators", "::::====((((,,,,[[[["},
    {"a range of 2^32", "0-4294967295:0%0"},
    {"a list of ranges", "1-9,9-1,-,1-,%,1%99999999999"},
    {"100 kB of one letter", times(100000, "a")},
    {"15,000 items", times(15000, "gres:gpu:1,")},
    {"15,000 names of GPUs", times(15000, "gres/gpu:x:1,")},
    {"300 kB of partitions and blanks", times(20000, "main,") + times(200000, " ")},
    {"100,000 commas", times(100000, ",")},
};

void largest(job_desc_msg_t& job) {
    job.min_nodes = job.max_nodes = job.min_cpus = job.max_cpus = kLargest32;
    job.num_tasks = job.time_limit = job.time_min = kLargest32;
    job.cpus_per_task = job.ntasks_per_node = job.ntasks_per_socket = kLargest16;
    job.ntasks_per_core = job.ntasks_per_board = job.ntasks_per_tres = kLargest16;
    job.sockets_per_node = job.cores_per_socket = job.threads_per_core = kLargest16;
    job.pn_min_cpus = kLargest16;
    job.pn_min_memory = NO_VAL64 - 2;
    job.pn_min_tmp_disk = kLargest32;
}

std::vector<Attack> attacks(const std::string& paused) {
    std::vector<Attack> out;
    for (const auto& field : kTexts)
        for (const auto& value : kValues)
            out.push_back(
                {std::string(field.name) + ": " + value.name,
                 [text = field.text, &value](auto& job) { job.*text = keep(value.text); }});
    for (const auto& value : kValues)
        out.push_back({std::string("all TRES: ") + value.name, [&value](auto& job) {
                           for (const auto& field : kTexts)
                               if (std::string(field.name).find("tres") != std::string::npos)
                                   job.*field.text = keep(value.text);
                       }});
    out.push_back({"no text at all", [](auto& job) {
                       for (const auto& field : kTexts)
                           job.*field.text = nullptr;
                   }});
    out.push_back({"largest figures", largest});
    out.push_back({"largest figures, GPUs and array", [](auto& job) {
                       largest(job);
                       job.tres_per_node = job.tres_per_job = keep("gres:gpu:18446744073709551615");
                       job.tres_per_task = job.tres_per_socket = job.tres_per_node;
                       job.mem_per_tres = job.cpus_per_tres = job.tres_per_node;
                       job.array_inx = keep("0-4000000");
                   }});
    out.push_back({"no limits", [](auto& job) {
                       job.time_limit = job.max_nodes = job.min_nodes = INFINITE;
                       job.num_tasks = job.min_cpus = INFINITE;
                   }});
    out.push_back({"figures of 0", [](auto& job) {
                       job.min_nodes = job.max_nodes = job.min_cpus = job.num_tasks = 0;
                       job.time_limit = job.cpus_per_task = job.ntasks_per_node = 0;
                   }});
    const auto account = [](const std::string& text) {
        return [text](auto& job) { job.account = keep(text); };
    };
    std::string capitals = paused;
    for (char& c : capitals)
        c = static_cast<char>(std::toupper(c));
    out.push_back({"the paused account", account(paused), Right::refused});
    out.push_back({"the paused account in capitals", account(capitals), Right::refused});
    out.push_back({"the paused account and a blank", account(paused + " "), Right::refused});
    out.push_back({"the paused account in a list", account("," + paused), Right::refused});
    out.push_back({"the paused account, reservation ','",
                   [&paused](auto& job) {
                       job.account = keep(paused);
                       job.reservation = keep(",");
                       job.partition = job.qos = keep(",");
                   },
                   Right::refused});
    out.push_back({"the paused account and 15,000 items",
                   [&paused](auto& job) {
                       job.account = keep(paused);
                       job.tres_per_node = job.mem_per_tres = keep(times(15000, "gres:gpu:1,"));
                   },
                   Right::refused});
    out.push_back({"root's uid", [](auto& job) { job.user_id = 0; }, Right::refused});
    return out;
}

job_desc_msg_t plain(const std::string& account) {
    static std::string environment = "A=b";
    static char* environments[] = {environment.data(), nullptr};
    job_desc_msg_t job;
    slurm_init_job_desc_msg(&job);
    job.account = keep(account);
    job.name = keep("attack");
    job.script = keep("#!/bin/sh\ntrue\n");
    job.environment = environments;
    job.env_size = 1;
    job.user_id = ::getuid();
    job.group_id = ::getgid();
    job.work_dir = keep("/");
    job.std_out = keep("/dev/null");
    job.min_nodes = 1;
    job.time_limit = 1;
    job.priority = 0; // held: none shall run
    return job;
}

// From 25.11 on the id is that of a step.
template <class Message>
std::uint32_t& id_of(Message& message) {
    if constexpr (requires { message.job_id; })
        return message.job_id;
    else
        return message.step_id.job_id;
}

// 0, or what slurmctld says
int submit(job_desc_msg_t& job, std::uint32_t* id) {
    submit_response_msg_t* answer = nullptr;
    const int rc = slurm_submit_batch_job(&job, &answer) == SLURM_SUCCESS ? 0 : errno;
    if (answer != nullptr && id != nullptr)
        *id = id_of(*answer);
    slurm_free_submit_response_response_msg(answer);
    return rc;
}

bool away(int rc) {
    return rc == SLURM_COMMUNICATIONS_CONNECTION_ERROR ||
           rc == SLURM_COMMUNICATIONS_RECEIVE_ERROR || rc == SLURM_PROTOCOL_SOCKET_IMPL_TIMEOUT ||
           rc == SLURM_COMMUNICATIONS_SEND_ERROR;
}

// How one attack went, in words for after "not ok NAME: "; "": well.
std::string went(const Attack& attack, int most, const std::function<int()>& send) {
    const auto begin = std::chrono::steady_clock::now();
    const int rc = send();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::steady_clock::now() - begin)
                          .count();
    if (away(rc))
        return std::string("no answer: ") + slurm_strerror(rc);
    if (took > most)
        return "answered after " + std::to_string(took) + " ms";
    return attack.right == Right::refused && rc == 0 ? "accepted" : "";
}

// Prints what went wrong, and one line for each group that went well: those of one field.
class Report {
public:
    void add(const std::string& name, const std::string& wrong) {
        if (const auto group = name.substr(0, name.find(": ")); group != group_) {
            end();
            group_ = group;
        }
        ++count_;
        if (wrong.empty())
            return;
        failed_ = true;
        ++failures_;
        std::printf("not ok %s: %s\n", name.c_str(), wrong.c_str());
    }
    void end() {
        if (count_ != 0 && !failed_)
            std::printf("ok %s: %d requests\n", group_.c_str(), count_);
        std::fflush(stdout);
        count_ = 0;
        failed_ = false;
    }
    int failures() const { return failures_; }

private:
    std::string group_;
    int count_ = 0;
    bool failed_ = false;
    int failures_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    slurm_init(nullptr);
    const std::string account = argv[1];
    const int most = std::atoi(argv[3]);
    const std::string paused = argv[2];
    const auto all = attacks(paused);
    std::uint32_t own = 0;
    auto first = plain(account);
    if (const int rc = submit(first, &own); rc != 0) {
        std::fprintf(stderr, "no job to begin with: %s\n", slurm_strerror(rc));
        return 1;
    }
    Report report;
    for (const auto& attack : all) {
        if (report.failures() >= kEnough)
            break;
        auto job = plain(account);
        attack.change(job);
        report.add(attack.name, went(attack, most, [&] { return submit(job, nullptr); }));
        job_desc_msg_t update;
        slurm_init_job_desc_msg(&update);
        attack.change(update);
        id_of(update) = own;
        report.add(attack.name, went(attack, most, [&] {
                       return slurm_update_job(&update) == SLURM_SUCCESS ? 0 : errno;
                   }));
    }
    report.end();
    return report.failures() >= kEnough ? 1 : 0;
}
