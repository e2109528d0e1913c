#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Damaged files, files of other users, and no regular files at all in place of those that plugin and sluiced read. Neither hangs
# or crashes, each bad file is refused, and physics stays paused.
. "$(dirname "$0")/lib.sh"
attack_prepare
attack_up "http: {listen: \"127.0.0.1:$PORT_HTTP\"}"
etc=$CLUSTER_DIR/etc good=$CLUSTER_DIR/run/good precious=$CLUSTER_DIR/run/precious
mkdir "$good"
echo precious >"$precious"

# spoil KIND FILE: replaces FILE by a bad one; $good has the original
spoil() {
    local of=$good/${2##*/}
    rm -rf "$2"
    case $1 in
        noise) head -c 20000 /dev/urandom >"$2" ;;
        empty) : >"$2" ;;
        cut) head -c $(($(stat -c %s "$of") / 2)) "$of" >"$2" ;;
        changed) (head -c $(($(stat -c %s "$of") / 2)) "$of" && echo -n '#!#' && tail -c +$(($(stat -c %s "$of") / 2 + 4)) "$of") >"$2" ;;
        zeros) head -c "$(stat -c %s "$of")" /dev/zero >"$2" ;;
        huge) cp "$of" "$2" && truncate -s 300M "$2" ;;
        FIFO) mkfifo "$2" ;;
        folder) mkdir "$2" ;;
        device) ln -s /dev/zero "$2" ;;
        link) ln -s "$precious" "$2" ;;
        'of a user') cp "$of" "$2" && chown games "$2" ;;
        'open to all') cp "$of" "$2" && chmod 666 "$2" ;;
        *) bail "no kind $1" ;;
    esac
    case $1 in noise | empty | cut | changed | zeros | huge) chmod 600 "$2" ;; esac
}
keep() { cp -a "$1" "$good/"; }
restore() { rm -rf "$1" && cp -a "$good/${1##*/}" "$1"; }
still_paused() { # still_paused NAME: by the plugin, not by the QOS
    run as games timeout 60 sbatch -A physics -o /dev/null --wrap true
    like "$1: physics is refused by the plugin" "$OUT" 'account physics is paused'
}
untouched() { is "$1: a foreign file is unchanged" "$(cat "$precious")" precious; }

# --- sluice.conf and the files that it names; the plugin reads sluice.conf again within 2 s
keep "$etc/sluice.conf"
log=$(slurmctld_log)
for kind in noise empty zeros huge FIFO folder device link; do
    spoil "$kind" "$etc/sluice.conf"
    sleep 2.2
    still_paused "sluice.conf, $kind"
done
untouched 'sluice.conf'
rm -rf "$etc/sluice.conf"
for line in "SnapshotFile=$precious" 'SnapshotFile=/dev/null' "SnapshotFile=$CLUSTER_DIR/run" 'KeyFile=/etc/shadow' "KeyFile=$CLUSTER_DIR/run/fifo" \
    'MungeSocket=/dev/null' 'DaemonUser=games' "Daemon=$(printf '%5000s' x | tr ' ' a):1" 'ExemptAccounts=,' 'ExemptReservations=,'; do
    sluice_conf "Daemon=127.0.0.1:$PORT_PLUGINS" "$line"
    sleep 2.2
    still_paused "sluice.conf, ${line:0:40}"
done
untouched 'files named in sluice.conf'
restore "$etc/sluice.conf"
survived 'sluice.conf'

# --- the stored snapshot: sluiced is away, slurmctld starts with the stored file
snapshot=$CLUSTER_DIR/state/sluice_snapshot
ok 'plugin stores a second snapshot' eval 'sluice_cli adjust add chem node_hours=1 --reason=second && evaluate_now'
ok 'sluiced stops before the snapshot is damaged' sluiced_stop
cp -a "$snapshot"* "$good/"
for kind in noise empty cut changed zeros huge FIFO folder device link 'of a user' 'open to all'; do
    ok "snapshot, $kind: slurmctld stops" slurmctld_stop
    rm -rf "$snapshot"* && cp -a "$good"/sluice_snapshot* "$CLUSTER_DIR/state/" # each with the same older snapshot
    spoil "$kind" "$snapshot"
    ok "snapshot, $kind: slurmctld starts" slurmctld_start
    still_paused "snapshot, $kind"
done
# The next snapshot must not replace the good older one by the refused one.
ok 'a refused snapshot: slurmctld stops' slurmctld_stop
rm -rf "$snapshot"* && cp -a "$good"/sluice_snapshot* "$CLUSTER_DIR/state/"
spoil 'of a user' "$snapshot"
ok 'a refused snapshot: slurmctld starts' slurmctld_start
still_paused 'a refused snapshot'
untouched 'the snapshot'
must 'sluiced starts after the refused snapshots' sluiced_restart
newest_is_own() { [ "$(stat -c %u "$snapshot")" != "$(id -u games)" ]; }
eventually 'a refused snapshot: plugin stores a new one' 40 newest_is_own
ok 'a refused snapshot: the older snapshot is the good one' cmp "$snapshot.old" "$good/sluice_snapshot.old"
ok 'sluice token add succeeds' sluice_cli -Q token add reader --role=reader
attack_begin
survived 'the stored snapshot'

# --- files that sluiced needs to start: sluiced ends with a message and does not touch the file
ok 'sluiced stops before its files are damaged' sluiced_stop
starts_not() { # starts_not NAME FILE KIND...: each kind in place of FILE
    local name=$1 file=$2 kind
    shift 2
    keep "$file"
    for kind; do
        spoil "$kind" "$file"
        run timeout -k 5 20 "$(sluice_find sluiced)" -D -f "$etc/sluiced.yaml"
        like "$name, $kind: sluiced ends with an error before the timeout" "$RC" '^[12]$'
        like "$name, $kind: the message names the file" "$OUT" "${file##*/}"
    done
    restore "$file"
    still_paused "$name"
    untouched "$name"
}
starts_not 'journal' "$CLUSTER_DIR/journal/sluice.db" noise empty zeros cut FIFO folder device link
starts_not 'tokens' "$CLUSTER_DIR/journal/tokens" noise FIFO folder device link 'of a user' 'open to all'
starts_not 'settings' "$etc/sluiced.yaml" noise zeros huge FIFO folder device
key=$etc/sluice.key
(umask 077 && head -c 64 /dev/urandom >"$key")
SLUICED_PLUGIN_SERVER=", key_file: $key"
cp -a "$etc/sluiced.yaml" "$good/without-key"
attack_settings "http: {listen: \"127.0.0.1:$PORT_HTTP\"}"
starts_not 'key file' "$key" empty huge FIFO folder device link 'of a user' 'open to all'
SLUICED_PLUGIN_SERVER=
for file in tls.pem tls.key secret; do (umask 077 && echo secret >"$etc/$file"); done
attack_settings "http: {listen: \"127.0.0.1:$PORT_HTTP\", tls_certificate: $etc/tls.pem, tls_key: $etc/tls.key}"
starts_not 'TLS certificate' "$etc/tls.pem" huge FIFO folder device
starts_not 'TLS key' "$etc/tls.key" huge FIFO folder device 'open to all'
attack_settings "notifications: {webhook: {url: \"http://127.0.0.1:9/\", secret_file: $etc/secret}}"
starts_not 'secret of a webhook' "$etc/secret" empty huge FIFO folder device 'open to all'
cp -a "$good/without-key" "$etc/sluiced.yaml"
must 'sluiced starts with the original files' sluiced_restart
eventually 'evaluation with the original files succeeds' 20 evaluate_now
attack_begin

# --- sluiced.yaml while sluiced runs: each bad file is refused as a whole
refused_reload() { # refused_reload NAME: the bad file is in place
    fails "sluiced.yaml, $1: sluiced --check is refused" timeout 60 "$(sluice_find sluiced)" --check -f "$etc/sluiced.yaml"
    isnt "sluiced.yaml, $1: sluiced --check ends before the timeout" "$RC" 124
    fails "sluiced.yaml, $1: reload is refused" sluiced_reload
    still_paused "sluiced.yaml, $1"
}
keep "$etc/sluiced.yaml"
for kind in noise zeros huge FIFO folder device; do
    spoil "$kind" "$etc/sluiced.yaml"
    refused_reload "$kind"
done
yaml() { # yaml NAME: the good file without its contact, then standard input
    rm -rf "$etc/sluiced.yaml"
    { grep -v '^contact:' "$good/sluiced.yaml" && cat; } >"$etc/sluiced.yaml"
    refused_reload "$1"
}
yaml 'aliases of aliases' < <(echo 'a: &a [x,x,x,x,x,x,x,x,x]'; for c in b c d e f g h i; do echo "$c: &$c [*a,*a,*a,*a,*a,*a,*a,*a,*a]"; done)
yaml 'deeply nested lists' < <(echo -n 'a: ' && head -c 200000 /dev/zero | tr '\0' '[')
yaml 'deeply nested maps' < <(for i in {1..400}; do printf "%$((i - 1))sa:\n" ''; done)
yaml '5 MB' < <(echo -n 'contact: ' && head -c 5000000 /dev/zero | tr '\0' a)
yaml 'tags' <<<'contact: !!python/object/apply:os.system ["true"]'
yaml 'a merge key' <<<'<<: {interval: 1s}'
yaml 'a second document' <<<$'---\ninterval: 1s'
yaml 'a duplicate key' <<<'interval: 1s'
yaml 'a NUL character' < <(printf 'contact: "a\0b"\n')
yaml 'invalid UTF-8' < <(printf 'contact: "\xff\xfe"\n')
restore "$etc/sluiced.yaml"
ok 'a reload with the good file succeeds' sluiced_reload
survived 'files of sluiced'
attack_done
