# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_FUZZ: --enable-fuzz links the fuzz targets with libFuzzer (clang); without it their corpora are replayed by `make check`.
AC_DEFUN([SLUICE_FUZZ], [
  AC_ARG_ENABLE([fuzz],
    [AS_HELP_STRING([--enable-fuzz], [link tests/fuzz with libFuzzer (needs clang)])],
    [], [enable_fuzz=no])
  SLUICE_FUZZFLAGS=
  AS_IF([test "$enable_fuzz" = yes], [
    AX_CHECK_COMPILE_FLAG([-fsanitize=fuzzer-no-link], [SLUICE_FUZZFLAGS="-fsanitize=fuzzer"
       SLUICE_SANFLAGS="$SLUICE_SANFLAGS -fsanitize=fuzzer-no-link"],
      [AC_MSG_ERROR([--enable-fuzz needs clang with libFuzzer (Debian: clang-14 libclang-rt-14-dev; EL: clang compiler-rt)])])])
  AC_SUBST([SLUICE_FUZZFLAGS])
  AM_CONDITIONAL([SLUICE_FUZZING], [test "$enable_fuzz" = yes])
])
