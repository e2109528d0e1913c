// SPDX-License-Identifier: GPL-2.0-or-later
// slurm.conf through libslurm; no RPC here.
#include "daemon/slurm/slurm_conf.hpp"

#include "daemon/slurm/list.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace sluice::slurm {
namespace {

// slurm_init() ends the process when it finds no configuration, and where it looks is compiled into
// libslurm (a file, a cache, DNS for a configless site): only trying tells. The try is a child's.
bool finds_configuration() {
    const pid_t child = fork();
    if (child < 0)
        return true; // the real call then says what is wrong
    if (child == 0) {
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere >= 0)
            dup2(nowhere, STDERR_FILENO);
        slurm_init(nullptr);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

Result<void> start_libslurm() {
    static bool started = false;
    if (started)
        return {};
    const char* named = std::getenv("SLURM_CONF");
    if (named != nullptr && access(named, R_OK) != 0)
        return Error{Errc::not_found, std::string{"SLURM_CONF="} + named + " cannot be read"};
    if (named == nullptr && !finds_configuration())
        return Error{Errc::not_found,
                     "no slurm.conf is found on this host; set SLURM_CONF to its path"};
    slurm_init(nullptr);
    // libslurm tells of each failed call in several lines on stderr; the caller gets it as an Error
    // and says it once. What ends the process is still said.
    if (&slurm_log_alter != nullptr) {
        SluiceSlurmLogOptions quiet{};
        quiet.stderr_level = 1;
        quiet.prefix_level = true;
        slurm_log_alter(quiet, 0, nullptr);
    }
    started = true;
    return {};
}

Result<LocalSlurm> local_slurm() {
    if (Result<void> ready = start_libslurm(); !ready)
        return std::move(ready).error();
    LocalSlurm local;
    local.cluster = text_of(slurm_conf.cluster_name);
    local.slurm_user = slurm_conf.slurm_user_id;
    local.conf_path = text_of(slurm_conf.slurm_conf);
    local.slurmdbd_host = text_of(slurm_conf.accounting_storage_host);
    local.slurmdbd_port = slurm_conf.accounting_storage_port;
    local.version = std::to_string(SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER)) + "." +
                    (SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER) < 10 ? "0" : "") +
                    std::to_string(SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER)) + "." +
                    std::to_string(SLURM_VERSION_MICRO(SLURM_VERSION_NUMBER));
    return local;
}

} // namespace sluice::slurm
