// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/plugin/stub_slurm.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

namespace {

constexpr std::size_t kXHead = 16;

std::mutex g_mutex;
std::string g_log;
std::atomic<bool> g_no_memory{false};
std::atomic<int> g_job_copies{0};
std::string g_default_account; // set before the plugin runs
slurmdb_assoc_rec_t g_association{};

void add_line(const char* format, std::va_list args) {
    char line[1024];
    std::vsnprintf(line, sizeof line, format, args);
    const std::lock_guard lock(g_mutex);
    g_log += std::string(line) + '\n';
}

} // namespace

#pragma GCC visibility push(default)
extern "C" {

slurm_conf_t slurm_conf{};

void slurm_info(const char* format, ...) {
    std::va_list args;
    va_start(args, format);
    add_line(format, args);
    va_end(args);
}

void slurm_error(const char* format, ...) {
    std::va_list args;
    va_start(args, format);
    add_line(format, args);
    va_end(args);
}

char* slurm_xstrdup(const char* text) {
    if (g_no_memory.load())
        throw std::bad_alloc();
    auto* memory = static_cast<char*>(std::malloc(kXHead + std::strlen(text) + 1));
    return std::strcpy(memory + kXHead, text);
}

void slurm_xfree(void** memory) {
    if (*memory != nullptr)
        std::free(static_cast<char*>(*memory) - kXHead);
    *memory = nullptr;
}

int assoc_mgr_fill_in_assoc(void*, slurmdb_assoc_rec_t* assoc, int, slurmdb_assoc_rec_t** found,
                            bool) {
    if (g_default_account.empty() || assoc->uid == NO_VAL || assoc->acct != nullptr)
        return SLURM_SUCCESS;
    assoc->acct = g_default_account.data();
    if (found != nullptr)
        *found = &g_association;
    return SLURM_SUCCESS;
}

job_desc_msg_t* copy_job_record_to_job_desc(void* job_record) {
    ++g_job_copies;
    auto* copy = new job_desc_msg_t(*static_cast<job_desc_msg_t*>(job_record));
    if (copy->environment == nullptr)
        return copy;
    // Two entries at most, as pointers into one block.
    std::string block;
    for (std::uint32_t i = 0; i < copy->env_size; ++i)
        block += std::string(copy->environment[i]) + '\1';
    auto* entries = reinterpret_cast<char**>(slurm_xstrdup(std::string(64, 'x').c_str()));
    char* at = slurm_xstrdup(block.c_str());
    for (std::uint32_t i = 0; i < copy->env_size; ++i) {
        entries[i] = at;
        at = std::strchr(at, '\1');
        *at++ = '\0';
    }
    copy->environment = entries;
    return copy;
}

void slurm_free_job_desc_msg(job_desc_msg_t* desc) {
    if (desc->environment != nullptr)
        std::abort(); // slurmctld would free each entry
    delete desc;
    --g_job_copies;
}

bool validate_operator(uid_t uid) {
    return uid == 0 || uid == 4711;
}

} // extern "C"
#pragma GCC visibility pop

namespace sluice::test {

std::size_t slurm_log_lines(std::string_view what) {
    const std::lock_guard lock(g_mutex);
    std::size_t count = 0;
    for (auto at = g_log.find(what); at != std::string::npos; at = g_log.find(what, at + 1))
        ++count;
    return count;
}

std::string slurm_log() {
    const std::lock_guard lock(g_mutex);
    return g_log;
}

void clear_slurm_log() {
    const std::lock_guard lock(g_mutex);
    g_log.clear();
}

void set_slurm_default_account(std::string_view account) {
    g_default_account = account;
    g_association.acct = g_default_account.data();
}

int slurm_job_copies() {
    return g_job_copies;
}

std::atomic<bool>& slurm_memory_is_out() {
    return g_no_memory;
}

} // namespace sluice::test
