// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into sluiced by a test: a libslurm without slurmdb_send_accounting_update, which the
// daemon looks up by dlsym().
#include <dlfcn.h>

#include <cstring>

extern "C" __attribute__((visibility("default"))) void* dlsym(void* handle,
                                                              const char* name) noexcept {
    using Dlsym = void* (*)(void*, const char*);
#ifdef __x86_64__
    constexpr const char* kFirst = "GLIBC_2.2.5"; // of this architecture; kept by all later ones
#else
    constexpr const char* kFirst = "GLIBC_2.17";
#endif
    static const auto real = reinterpret_cast<Dlsym>(dlvsym(RTLD_NEXT, "dlsym", kFirst));
    if (std::strcmp(name, "slurmdb_send_accounting_update") == 0)
        return nullptr;
    return real(handle, name);
}
