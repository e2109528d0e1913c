# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_SANITIZE: --enable-sanitize=address,undefined or --enable-sanitize=thread.
AC_DEFUN([SLUICE_SANITIZE], [
  AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize=LIST], [build with these sanitizers: address,undefined or thread])],
    [sluice_sanitize="$enableval"], [sluice_sanitize=])
  AS_CASE([$sluice_sanitize],
    [no|""], [sluice_sanitize=],
    [yes], [sluice_sanitize=address,undefined])
  SLUICE_SANFLAGS=
  AS_IF([test -n "$sluice_sanitize"], [
    AX_CHECK_LINK_FLAG([-fsanitize=$sluice_sanitize],
      [SLUICE_SANFLAGS="-fsanitize=$sluice_sanitize -fno-omit-frame-pointer -fno-sanitize-recover=all -DSLUICE_SANITIZED"],
      [AC_MSG_ERROR([$CXX cannot link with -fsanitize=$sluice_sanitize (clang needs libclang-rt-14-dev on Debian; gcc on EL needs libasan, libubsan, libtsan)])])])
  AC_SUBST([SLUICE_SANFLAGS])
  AM_CONDITIONAL([SLUICE_SANITIZED], [test -n "$sluice_sanitize"])
])
