#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The program as people start it: exit codes, streams, environment, global options. A fake daemon answers.
set -u
build=${SLUICE_BUILDDIR:-.}
sluice=$build/sluice
dir=$(mktemp -d) || exit 2
failures=0
daemon=

cleanup() {
    exec 9>&-
    [ -z "$daemon" ] || wait "$daemon"
    rm -rf "$dir"
}
trap cleanup EXIT

start() { # start [HOW]: ends when descriptor 9 is closed
    rm -f "$dir/stdin" "$dir/ready"
    mkfifo "$dir/stdin"
    "$build/tests/cli/fake_daemon" "$dir/run/s" "$@" <"$dir/stdin" >"$dir/ready" &
    daemon=$!
    exec 9>"$dir/stdin"
    tries=0
    until grep -q ready "$dir/ready" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "the fake daemon does not start"; exit 2; }
        sleep 0.05
    done
}
stop() {
    exec 9>&-
    wait "$daemon"
    daemon=
}
# expect CODE STREAM PATTERN COMMAND...
expect() {
    code=$1 stream=$2 pattern=$3
    shift 3
    "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    if [ "$got" -ne "$code" ] || ! grep -qe "$pattern" "$dir/$stream"; then
        echo "FAILED: $* : exit $got (wanted $code), $stream without '$pattern'"
        cat "$dir/out" "$dir/err"
        failures=$((failures + 1))
    fi
}

unset SLUICE_SOCKET SLUICE_FORMAT SLUICE_SERVER SLUICE_CA_FILE
SLUICE_CLIENT_CONF=$dir/no-client.conf
export SLUICE_CLIENT_CONF
expect 1 err 'sluice: error: cannot reach sluiced at .*/none: No such file or directory; check the service' \
    "$sluice" --socket="$dir/none" status
expect 0 out '^sluice [0-9]' "$sluice" --version
expect 0 out '^sluice [0-9]' "$sluice" -V
expect 0 out '^  status ' "$sluice" --help
expect 1 err '^  status ' "$sluice"
expect 1 err "did you mean 'status'" "$sluice" statsu
expect 1 err "unrecognized option '--nonsense'" "$sluice" --nonsense

complete() { "$sluice" __complete "$@"; }
expect 0 out '^status	Show usage' complete st
expect 0 out '^--standing=normal,paused$' complete status --standing=normal,pau
expect 0 out '^account	account in Slurm$' complete status -o acc
expect 0 out '^downscaled$' complete override set physics ''
expect 0 out '^:files$' complete simulate ''
expect 0 out '^--watch	show again' complete status --wat
expect 0 out '^--cpus-per-task=	as in sbatch$' complete quote --cpus
expect 0 out '^--cluster=	this cluster' complete quote --clu
expect 0 out '^--exclusive	as in sbatch$' complete quote --exc

start
for list in , ' , ' ''; do
    expect 1 err "'$list' names no account; give account names" "$sluice" --socket="$dir/run/s" status -A "$list"
    expect 1 err "'$list' names no account; give account names" "$sluice" --socket="$dir/run/s" evaluate "$list"
done
SLUICE_SOCKET=$dir/run/s
export SLUICE_SOCKET
expect 0 out '^physics|paused$' "$sluice" status -P -o account,standing
expect 0 out '^chem,physics$' complete status -A chem,phy
expect 0 out '^node_hours=$' complete adjust add physics ''
expect 0 out '^--policy=quarterly$' complete status --policy=
expect 0 out '^physics$' complete quote -A ph
expect 0 out '^--account=physics$' complete quote --account=ph
cat >"$dir/typed.bash" <<'END'
. "$1"
COMP_LINE="sluice status --standing=normal,pau"
COMP_POINT=${#COMP_LINE}
_sluice
printf '%s\n' "${COMPREPLY[@]}"
END
ln -s "$(realpath "$sluice")" "$dir/sluice"
expect 0 out '^normal,paused$' env PATH="$dir:$PATH" bash "$dir/typed.bash" \
    "${srcdir:-.}/contrib/completion/sluice.bash"
"$sluice" status -n -o account --watch=1 >"$dir/watched" 2>/dev/null &
watching=$!
sleep 1.5
kill "$watching"
wait "$watching" 2>/dev/null
if [ "$(grep -c '^physics$' "$dir/watched")" -ne 2 ]; then
    echo "FAILED: --watch=1 does not show the table again"
    failures=$((failures + 1))
fi
expect 0 out '^physics|paused$' "$sluice" --socket "$dir/run/s" status -P -o account,standing
expect 1 err 'cannot reach sluiced' "$sluice" status --socket="$dir/none"
expect 0 out '^physics$' env SLUICE_FORMAT=account%7 "$sluice" status -n
expect 0 err 'GET /api/v1/status on' "$sluice" -v status
expect 0 err 'warning: the last evaluation was' "$sluice" status
expect 0 out 'planned: QOS' "$sluice" evaluate --dry-run
expect 0 out '^sluiced [0-9]' "$sluice" version
if [ -w /dev/full ]; then
    "$sluice" status >/dev/full 2>"$dir/err"
    got=$?
    if [ "$got" -ne 1 ] || ! grep -q 'cannot write the output' "$dir/err"; then
        echo "FAILED: a full disk goes unnoticed"
        failures=$((failures + 1))
    fi
fi
# complete "WORDS AS TYPED": what bash would offer for the last word
complete() {
    bash -c '. "$1"; COMP_WORDBREAKS=" "; shift
        read -r -a COMP_WORDS <<<"$1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$1; COMP_POINT=${#1}
        compopt() { :; }
        _sluice; printf "%s\n" "${COMPREPLY[@]}"' _ "${SLUICE_SRCDIR:-.}/contrib/completion/sluice.bash" "$1"
}
if command -v bash >/dev/null; then
    expect 0 out '^status$' complete "$sluice sta"
    expect 0 out '^physics$' complete "$sluice explain ph"
    expect 0 out '^status$' complete "$sluice -M alpha sta"
    expect 0 out '^--accounts=physics$' complete "$sluice usage --accounts=ph"
    expect 0 out '^physics$' complete "$sluice usage -A ph"
    expect 0 out '^--role=staff$' complete "$sluice token add --role=st"
    expect 0 out '^--dry-run$' complete "$sluice evaluate --d"
    expect 0 out '^--by-user$' complete "$sluice usage --by"
    expect 0 out '^account,used$' complete "$sluice status -o account,us"
    expect 0 out '^history$' complete "$sluice help "
    expect 0 out '^retry$' complete "$sluice outbox re"
    expect 0 out '^accept$' complete "$sluice clock a"
    expect 0 out '^physics$' complete "$sluice override set ph"
    expect 0 out '^paused$' complete "$sluice override set physics pa"
    stop
    start "named=\$(touch\${IFS}$dir/done)"
    expect 0 out '^physics$' complete "$sluice explain "
    expect 0 out '^physics$' complete "$sluice usage -A "
    expect 0 out '^physics$' complete "$sluice override set "
    [ ! -e "$dir/done" ] || { echo "FAILED: completion runs a command that an account is named"; failures=$((failures + 1)); }
    stop
    start
    offered='' wanted=''
    # Nothing is left out: each subcommand, and each option that its help lists. Of sbatch's the help names the manual.
    "$sluice" __complete quote -- | sed -n 's/	as in sbatch$//p' >"$dir/sbatch"
    for subcommand in $("$sluice" help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        offered="$offered $(complete "$sluice $subcommand --" | if [ "$subcommand" = quote ]; then grep -vxFf "$dir/sbatch"; else cat; fi |
            sort -u | tr '\n' ' ')"
        wanted="$wanted $("$sluice" "$subcommand" --help | grep -o -e '--[a-z0-9-]*=\?' | sort -u | tr '\n' ' ')"
        expect 0 out "^$subcommand\$" complete "$sluice ${subcommand%?}"
    done
    [ -n "$wanted" ] && [ "$offered" = "$wanted" ] ||
        { echo "FAILED: bash is offered $offered, there are $wanted"; failures=$((failures + 1)); }
fi
chmod 755 "$dir"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null && [ -r "$sluice" ] &&
    setpriv --reuid 20001 --regid 20001 --clear-groups "$sluice" --version >/dev/null 2>&1; then
    expect 0 out '^optics' setpriv --reuid 20001 --regid 20001 --clear-groups "$sluice" status -P
    grep -q '^chem' "$dir/out" && { echo "FAILED: a user sees a foreign account"; failures=$((failures + 1)); }
    expect 1 err 'Only staff may do this' setpriv --reuid 20001 --regid 20001 --clear-groups "$sluice" evaluate
fi
stop
expect 1 err 'cannot reach sluiced' "$sluice" status
# silent COMMAND...: exits with 0 and prints nothing
silent() {
    "$@" >"$dir/out" 2>&1 && [ ! -s "$dir/out" ] && return
    echo "FAILED: $* : exit $?, or output:"
    cat "$dir/out"
    failures=$((failures + 1))
}
silent "$sluice" balance --login
silent env -u SLUICE_SOCKET SLUICE_SERVER=https://127.0.0.1:1 "$sluice" balance --login
silent env -u SLUICE_SOCKET SLUICE_SERVER=nonsense "$sluice" balance --login
expect 1 err "'nonsense' is not the address of a server; write https://HOST:PORT" env -u SLUICE_SOCKET SLUICE_SERVER=nonsense "$sluice" status
expect 1 err 'cannot reach sluiced at https://127.0.0.1:1: Connection refused; check on that host' \
    "$sluice" --server https://127.0.0.1:1 status
expect 1 err 'nor at https://127.0.0.1:2: Connection refused' "$sluice" status --server=https://127.0.0.1:1,https://127.0.0.1:2
expect 1 err 'file of the CA: .*/none: No such file' "$sluice" status --server=https://127.0.0.1:1 --ca-file="$dir/none"
echo 'Server=http://db1:6831' >"$dir/client.conf"
expect 1 err 'client.conf:1: .http://db1:6831. is not the address of a server' \
    env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$dir/client.conf" "$sluice" status
expect 0 out '^  status ' env -u SLUICE_SOCKET SLUICE_CLIENT_CONF="$dir/client.conf" "$sluice" help

start stale
expect 0 err 'warning: the last evaluation failed' "$sluice" status
expect 0 out 'down: slurmdbd' "$sluice" status
stop
start broken
expect 1 out 'FAILED: QOS' "$sluice" evaluate
stop
start empty
expect 0 err 'no evaluation has completed yet' "$sluice" status
expect 1 err 'no evaluation has completed yet' "$sluice" balance
stop

[ "$failures" -eq 0 ] || exit 1
echo "the program behaves"
