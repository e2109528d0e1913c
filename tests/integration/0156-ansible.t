#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Ansible role with connection local and files in a private directory: settings, sluice.conf and JobSubmitPlugins; the second run
# changes nothing, and settings with an error replace nothing. Packages and services are not touched here.
. "$(dirname "$0")/lib/harness.sh"
command -v ansible-playbook >/dev/null || skip_all 'no ansible-playbook here'
contrib=$(cd "$HARNESS_LIB/../../../contrib/ansible" && pwd)
sluice_needed
cluster_prepare
cp "$(sluice_find job_submit_sluice.so)" "$CLUSTER_DIR/plugins/" || bail 'no plugin' # what the package does
cluster_start || cluster_failed
dir=$CLUSTER_DIR/etc
export HOME=$CLUSTER_DIR/run ANSIBLE_LOCAL_TEMP=$CLUSTER_DIR/run/local ANSIBLE_REMOTE_TEMP=$CLUSTER_DIR/run/remote
export ANSIBLE_NOCOLOR=1 ANSIBLE_ROLES_PATH=$contrib/roles ANSIBLE_LOCALHOST_WARNING=0 LC_ALL=C.UTF-8

if command -v ansible-lint >/dev/null; then
    ok 'ansible-lint accepts role and playbook' env -C "$contrib" ansible-lint --offline -q --nocolor site.yml
else
    skip 'ansible-lint accepts role and playbook' 'no ansible-lint here'
fi
ok 'ansible-playbook accepts the example playbook' ansible-playbook --syntax-check -i "$contrib/inventory.ini" "$contrib/site.yml"

sluiced_settings <<END
components: {node_hours: {tres: node}}
accounts:
  physics: {allocation: {node_hours: 0}}
policies:
  - name: quarterly
    mode: enforce
    actions: [request_slurm_resource_pausing]
END
mv "$dir/sluiced.yaml" "$dir/wanted.yaml"
cat >"$dir/play.yml" <<END
- hosts: localhost
  connection: local
  gather_facts: true
  vars:
    sluice_parts: [daemon, controller, client]
    sluice_packages_daemon: []
    sluice_packages_controller: []
    sluice_packages_client: []
    sluice_manage_service: false
    sluice_settings_file: $dir/wanted.yaml
    sluice_config_dir: $dir
    sluice_slurm_conf_dir: $dir
    sluice_group: root
    sluice_sluiced: $(sluice_find sluiced)
    sluice_daemon_address: 127.0.0.1:$PORT_PLUGINS
    sluice_edit_slurm_conf: true
  roles: [sluice]
END
play() { ansible-playbook -i localhost, "$dir/play.yml" "$@"; }
echo '# JobSubmitPlugins is commented out here' >>"$dir/slurm.conf"
ok 'role runs' play
like 'first run changes files' "$OUT" 'changed=[1-9]'
like 'role names the restart of slurmctld' "$OUT" 'restart slurmctld'
ok 'second run succeeds' play
like 'second run changes nothing' "$OUT" 'changed=0 '
is 'settings are those of the file' "$(cat "$dir/sluiced.yaml")" "$(cat "$dir/wanted.yaml")"
is 'settings have mode 0640' "$(stat -c %a "$dir/sluiced.yaml")" 640
is 'slurm.conf has one line JobSubmitPlugins' "$(grep -i '^JobSubmitPlugins' "$dir/slurm.conf")" JobSubmitPlugins=sluice

ok 'slurmctld restarts with the plugin' slurmctld_restart
ok 'sluiced starts with the settings of the role' eval 'sluiced_restart && wait_until 15 evaluate_now'
fails 'plugin refuses a job of the paused account' as games sbatch -A physics --wrap true

echo 'intervall: 1' >>"$dir/wanted.yaml"
fails 'a run with an error in the settings fails' play
like 'failed run names the error' "$OUT" 'did you mean'
fails 'settings with an error do not replace the old ones' grep -q intervall "$dir/sluiced.yaml"
sed -i '/intervall/d' "$dir/wanted.yaml"
sed -i 's/^JobSubmitPlugins=.*/JobSubmitPlugins=lua  # by the site/' "$dir/slurm.conf"
ok 'role runs on a site with another plugin' play
is 'role keeps the other plugin' "$(grep -i '^JobSubmitPlugins' "$dir/slurm.conf")" JobSubmitPlugins=lua,sluice
done_testing
