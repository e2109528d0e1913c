# SPDX-License-Identifier: GPL-2.0-or-later
AC_DEFUN([SLUICE_SYSTEMD_DIR], [
  AC_ARG_WITH([systemdsystemunitdir],
    [AS_HELP_STRING([--with-systemdsystemunitdir=DIR], [where the unit goes; "no" for none])],
    [], [with_systemdsystemunitdir='${prefix}/lib/systemd/system'])
  AS_IF([test "$with_systemdsystemunitdir" != no], [AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])])
  AM_CONDITIONAL([HAVE_SYSTEMD_DIR], [test "$with_systemdsystemunitdir" != no])
])
