# SPDX-License-Identifier: GPL-2.0-or-later
AC_DEFUN([SLUICE_CHECK_MUNGE], [
  PKG_CHECK_MODULES([MUNGE], [munge], [], [
    AC_CHECK_HEADER([munge.h],
      [AC_CHECK_LIB([munge], [munge_encode], [MUNGE_LIBS=-lmunge],
        [SLUICE_MISSING([libmunge], [libmunge-dev], [munge-devel])])],
      [SLUICE_MISSING([munge.h], [libmunge-dev], [munge-devel])])])
])
