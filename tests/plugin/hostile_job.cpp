// SPDX-License-Identifier: GPL-2.0-or-later
// Submits a batch job whose TRES strings have ITEMS items each, as no client of Slurm does but any
// program can. Prints slurmctld's answer and how long it took. For tests on a real slurmctld.
//
//   hostile_job ACCOUNT ITEMS
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
    if (argc != 3)
        return 2;
    slurm_init(nullptr);
    std::string list = "gres:gpu:1";
    for (int i = std::atoi(argv[2]); i > 1; --i)
        list += ",gres:gpu";
    std::string script = "#!/bin/sh\ntrue\n";
    std::string folder = "/tmp";
    std::string output = "/dev/null";
    std::string path = "PATH=/bin:/usr/bin";
    char* environment[] = {path.data(), nullptr};
    job_desc_msg_t desc;
    slurm_init_job_desc_msg(&desc);
    desc.account = argv[1];
    desc.script = script.data();
    desc.work_dir = folder.data();
    desc.std_out = output.data();
    desc.environment = environment;
    desc.env_size = 1;
    desc.user_id = ::getuid();
    desc.group_id = ::getgid();
    desc.min_nodes = 1;
    desc.priority = 0; // held
    desc.time_limit = 10;
    desc.tres_per_job = desc.tres_per_node = desc.tres_per_socket = desc.tres_per_task =
        desc.cpus_per_tres = desc.mem_per_tres = list.data();
    submit_response_msg_t* response = nullptr;
    const auto begin = std::chrono::steady_clock::now();
    const int rc = slurm_submit_batch_job(&desc, &response);
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    std::printf("%s\n%lld ms\n", rc == SLURM_SUCCESS ? "accepted" : slurm_strerror(errno),
                static_cast<long long>(milliseconds.count()));
    return rc == SLURM_SUCCESS ? 0 : 1;
}
