# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_ENABLE_WALDUR: --disable-waldur leaves the folder waldur/ and its tests out; a sluiced.yaml with the key `waldur` is refused
# by that sluiced.
AC_DEFUN([SLUICE_ENABLE_WALDUR], [
  AC_ARG_ENABLE([waldur],
    [AS_HELP_STRING([--disable-waldur], [build sluiced without the connection to Waldur])],
    [], [enable_waldur=yes])
  AS_IF([test "$enable_waldur" = yes], [
    AC_DEFINE([SLUICE_WALDUR], [1], [Define to 1 if sluiced can connect to Waldur.])])
  AM_CONDITIONAL([SLUICE_WALDUR], [test "$enable_waldur" = yes])
])
