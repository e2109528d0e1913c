#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sluice at work: a private Slurm of one node in a temporary folder, an account that runs out of its allocation, and
# the sbatch that is refused. Needs root. The host keeps nothing of it but the packages; its own Slurm is not touched.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    cat <<'END'
usage: contrib/demo.sh [--keep]
  --keep   leave the cluster running; the last lines tell how to use it and how to stop it
Installs the Debian packages it needs, builds Sluice in a temporary folder (or uses ./build if you built there).
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
# quietly LOG COMMAND...: its output only when it fails
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2 && return 1; }
}

[ "$(id -u)" -eq 0 ] || die 'please run it as root: it starts a Slurm of its own, and Slurm changes users for their jobs'

step '1. Packages'
# shellcheck source=contrib/lib/packages.sh
. "$top/contrib/lib/packages.sh"
if [ -n "$(packages_missing build cluster 2>/dev/null)" ]; then
    say 'installing compiler, Slurm, MariaDB and munge with apt; this is the long part'
    log=$(mktemp)
    quietly "$log" packages_install build cluster || die 'apt-get did not install them all'
    rm -f "$log"
fi
say 'all there'

CLUSTER_NODES=1 CLUSTER_CPUS=64 CLUSTER_GPUS=0
# shellcheck source=/dev/null
. "$top/tests/integration/lib/harness.sh"
# shellcheck source=contrib/lib/tree.sh
. "$top/contrib/lib/tree.sh"
begin=$EPOCHSECONDS
cluster_prepare # from here on everything is in $CLUSTER_DIR, and is removed at the end, by ctrl-C too

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
    say "done in $((EPOCHSECONDS - begin)) s"
fi
mkdir "$CLUSTER_DIR/bin"
ln -s "$SLUICE_BUILD/sluice" "$CLUSTER_DIR/bin/sluice"
PATH=$CLUSTER_DIR/bin:$PATH

step '3. A cluster of one node with 64 CPUs'
sluice_install
cluster_start >"$CLUSTER_DIR/log/start.out" 2>&1 || cluster_failed
say "Slurm $(slurm_full_version): munged, MariaDB, slurmdbd, slurmctld with JobSubmitPlugins=sluice, slurmd"
say 'accounts physics and chem; user games has both'

step '4. The daemon, and what the site grants'
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
say 'sluiced is up, the plugin in slurmctld is connected'

printf '#!/bin/sh\nsleep 300\n' >"$CLUSTER_DIR/jobs/analysis.sh"
submit() { # submit ACCOUNT: as a user would, output as he sees it
    shown games "sbatch -A $1 -c 64 analysis.sh"
    as games sbatch -A "$1" -c 64 -t 5 -o /dev/null analysis.sh 2>&1 | sed 's/^/  /'
}

step '5. Physics computes'
submit physics
say ''
last=normal warned=0
deadline=$((EPOCHSECONDS + 90))
while [ "$EPOCHSECONDS" -lt $deadline ]; do
    IFS='|' read -r used percent standing < <(status_field physics used,percent,standing)
    used=$(printf '%.1f' "$used")
    if [ $warned -eq 0 ] && [ "${percent%.*}" -ge 80 ]; then
        warned=1
        say "$percent % used: from now on a submission is accepted with a warning"
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
say 'running jobs go on, nothing new starts'

step '6. What the user sees'
submit physics
shown root 'sluice status'
sluice status
shown root 'sluice explain physics'
sluice explain physics
printf '\nThe other account of the same user goes on:\n'
submit chem
step "That was it, in $((EPOCHSECONDS - begin)) s."

if [ $keep -eq 0 ]; then
    cat <<END
To look around in it: contrib/demo.sh --keep. Your own cluster: README.md, "First policy".
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
It is still running. In any root shell:

  . $CLUSTER_DIR/env
  sluice status                            what every account has and used
  sluice history; sluice commands          what was decided, and what was changed in Slurm
  sluice evaluate --dry-run                what an evaluation would change now
  sluice plugins                           the plugin in slurmctld
  as games sluice balance                  what a user sees
  as games sbatch -A physics analysis.sh   try it yourself
  squeue; sacctmgr show assoc format=account,user,qos,defaultqos
  \$EDITOR $CLUSTER_DIR/etc/sluiced.yaml   then: kill -HUP \$(cat $CLUSTER_DIR/run/sluiced.pid)
  less $CLUSTER_DIR/log/sluiced.out $CLUSTER_DIR/log/slurmctld.log

  demo-stop                                ends it and removes $CLUSTER_DIR
END
scratch_keep
trap - EXIT
