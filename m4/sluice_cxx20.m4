# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_CXX20: C++20 or an error that names the compiler that is needed.
AC_DEFUN([SLUICE_CXX20], [
  CXXFLAGS_saved="$CXXFLAGS"
  CXXFLAGS="$CXXFLAGS -std=c++20"
  AC_MSG_CHECKING([whether $CXX knows C++20])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <chrono>
#include <compare>
#include <span>
#include <string>
#if __cplusplus < 202002L
#error "too old"
#endif
  ]], [[
    using namespace std::chrono;
    constexpr sys_days d = year{2026} / 1 / 1;
    std::span<const char> s;
    return d.time_since_epoch().count() == 0 && s.empty();
  ]])],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   AC_MSG_ERROR([Sluice needs a C++20 compiler: gcc 11 or newer (Debian: g++; EL8: gcc-toolset-13-gcc-c++; EL9, EL10: gcc-c++) or clang 14 or newer])])
  CXXFLAGS="$CXXFLAGS_saved"
  SLUICE_CXXFLAGS="-std=c++20"
  AC_SUBST([SLUICE_CXXFLAGS])
])
