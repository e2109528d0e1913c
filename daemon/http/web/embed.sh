#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# embed.sh FILE...: C++ source that holds these files as texts, for daemon/http/views/web.cpp.
set -e
printf '%s\n' '// Made by daemon/http/web/embed.sh.' '#include "daemon/http/views/web.hpp"' '' \
    'namespace sluice::http {' 'namespace {' '' 'constexpr WebFile kFiles[] = {'
for file; do
    printf '    {"%s", R"~sluice~(' "${file##*/}"
    cat "$file"
    printf ')~sluice~"},\n'
done
printf '%s\n' '};' '' '} // namespace' '' 'std::span<const WebFile> web_files() {' '    return kFiles;' '}' '' \
    '} // namespace sluice::http'
