# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_UNITY: --enable-unity compiles each list of sources as one unit, which takes a quarter of the time. Without it
# each file is compiled alone, so that a change rebuilds little and a missing #include shows.
AC_DEFUN([SLUICE_UNITY], [
  AC_ARG_ENABLE([unity],
    [AS_HELP_STRING([--enable-unity], [compile the sources of a library or test program as one unit])],
    [], [enable_unity=no])
  AM_CONDITIONAL([SLUICE_UNITY], [test "$enable_unity" = yes])
])
