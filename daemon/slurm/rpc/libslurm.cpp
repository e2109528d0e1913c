// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/rpc/libslurm.hpp"

#include "common/base/printable.hpp"
#include "daemon/slurm/rpc/handles.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

// accounting_storage_slurmdbd.so and auth_munge.so call functions on their error paths that
// libslurm.so has but does not export (its version script lets slurm_* and slurmdb_* out). They are
// bound lazily, so the first refused or broken RPC ends the process: "symbol lookup error ...
// undefined symbol: slurmdbd_msg_type_2_str", exit 127. The program defines them here and exports
// them to plugins: link with $(SLURM_SYMBOLS), which has missing_symbols.list. Names and types are
// Slurm's; what they return only goes into its log lines. Found with nm -D on those plugins against
// libslurm.so.38 (22.05); the rest of the difference (assoc_mgr_lock, find_job_record, trigger_*,
// bitmap2hostlist, send_*_to_accounting ...) is reached in slurmctld only.
#define SLUICE_FOR_SLURM extern "C" __attribute__((visibility("default"), used))

extern "C" {
char* slurmdbd_msg_type_2_str(int type, int get_enum);
char* rpc_num2string(std::uint16_t type);
char* uid_to_string_or_null(uid_t uid);
char* xgetnameinfo(const void* address, unsigned length);
int get_log_level(void);
void log_var(int level, const char* format, ...) __attribute__((format(printf, 2, 3)));
}

namespace {

constexpr int kErrorLevel = 2; // LOG_LEVEL_ERROR

template <class... Numbers>
char* numbered(const char* format, Numbers... numbers) {
    static thread_local std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), format, numbers...);
    return text.data();
}

} // namespace

SLUICE_FOR_SLURM char* slurmdbd_msg_type_2_str(int type, int /*get_enum*/) {
    return numbered("DBD_MSG_%d", type);
}

SLUICE_FOR_SLURM char* rpc_num2string(std::uint16_t type) {
    return numbered("RPC_%u", static_cast<unsigned>(type));
}

// The caller frees it with Slurm's own allocator.
SLUICE_FOR_SLURM char* uid_to_string_or_null(uid_t uid) {
    const auto name = sluice::slurm::user_name(uid);
    return name ? slurm_xstrdup(name->c_str()) : nullptr;
}

// Takes (sockaddr*, socklen_t) up to 22.05 and one pointer later; no header shows which, so neither
// is read.
SLUICE_FOR_SLURM char* xgetnameinfo(const void* /*address*/, unsigned /*length*/) {
    return slurm_xstrdup("(unknown host)");
}

SLUICE_FOR_SLURM int get_log_level(void) {
    return kErrorLevel;
}

SLUICE_FOR_SLURM void log_var(int level, const char* format, ...) {
    if (level > kErrorLevel)
        return;
    std::array<char, 4096> text{}; // a longer line is cut
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    std::fprintf(stderr, "%s\n", sluice::printable(text.data()).c_str());
}

namespace sluice::slurm {
namespace {

// slurm_init() ends the process when it finds no configuration, and where it looks is compiled into
// libslurm (a file, a cache, DNS for a configless site). So a child process tries first.
bool finds_configuration() {
    const pid_t child = fork();
    if (child < 0)
        return true; // the real call reports the error
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
    if (dlsym(RTLD_DEFAULT, "slurmdbd_msg_type_2_str") == nullptr)
        return Error{Errc::internal, "this program was linked without the symbols that libslurm's "
                                     "plugins need (SLURM_SYMBOLS)"};
    const char* named = std::getenv("SLURM_CONF");
    if (named != nullptr && access(named, R_OK) != 0)
        return Error{Errc::not_found, std::string{"SLURM_CONF="} + named + " cannot be read"};
    if (named == nullptr && !finds_configuration())
        return Error{Errc::not_found, "no slurm.conf on this host; set SLURM_CONF to its path"};
    slurm_init(nullptr);
    // libslurm logs each failed call in several lines on stderr; the caller gets an Error and
    // reports that once. What ends the process is still logged.
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
    local.cluster = folded_name(slurm_conf.cluster_name);
    local.slurm_user = slurm_conf.slurm_user_id;
    local.conf_path = text_of(slurm_conf.slurm_conf);
    local.slurmdbd_host = text_of(slurm_conf.accounting_storage_host);
    local.slurmdbd_port = slurm_conf.accounting_storage_port;
    std::array<char, 16> version{};
    std::snprintf(
        version.data(), version.size(), "%d.%02d.%d", SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
        SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER), SLURM_VERSION_MICRO(SLURM_VERSION_NUMBER));
    local.version = version.data();
    return local;
}

std::optional<std::string> user_name(uid_t uid) {
    std::array<char, 4096> space;
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
        return std::nullopt;
    return found->pw_name;
}

} // namespace sluice::slurm
