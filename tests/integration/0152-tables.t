#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tables on a terminal and through a pipe, filters, times of Slurm, the queue of jobs that wait, and completion by each
# shell, with real accounts and a real slurmctld.
. "$(dirname "$0")/lib/harness.sh"
sluice_cluster_up

granted() { # granted HOURS: for physics
    cat <<END
components:
  node_hours: {tres: node}
accounts:
  physics: {allocation: {node_hours: $1}}
  optics: {allocation: {node_hours: 10}}
  chem: {allocation: {node_hours: 1000}}
policies:
  - name: quarterly
    mode: enforce
    period: quarter
    carryover: false
    limits: false
    actions: [request_slurm_resource_pausing]
END
}
must 'sluiced starts' eval 'sluiced_up < <(granted 1000)'
ok 'sbatch of a held job in physics is accepted' as games sbatch --parsable -H -A physics -t10 --wrap true
ok 'sbatch in physics with a begin in an hour is accepted' as games sbatch --parsable --begin=now+1hour -A physics -t10 --wrap true
queued=$OUT
ok 'sluiced pauses physics' eval 'sluiced_regrant < <(granted 0)'

# on_terminal COLUMNS COMMAND: its output on a terminal of that width
on_terminal() { TERM=xterm timeout 60 script -qec "stty cols $1; $2" /dev/null </dev/null | tr -d '\r'; }
sluice=$(sluice_find sluice)
widest() { sed 's/\x1b\[[0-9;]*m//g' | awk '{ if (length($0) > w) w = length($0) } END { print w }'; }
for table in status history commands usage queue; do
    width=$(on_terminal 80 "SLUICE_SOCKET=$SLUICE_SOCKET $sluice -Q $table" | grep -v '^Cluster\|remedy' | widest)
    ok "sluice $table fits 80 columns" [ "${width:-999}" -le 80 ]
done
screen=$(on_terminal 80 "SLUICE_SOCKET=$SLUICE_SOCKET $sluice -Q status")
like 'paused is red on a terminal' "$screen" $'\x1b\\[31mpaused\x1b\\[0m'
unlike 'NO_COLOR leaves colours out' "$(on_terminal 80 "NO_COLOR=1 SLUICE_SOCKET=$SLUICE_SOCKET $sluice -Q status")" $'\x1b'
unlike 'a pipe gets no colours' "$(sluice_cli status)" $'\x1b'
like 'a pipe gets all columns' "$(sluice_cli status)" 'Policy .* Grace .* QOS '

is 'status --standing=paused lists physics and what is below it' \
    "$(sluice_cli status --standing=paused -nPo account | sort | paste -sd,)" optics,physics
is 'status --parent=physics lists optics' "$(sluice_cli status --parent=physics -nPo account)" optics
is 'status --sort=-account is in reverse order' "$(sluice_cli status --sort=-account -nPo account | paste -sd,)" physics,optics,chem
like 'status --tree indents optics below physics' "$(sluice_cli status --tree -n -o account)" $'physics\n  optics'
is 'status --total leaves out what physics includes' "$(sluice_cli status --total -nPo account,effective | tail -n 1)" '(total)|1000'
for when in today now-1hour midnight "$(date +%m/%d)" "$(date +%m%d%y)-00:00"; do
    ok "history -S $when has the pause" eval 'sluice_cli history physics -S "$when" -nPo actions | grep -q pause'
done
is 'history -E now-1day has nothing' "$(sluice_cli history -E now-1day -nP)" ''
fails 'history -S of no time is refused' sluice_cli history -S soonish
like 'the refusal names accepted times' "$OUT" "'soonish' is not a time; write 2026-12-01"
is 'history --period of another year has nothing' "$(sluice_cli history --period=1999-Q1 -nP)" ''
is 'commands --failed has nothing' "$(sluice_cli commands --failed -nP)" ''

sluice_as() { as "$1" "$(sluice_find sluice)" "${@:2}"; } # sluice_as USER WORD...
eventually 'sluice queue names the job that waits because of the pause' 30 \
    eval 'evaluate_now >/dev/null; sluice_cli queue -nPo jobid,because | grep -qx "$queued|physics"'
like 'sluice explain --job says what releases it' "$(sluice_as games explain --job="$queued")" \
    'The job may start when account physics is open again'
is 'another user does not see the job' "$(sluice_as lp queue -nP)" ''

typed() { # typed SHELL LINE: what the shell offers
    local repo
    repo=$(cd "$(dirname "$0")/../.." && pwd)
    case $1 in
    bash) env PATH="$(dirname "$sluice"):$PATH" SLUICE_SOCKET="$SLUICE_SOCKET" bash -c '. "$1"; COMP_LINE=$2; COMP_POINT=${#2}; _sluice
        printf "%s\n" "${COMPREPLY[@]}"' bash "$repo/contrib/completion/sluice.bash" "$2" ;;
    fish) env PATH="$(dirname "$sluice"):$PATH" SLUICE_SOCKET="$SLUICE_SOCKET" HOME="$CLUSTER_DIR" \
        fish -c "source $repo/contrib/completion/sluice.fish; complete -C \"$2\"" ;;
    esac | cut -f1
}
is 'bash completes the name of an account' "$(typed bash 'sluice status phy')" physics
is 'bash completes a standing' "$(typed bash 'sluice status --standing=pau')" paused
if command -v fish >/dev/null; then
    is 'fish completes the name of an account' "$(typed fish 'sluice status phy')" physics
fi
if command -v zsh >/dev/null; then
    ok 'zsh reads its completion' zsh -n "$(dirname "$0")/../../contrib/completion/_sluice"
fi
done_testing
