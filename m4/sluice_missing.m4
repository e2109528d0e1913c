# SPDX-License-Identifier: GPL-2.0-or-later
# What is missing is collected and reported together with its package, so that one install command suffices.
AC_DEFUN([SLUICE_MISSING_INIT], [
  sluice_missing=
  sluice_missing_deb=
  sluice_missing_el=
])

# SLUICE_MISSING(what, Debian package, EL package)
AC_DEFUN([SLUICE_MISSING], [
  sluice_missing="$sluice_missing
    $1 (Debian: $2; EL: $3)"
  sluice_missing_deb="$sluice_missing_deb $2"
  sluice_missing_el="$sluice_missing_el $3"
])

AC_DEFUN([SLUICE_MISSING_REPORT], [
  AS_IF([test -n "$sluice_missing"], [
    AC_MSG_ERROR([these are missing:$sluice_missing
  Debian:   apt-get install$sluice_missing_deb
  EL:       dnf install$sluice_missing_el])])
])

# SLUICE_CHECK_LIBRARY(VARIABLE, pkg-config module, Debian package, EL package)
AC_DEFUN([SLUICE_CHECK_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [], [SLUICE_MISSING([$2], [$3], [$4])])
])
