# SPDX-License-Identifier: GPL-2.0-or-later
# SLUICE_CHECK_SLURM: headers, libslurm and the plugin folder; by --with-slurm=DIR, slurm.pc (SchedMD's RPMs have it,
# Debian has not) or the usual places. Sets SLURM_CPPFLAGS, SLURM_LIBS, slurm_plugindir, slurm_version.
AC_DEFUN([SLUICE_CHECK_SLURM], [
  AC_ARG_WITH([slurm],
    [AS_HELP_STRING([--with-slurm=DIR], [Slurm's prefix (DIR/include/slurm, DIR/lib*/)])])
  AC_ARG_WITH([slurm-plugindir],
    [AS_HELP_STRING([--with-slurm-plugindir=DIR], [where slurmctld looks for plugins (default: found beside the other plugins)])])

  SLURM_CPPFLAGS=
  SLURM_LDFLAGS=
  AS_CASE([$with_slurm],
    [yes|no|""], [PKG_CHECK_EXISTS([slurm], [
        SLURM_CPPFLAGS=`$PKG_CONFIG --cflags-only-I slurm`
        SLURM_LDFLAGS=`$PKG_CONFIG --libs-only-L slurm`])],
    [SLURM_CPPFLAGS="-I$with_slurm/include"
     for dir in "$with_slurm/lib64" "$with_slurm/lib"; do
       AS_IF([test -e "$dir/libslurm.so"], [SLURM_LDFLAGS="$SLURM_LDFLAGS -L$dir -Wl,-rpath,$dir"])
     done])

  CPPFLAGS_saved="$CPPFLAGS"
  LDFLAGS_saved="$LDFLAGS"
  LIBS_saved="$LIBS"
  CPPFLAGS="$CPPFLAGS $SLURM_CPPFLAGS"
  LDFLAGS="$LDFLAGS $SLURM_LDFLAGS"
  SLURM_LIBS=
  AC_CHECK_HEADER([slurm/slurmdb.h], [
    AC_CHECK_LIB([slurm], [slurmdb_associations_modify],
      [SLURM_LIBS="$SLURM_LDFLAGS -lslurm"],
      [SLUICE_MISSING([libslurm], [libslurm-dev], [slurm-devel])])],
    [SLUICE_MISSING([slurm/slurmdb.h], [libslurm-dev], [slurm-devel])])
  dnl Exported, but not declared, so looked up when the daemon runs; without it raw usage is never reset, and limits are
  dnl written so that it need not be. Here only for the person who builds.
  AC_CHECK_LIB([slurm], [slurmdb_send_accounting_update],
    [slurm_resets_usage=yes],
    [slurm_resets_usage="no, raw_usage_reset: true has no effect"])
  AC_MSG_CHECKING([the Slurm release of the headers])
  # -P and tr: the preprocessor may put a line marker between the word and the number.
  slurm_number=`printf '#include <slurm/slurm_version.h>\nsluice_version SLURM_VERSION_NUMBER\n' | $CXX $CPPFLAGS -E -P -x c - 2>/dev/null | tr '\n' ' ' | sed -n 's/.*sluice_version *\(0x@<:@0-9a-fA-F@:>@*\).*/\1/p'`
  slurm_version=
  AS_IF([test -n "$slurm_number"], [
    slurm_version=`printf '%d.%02d.%d' $(( slurm_number >> 16 )) $(( (slurm_number >> 8) & 255 )) $(( slurm_number & 255 ))`])
  AC_MSG_RESULT([${slurm_version:-unknown}])
  slurm_includedir=`echo "$SLURM_CPPFLAGS" | sed 's/^ *-I//'`
  AS_IF([test -z "$slurm_includedir"], [slurm_includedir=system])
  CPPFLAGS="$CPPFLAGS_saved"
  LDFLAGS="$LDFLAGS_saved"
  LIBS="$LIBS_saved"

  AC_MSG_CHECKING([Slurm's plugin folder])
  slurm_plugindir="$with_slurm_plugindir"
  AS_IF([test -z "$slurm_plugindir"], [
    multiarch=`$CXX -print-multiarch 2>/dev/null`
    for dir in "$with_slurm/lib64/slurm" "$with_slurm/lib/slurm" "/usr/lib/$multiarch/slurm-wlm" \
               "/usr/lib/$multiarch/slurm" /usr/lib64/slurm /usr/lib/slurm; do
      AS_IF([test -z "$slurm_plugindir" && test -d "$dir"], [slurm_plugindir="$dir"])
    done])
  AS_IF([test -z "$slurm_plugindir"], [slurm_plugindir='${libdir}/slurm'])
  AC_MSG_RESULT([$slurm_plugindir])
  AC_SUBST([SLURM_CPPFLAGS])
  AC_SUBST([SLURM_LIBS])
  AC_SUBST([slurm_plugindir])
  AC_SUBST([slurm_version])
])
