# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_HARDENING: on by default, off with --disable-hardening or under a sanitizer.
# Not -z now: the plugin's symbols live in slurmctld and are resolved lazily, as Slurm does itself.
AC_DEFUN([SLUICE_HARDENING], [
  AC_ARG_ENABLE([hardening],
    [AS_HELP_STRING([--disable-hardening], [leave out stack protector, fortify, RELRO and PIE flags])],
    [], [enable_hardening=yes])
  SLUICE_HARDFLAGS=
  SLUICE_HARDLDFLAGS=
  SLUICE_PIEFLAGS=
  AS_IF([test "$enable_hardening" = yes && test -z "$sluice_sanitize"], [
    for flag in -fstack-protector-strong -fstack-clash-protection; do
      AX_CHECK_COMPILE_FLAG([$flag], [SLUICE_HARDFLAGS="$SLUICE_HARDFLAGS $flag"], [], [-Werror])
    done
    AS_CASE([" $CXXFLAGS $CPPFLAGS "],
      [*_FORTIFY_SOURCE*], [],
      [*" -O0 "*], [],
      [*" -O"*], [SLUICE_HARDFLAGS="$SLUICE_HARDFLAGS -D_FORTIFY_SOURCE=2"])
    AX_CHECK_LINK_FLAG([-Wl,-z,relro], [SLUICE_HARDLDFLAGS="-Wl,-z,relro"])
    AX_CHECK_LINK_FLAG([-pie], [SLUICE_PIEFLAGS="-pie"])])
  AC_SUBST([SLUICE_HARDFLAGS])
  AC_SUBST([SLUICE_HARDLDFLAGS])
  AC_SUBST([SLUICE_PIEFLAGS])
])
