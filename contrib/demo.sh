#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Shows Sluice on a private one-node Slurm in a temporary directory: an account uses its allocation, and sbatch is refused.
# Needs root. Only the installed packages stay on the host; the script does not change the host's own Slurm.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    cat <<'END'
usage: contrib/demo.sh [--keep]
  --keep   leave the cluster running; the last lines show how to use and stop it
Installs the required Debian packages and builds Sluice in a temporary directory (or uses ./build, if present).
END
}
keep=0
for argument; do
    case $argument in
        --keep) keep=1 ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
done

bold='' dim='' plain=''
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { printf '  %s\n' "$*"; }
shown() { printf '\n%s%s $%s %s\n' "$dim" "$1" "$plain" "$2"; } # a prompt: who, what
die() {
    printf '\ndemo.sh: %s\n' "$*" >&2
    exit 1
}
# quietly LOG COMMAND...: prints the output only if the command fails
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2 && return 1; }
}

[ "$(id -u)" -eq 0 ] || die 'run this script as root: it starts a private Slurm, which runs jobs as their users'

step '1. Packages'
# shellcheck source=contrib/lib/packages.sh
. "$top/contrib/lib/packages.sh"
if [ -n "$(packages_missing build cluster 2>/dev/null)" ]; then
    say 'installing compiler, Slurm, MariaDB and munge with apt-get; this takes the longest'
    log=$(mktemp)
    quietly "$log" packages_install build cluster || die 'apt-get did not install all packages'
    rm -f "$log"
fi
say 'all packages are installed'

CLUSTER_NODES=1 CLUSTER_CPUS=64 CLUSTER_GPUS=0
# shellcheck source=/dev/null
. "$top/tests/integration/lib/harness.sh"
# shellcheck source=contrib/lib/tree.sh
. "$top/contrib/lib/tree.sh"
begin=$EPOCHSECONDS
cluster_prepare # all files are in $CLUSTER_DIR, which is removed at the end, also after ctrl-C

step '2. Sluice'
built() { [ -x "$1/sluiced" ] && [ -x "$1/sluice" ] && [ -e "$1/.libs/job_submit_sluice.so" ]; }
build() {
    tree_copy "$top" "$CLUSTER_DIR/src" && mkdir "$CLUSTER_DIR/build" && cd "$CLUSTER_DIR/src" && ./bootstrap || return 1
    cd "$CLUSTER_DIR/build" && ../src/configure --enable-unity --disable-dependency-tracking CXXFLAGS='-O0 -g0' &&
        make -j"$(nproc)" sluiced sluice job_submit_sluice.la
}
if built "$top/build"; then
    SLUICE_BUILD=$top/build
    say 'using ./build'
else
    say "building plugin, daemon and command line in $CLUSTER_DIR/build"
    quietly "$CLUSTER_DIR/log/build.out" build || die 'the build failed'
    SLUICE_BUILD=$CLUSTER_DIR/build
    say "built in $((EPOCHSECONDS - begin)) s"
fi
mkdir "$CLUSTER_DIR/bin"
ln -s "$SLUICE_BUILD/sluice" "$CLUSTER_DIR/bin/sluice"
PATH=$CLUSTER_DIR/bin:$PATH

step '3. A cluster of one node with 64 CPUs'
sluice_install
cluster_start >"$CLUSTER_DIR/log/start.out" 2>&1 || cluster_failed
say "Slurm $(slurm_full_version): munged, MariaDB, slurmdbd, slurmctld with JobSubmitPlugins=sluice, slurmd"
say 'accounts physics and chem; user games belongs to both'

step '4. The daemon and its policy'
SLUICED_INTERVAL=1s
sluiced_settings <<'END'
components:
  cpu_minutes: {tres: cpu, unit_factor: 1}
accounts:
  physics: {allocation: {cpu_minutes: 12}}
  chem: {allocation: {cpu_minutes: 500}}
policies:
  - name: monthly
    mode: enforce
    period: month
    grace_ratio: 0.2                          # pause at 120 %
    actions:
      - notify_organization_owners            # at 80 %
      - request_slurm_resource_downscaling    # at 100 %: QOS slowdown
      - request_slurm_resource_pausing        # at 120 %: QOS blocked, and sbatch is refused
    limits: false                             # no GrpTRESMins here: watch the plugin and the QOS
END
sed -n '/^components:/,$s/^/  | /p' "$CLUSTER_DIR/etc/sluiced.yaml"
{ sluiced_restart && wait_until 20 evaluate_now; } >"$CLUSTER_DIR/log/start.out" 2>&1 || die "sluiced did not start: $(tail -n 5 "$(sluiced_log)")"
say 'sluiced runs; the plugin in slurmctld is connected'

printf '#!/bin/sh\nsleep 300\n' >"$CLUSTER_DIR/jobs/analysis.sh"
submit() { # submit ACCOUNT: as a user, with the user's output
    shown games "sbatch -A $1 -c 64 analysis.sh"
    as games sbatch -A "$1" -c 64 -t 5 -o /dev/null analysis.sh 2>&1 | sed 's/^/  /'
}

step '5. Account physics runs jobs'
submit physics
say ''
last=normal warned=0
deadline=$((EPOCHSECONDS + 90))
while [ "$EPOCHSECONDS" -lt $deadline ]; do
    IFS='|' read -r used percent standing < <(status_field physics used,percent,standing)
    used=$(printf '%.1f' "$used")
    if [ $warned -eq 0 ] && [ "${percent%.*}" -ge 80 ]; then
        warned=1
        say "$percent % used: submissions are now accepted with a warning"
        submit physics
        say ''
    elif [ "$standing" != "$last" ]; then
        say "$percent % used ($used of 12 cpu_minutes): $standing; default QOS of physics in slurmdbd: $(account_field physics defaultqos)"
        last=$standing
    else
        say "$percent % used"
    fi
    [ "$standing" != paused ] || break
    sleep 1
done
[ "$last" = paused ] || die "physics was not paused within 90 s; $(tail -n 5 "$(sluiced_log)")"
say 'running jobs continue; no new job starts'

step '6. The user'
submit physics
shown root 'sluice status'
sluice status
shown root 'sluice explain physics'
sluice explain physics
printf '\nThe other account of the same user still works:\n'
submit chem
step "Done in $((EPOCHSECONDS - begin)) s."

if [ $keep -eq 0 ]; then
    cat <<END
contrib/demo.sh --keep leaves the cluster running. For your own cluster see README.md, "First policy".
END
    exit 0
fi

cat >"$CLUSTER_DIR/bin/as" <<'END'
#!/bin/sh
# as USER COMMAND...
user=$1 && shift
exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
END
cat >"$CLUSTER_DIR/bin/demo-stop" <<END
#!/bin/bash
. "$HARNESS_LIB/harness.sh"
cd / && scratch_clean "$CLUSTER_DIR"
END
chmod 755 "$CLUSTER_DIR/bin/as" "$CLUSTER_DIR/bin/demo-stop"
echo "export PATH=$CLUSTER_DIR/bin:\$PATH; cd $CLUSTER_DIR/jobs" >>"$CLUSTER_DIR/env"
cat <<END
The cluster is still running. In any root shell:

  . $CLUSTER_DIR/env
  sluice status                            allocation, usage and standing of every account
  sluice history; sluice commands          decisions, and changes in Slurm
  sluice evaluate --dry-run                changes that an evaluation would make now
  sluice plugins                           the plugin in slurmctld
  as games sluice balance                  the view of a user
  as games sbatch -A physics analysis.sh   a submission
  squeue; sacctmgr show assoc format=account,user,qos,defaultqos
  \$EDITOR $CLUSTER_DIR/etc/sluiced.yaml   then: kill -HUP \$(cat $CLUSTER_DIR/run/sluiced.pid)
  less $CLUSTER_DIR/log/sluiced.out $CLUSTER_DIR/log/slurmctld.log

  demo-stop                                stops the cluster and removes $CLUSTER_DIR
END
scratch_keep
trap - EXIT
