#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Arrows point to the core: fails on an #include that points the wrong way, and on a third-party header outside its home.
top=${SLUICE_SRCDIR:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$top" || exit 2
bad=$(mktemp) || exit 2
trap 'rm -f "$bad"' EXIT

# allowed FOLDER PREFIX...: files below FOLDER may include only these of our own folders
allowed() {
    folder=$1
    shift
    pattern=$(printf '|%s' "$folder/" "$@")
    pattern=${pattern#|}
    grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"(common|plugin|daemon|waldur|cli)/' --include='*.?pp' --include='*.h' "$folder" 2>/dev/null |
        grep -vE "\"($pattern)" | sed 's/^/wrong way: /' >>"$bad"
}
# home HEADER FOLDER...: this third-party header is included only below these folders
home() {
    header=$1
    shift
    grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<$header" --include='*.?pp' --include='*.h' common plugin daemon waldur cli tests 2>/dev/null |
        grep -vE "^($(printf '|%s' "$@" | cut -c2-))" | sed 's/^/not its home: /' >>"$bad"
}

allowed common/base
allowed common/model common/base/
allowed common/format common/base/ common/model/
allowed common/policy common/base/ common/model/ common/format/
allowed common/hash common/base/
allowed common/json common/base/
allowed common/yaml common/base/
allowed common/settings common/base/ common/model/ common/yaml/
allowed common/cred common/base/
allowed common/wire common/base/ common/model/ common/cred/
allowed common/admission common/base/ common/model/
allowed plugin common/base/ common/model/ common/admission/ common/wire/ common/cred/
allowed daemon/ports common/base/ common/model/ common/admission/
allowed daemon/core common/base/ common/model/ common/admission/ common/json/ common/format/ common/policy/ common/settings/ daemon/ports/ daemon/notify/
allowed daemon/process common/base/ common/model/
allowed daemon/slurm common/base/ common/model/ daemon/ports/
allowed daemon/storage common/base/ common/model/ daemon/ports/ common/json/
allowed daemon/plugin_server common/base/ common/model/ common/wire/ common/hash/ common/cred/ daemon/ports/
allowed daemon/http common/base/ common/model/ common/admission/ common/format/ common/json/ common/hash/ common/cred/ daemon/ports/
allowed daemon/notify common/base/ common/model/ common/json/ common/hash/ common/format/ common/policy/ common/settings/ daemon/ports/
allowed waldur common/base/ common/model/ common/format/ common/policy/ common/settings/ common/json/ common/hash/ daemon/ports/ daemon/core/ daemon/http/ daemon/notify/ daemon/storage/
allowed waldur/stomp common/base/ common/hash/
allowed waldur/api common/base/ common/model/ common/json/ daemon/ports/ waldur/stomp/inbox.hpp
allowed waldur/http common/base/ common/model/ common/json/ common/hash/ common/format/ common/policy/ daemon/ports/ daemon/http/ waldur/api/offering.hpp
allowed waldur/sync common/base/ common/model/ common/format/ common/policy/ common/settings/ common/json/ daemon/ports/ daemon/core/ waldur/api/offering.hpp waldur/stomp/inbox.hpp
allowed cli common/base/ common/model/ common/format/ common/policy/ common/settings/ common/json/ common/yaml/ common/hash/ common/cred/

home 'slurm/' plugin/ daemon/slurm/ tests/plugin/ tests/daemon/slurm/ tests/bench/ tests/integration/ tests/attack/
home 'gnutls/' common/hash/
home 'munge\.h' common/cred/
home 'jansson\.h' common/json/
home 'yaml\.h' common/yaml/
home 'sqlite3\.h' daemon/storage/ tests/daemon/storage/
home 'microhttpd\.h' daemon/http/
home 'zlib\.h' daemon/http/server/ tests/daemon/http/
home 'curl/' cli/ common/base/curl_handle.hpp daemon/notify/ waldur/stomp/ waldur/api/
home 'cmocka\.h' tests/support/

# One module: its wiring is included by the daemon's main only (configure --disable-waldur leaves the folder out).
grep -rnE '#[[:space:]]*include[[:space:]]*"waldur/' --include='*.?pp' --include='*.h' common plugin daemon cli 2>/dev/null |
    grep -vE '^daemon/main\.cpp:[0-9]+:#include "waldur/waldur\.hpp"$' | sed 's/^/only the main of the daemon may: /' >>"$bad"

# The core is handed instants, text and numbers; it calls none of these itself.
grep -rnE '(std::chrono::(system|steady)_clock|[^_a-z](time|getenv|localtime|mktime|gettimeofday) ?\()' --include='*.?pp' common/policy common/format common/admission common/model 2>/dev/null |
    grep -v '//' | sed 's/^/impure core: /' >>"$bad"
grep -rnE '(^|[^_a-z])(double|float)[^_a-z]' --include='*.?pp' common/policy common/format common/admission common/model 2>/dev/null |
    grep -vE ':[[:space:]]*//|long double' | sed 's/^/floating point in the core: /' >>"$bad"
# Releases of Slurm differ in one header on each side.
grep -rnE '^[[:space:]]*#[[:space:]]*(el)?if' --include='*.?pp' --include='*.h' plugin daemon/slurm tests/plugin tests/daemon/slurm 2>/dev/null |
    grep -vE '^(daemon/slurm/rpc/compat|plugin/slurm_compat)\.hpp:' | sed 's/^/not in the compatibility header: /' >>"$bad"
# Every source names its licence.
git ls-files '*.cpp' '*.hpp' '*.c' '*.h' '*.sh' '*.m4' '*.ac' 2>/dev/null | grep -v '^m4/ax_' | while read -r file; do
    [ -f "$file" ] || continue
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "no SPDX line: $file" >>"$bad"
done

if [ -s "$bad" ]; then
    cat "$bad"
    exit 1
fi
echo "includes point to the core"
