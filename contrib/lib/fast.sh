# SPDX-License-Identifier: GPL-2.0-or-later
# A build that is soon there: not optimised, and the standard headers, which take most of a compilation, compiled once.
# Not what sites get, and never the only build: a missing #include shows only in one without it. For gcc only.
# shellcheck shell=bash

# fast_configure SOURCE FLAGS [ARGS...]: configures SOURCE in this folder to be compiled with FLAGS; then make as usual
fast_configure() {
    local source=$1 flags=$2 header=$PWD/fast/std.hpp
    shift 2
    mkdir -p "$header.gch" || return 1
    printf '#include <%s>\n' algorithm array atomic charconv chrono functional future map memory mutex optional set span \
        sstream string string_view thread unordered_map variant vector >"$header"
    "$source/configure" --disable-dependency-tracking CFLAGS="$flags" CXXFLAGS="$flags -include $header" "$@" || return 1
    # A header serves only the kind of object it was compiled for: once for libraries and plugin, once for programs.
    make -j2 -f - pic program <<END
include Makefile
precompile = \$(CXX) \$(AM_CXXFLAGS) $flags -x c++-header $header -o $header.gch/\$@
pic: ; \$(precompile) -fPIC -DPIC
program: ; \$(precompile)
END
}
