# SPDX-License-Identifier: GPL-2.0-or-later
# A real mail server and a webhook receiver beside the private cluster (sinks.py). $SINK has what they received.
# shellcheck shell=bash

# sinks_needed: creates their folder with a certificate and the password; skips the test without the needed programs
sinks_needed() {
    python3 -c 'import aiosmtpd' 2>/dev/null || skip_all 'python3-aiosmtpd is not installed'
    command -v openssl >/dev/null || skip_all 'openssl is not installed'
    SINK=$CLUSTER_DIR/sink SINK_SMTP=$((PORT_SPARE + 1)) SINK_HOOK=$((PORT_SPARE + 2))
    mkdir -p "$SINK"
    openssl req -x509 -newkey rsa:2048 -nodes -days 60 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$SINK/key.pem" -out "$SINK/cert.pem" 2>/dev/null || bail 'no certificate'
    (umask 077 && echo 'secret of the mail' >"$SINK/password" && echo 'key of the hook' >"$SINK/secret")
    : >"$CLUSTER_DIR/log/sinks.out"
    SINK_MAIL=("smtp: smtp://localhost:$SINK_SMTP" "user: hpc" "password_file: $SINK/password" "ca_file: $SINK/cert.pem")
}
sinks_start() {
    daemon_run sinks python3 "$HARNESS_LIB/sinks.py" "$SINK_SMTP" "$SINK_HOOK" "$SINK" "$SINK/cert.pem" "$SINK/key.pem"
    wait_for_line 15 "$CLUSTER_DIR/log/sinks.out" '^up'
}
sinks_count() { find "$SINK" -name "$1.[0-9]*" ! -name '*.new' | wc -l; } # sinks_count mail|hook
sinks_have() { [ "$(sinks_count "$1")" -eq "$2" ]; }                      # sinks_have mail|hook COUNT: for eventually
mails_to() { grep -l -- "-> $1\$" "$SINK"/mail.[0-9]* 2>/dev/null; }      # mails_to ADDRESS: the files
