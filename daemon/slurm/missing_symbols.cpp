// SPDX-License-Identifier: GPL-2.0-or-later
// See missing_symbols.hpp. The names and types are Slurm's; what they return only goes into its log
// lines.
#include "daemon/slurm/missing_symbols.hpp"

#include "common/base/printable.hpp"
#include "daemon/slurm/compat.hpp"

#include <dlfcn.h>
#include <pwd.h>
#include <sys/types.h>

#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>

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
    std::array<char, 4096> space;
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
        return nullptr;
    return slurm_xstrdup(found->pw_name);
}

// Takes (sockaddr*, socklen_t) up to 22.05 and one pointer later: told apart by nothing, so neither
// is looked at.
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

bool missing_symbols_are_there() {
    return dlsym(RTLD_DEFAULT, "slurmdbd_msg_type_2_str") != nullptr;
}

} // namespace sluice::slurm
