# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_WARNINGS: --enable-warnings=no|yes|error (default yes). Only our own files get these flags.
AC_DEFUN([SLUICE_WARNINGS], [
  AC_ARG_ENABLE([warnings],
    [AS_HELP_STRING([--enable-warnings=no|yes|error], [compiler warnings: none, shown (default), or fatal])],
    [sluice_warnings="$enableval"], [sluice_warnings=yes])
  SLUICE_WARNFLAGS=
  AS_CASE([$sluice_warnings],
    [no], [],
    [yes|error], [
      for flag in -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual; do
        AX_CHECK_COMPILE_FLAG([$flag], [SLUICE_WARNFLAGS="$SLUICE_WARNFLAGS $flag"], [], [-Werror])
      done
      AS_IF([test "$sluice_warnings" = error], [SLUICE_WARNFLAGS="$SLUICE_WARNFLAGS -Werror"])],
    [AC_MSG_ERROR([--enable-warnings takes no, yes or error, not "$sluice_warnings"])])
  AC_SUBST([SLUICE_WARNFLAGS])
])
