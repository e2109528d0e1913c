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

std::atomic<bool>& slurm_memory_is_out() {
    return g_no_memory;
}

} // namespace sluice::test
