# SPDX-License-Identifier: GPL-2.0-or-later
# The commands of docs/guide, and replacements for the programs of a site when a test runs the commands here.
# shellcheck shell=bash

# guide_commands FILE: "LINE<TAB>COMMAND" for each command: from the sh blocks, with continued lines joined, and from
# text between backticks.
guide_commands() {
    awk '
        function tell() { if (text != "") print line "\t" text; text = "" }
        /^```/ { tell(); block = block ? 0 : ($0 == "```sh" ? 1 : 2); next }
        block == 1 {
            if ($0 ~ /^[ ]*(#|$)/ && text == "") next
            if (text == "") line = NR
            one = $0
            more = sub(/[ ]*\\([ ]*#.*)?$/, " ", one) || one ~ /(\|\||&&|\|)[ ]*$/
            sub(/^[ ]+/, "", one)
            text = text (text == "" ? "" : " ") one
            if (!more) tell()
            next
        }
        block == 0 {
            gsub(/\\\|/, "\001")
            n = split($0, part, "`")
            for (i = 2; i <= n; i += 2) {
                gsub("\001", "|", part[i])
                if (part[i] ~ /^(sluice|sluiced|sacctmgr|scontrol|squeue|sacct|sreport|systemctl|journalctl|munge|grep|slurmctld) /)
                    print NR "\t" part[i]
            }
        }' "$1"
}

# guide_here COMMAND: COMMAND with the files, hosts and names of this cluster
guide_here() {
    sed -e "s|/etc/slurm/|$CLUSTER_DIR/etc/|g; s|slurmctld\.log|$(slurmctld_log)|g" \
        -e "s|dbhost:6830|127.0.0.1:$PORT_PLUGINS|g; s|/etc/waldur/|$CLUSTER_DIR/etc/|g" \
        -e "s|>/etc/sluice/sluiced\.yaml|>$CLUSTER_DIR/etc/imported.yaml|g" \
        -e 's/\bACCOUNT\b/physics/g; s/\bUSER\b/games/g; s/\bqos QOS\b/qos slowdown/g' -e "s|\bFILE\b|$CLUSTER_DIR/etc/scenario.yaml|g" <<<"$1"
}

# Replacements for programs of the host; each rejects what the real program would reject.
sluice() { sluice_cli "$@"; }
sluiced() { # with the settings of this cluster instead of those in /etc/sluice
    local own=() path
    path=$(dirname "$(sluice_find sluice)"):$PATH # --check --plan runs sluice
    local -x PATH=$path
    [[ " $* " = *' --import-site-agent '* ]] || own=(-f "$CLUSTER_DIR/etc/sluiced.yaml")
    "$(sluice_find sluiced)" "$@" "${own[@]}"
}
guide_started() { sluiced_restart && wait_until 15 guide_turned; } # a person would need longer than the first evaluation
guide_turned() { sluice_cli status -Q -n -P | grep -q .; }
systemctl() {
    case $* in
        'reload sluiced') sluiced_reload ;;
        'restart sluiced') sluiced_stop && guide_started ;;
        'enable --now sluiced') daemon_alive sluiced || guide_started ;;
        'stop sluiced') sluiced_stop ;;
        'status sluiced') daemon_alive sluiced ;;
        'restart slurmctld') slurmctld_restart ;;
        *) echo "systemctl $*: not of a guide" && return 1 ;;
    esac
}
journalctl() { # the real journalctl with an empty journal: checks the options and finds no entry
    local said
    mkdir -p "$CLUSTER_DIR/no-journal"
    said=$(command journalctl -q -D "$CLUSTER_DIR/no-journal" "$@" 2>&1)
    [[ ! $said =~ (nrecognized|nvalid|nknown|equires) ]] || { echo "$said" && return 1; }
    [[ " $* " = *' -u sluiced '* ]]
}
munge() { command munge -S "$CLUSTER_DIR/run/munge.sock" "$@"; }
unmunge() { command unmunge -S "$CLUSTER_DIR/run/munge.sock" "$@"; }
