# SPDX-License-Identifier: GPL-2.0-or-later
# What differs between installed Slurm releases (22.05 to 26.05) and distributions: all in this file.
# shellcheck shell=bash

# slurm_release: 2205 for 22.05.8, 2605 for 26.05.5
slurm_release() {
    local version
    version=$(slurmctld -V 2>/dev/null | sed -nE 's/^slurm[a-z-]* ([0-9]+)\.([0-9]+).*/\1\2/p')
    echo "${version:-0}"
}

slurm_full_version() { slurmctld -V 2>/dev/null | sed -E 's/^slurm[a-z-]* //'; }

# slurm_plugin_dir: plugin folder of this Slurm (PluginDir must include it when it names another folder)
slurm_plugin_dir() {
    local dir
    for dir in ${SLURM_PLUGIN_DIR:-} /usr/lib/*/slurm-wlm /usr/lib64/slurm /usr/lib/*/slurm /usr/lib/slurm /usr/local/lib/slurm; do
        [ -e "$dir/accounting_storage_slurmdbd.so" ] && echo "$dir" && return 0
    done
    return 1
}

# harness_missing: names of missing programs that a cluster needs
harness_missing() {
    local program
    for program in munged slurmctld slurmdbd slurmd sacctmgr sbatch sinfo mariadbd mariadb mariadb-install-db mariadb-admin setpriv setsid; do
        command -v "$program" >/dev/null || printf '%s ' "$program"
    done
    [ -n "$(slurm_plugin_dir)" ] || printf 'slurm-plugins '
    [ "$(id -u)" -eq 0 ] || printf 'root-rights '
}
