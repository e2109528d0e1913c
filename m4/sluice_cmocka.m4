# SPDX-License-Identifier: GPL-2.0-or-later
# CMocka is needed by `make check` only: without it the build goes on, and `make check` fails loudly.
AC_DEFUN([SLUICE_CHECK_CMOCKA], [
  PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1], [sluice_have_cmocka=yes], [
    sluice_have_cmocka="no (make check will fail: install libcmocka-dev on Debian, libcmocka-devel on EL)"])
  AM_CONDITIONAL([HAVE_CMOCKA], [test "$sluice_have_cmocka" = yes])
])
