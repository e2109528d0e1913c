# SPDX-License-Identifier: GPL-2.0-or-later
# A build that is soon there: not optimised, and the standard headers, which take most of a compilation, compiled once.
# Not what sites get, and never the only build: a missing #include shows only in one without it. For gcc and clang.
# shellcheck shell=bash

# fast_configure SOURCE FLAGS [ARGS...]: configures SOURCE in this folder to be compiled with FLAGS; then make as usual
fast_configure() {
    local source=$1 flags=$2
    shift 2
    fast_header || return 1
    "$source/configure" --disable-dependency-tracking CFLAGS="$flags" CXXFLAGS="$flags $fast_include" "$@" && fast_compile "$flags"
}

# fast_header: writes this folder's header of headers; sets fast_include, what a compiler has to be told
fast_header() {
    mkdir -p fast/std.hpp.gch || return 1
    printf '#include <%s>\n' algorithm array atomic charconv chrono functional future map memory mutex optional set span \
        sstream string string_view thread unordered_map variant vector >fast/std.hpp
    fast_include="-include $PWD/fast/std.hpp"
}

# fast_compile FLAGS: in a configured folder. A header serves only the kind of object it was compiled for: libraries and
# plugin or programs, with threads or without; a compiler looks for the one that fits. clang needs one more where names are
# hidden; gcc must not have that one: it would take it elsewhere, too.
fast_compile() {
    make -j2 -f - headers <<END
include Makefile
precompile = \$(CXX) \$(AM_CXXFLAGS) $1 -x c++-header fast/std.hpp -o fast/std.hpp.gch/\$@
headers: pic program pic-threads program-threads \$(if \$(findstring clang,\$(CXX)),pic-hidden)
pic: ; \$(precompile) -fPIC -DPIC
program: ; \$(precompile)
pic-threads: ; \$(precompile) -fPIC -DPIC -pthread
program-threads: ; \$(precompile) -pthread
pic-hidden: ; \$(precompile) -fPIC -DPIC -fvisibility=hidden
END
}
