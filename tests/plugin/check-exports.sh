#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the built plugin shows to and wants from slurmctld: seven symbols out, and only known ones in.
so=${SLUICE_BUILDDIR:-.}/.libs/job_submit_sluice.so
command -v nm >/dev/null && command -v readelf >/dev/null || exit 77
[ -f "$so" ] || { echo "no $so"; exit 1; }
status=0
bad() {
    echo "$*"
    status=1
}

exports=$(nm -D --defined-only "$so" | awk '{ print $NF }' | sed 's/@.*//' | sort | tr '\n' ' ')
wanted='fini init job_modify job_submit plugin_name plugin_type plugin_version '
[ "$exports" = "$wanted" ] || bad "exports: $exports"

# Versioned symbols come from libc, libstdc++ and libgcc; the others must be Slurm's or munge's, by name.
unknown=$(nm -D --undefined-only "$so" | awk '{ print $NF }' | grep -v '@' |
    grep -vxE '_ITM_(de)?registerTMCloneTable|__gmon_start__|munge_[a-z_]+|__(a|t|ub)san_.*|__cxa_finalize' |
    grep -vxE 'slurm_(info|error|xstrdup|xfree)|slurm_conf|acct_db_conn|assoc_mgr_fill_in_assoc' |
    grep -vxE 'copy_job_record_to_job_desc|slurm_free_job_desc_msg|validate_operator')
[ -z "$unknown" ] || bad "wants: $unknown"
for optional in slurm_conf acct_db_conn assoc_mgr_fill_in_assoc copy_job_record_to_job_desc slurm_free_job_desc_msg \
    validate_operator; do
    nm -D --undefined-only "$so" | grep -qE "^ +[wvV] $optional\$" || bad "not weak: $optional"
done

dynamic=$(readelf -d "$so")
echo "$dynamic" | grep -q 'NEEDED.*libslurm' && bad 'linked with libslurm: slurmctld would have two of it'
echo "$dynamic" | grep -qE 'BIND_NOW|FLAGS.* NOW' && bad 'binds at once: symbols that slurmctld lacks would stop it'
# slurmctld leaves by exit() while our thread runs: nothing may be destroyed then. (Sanitizers register handlers of theirs.)
if ! nm -D "$so" | grep -qE '__(a|t|ub)san_'; then
    nm -D --undefined-only "$so" | grep -qE '__cxa_(thread_)?atexit' && bad 'a static or thread_local object with a destructor'
fi
exit $status
