# SPDX-License-Identifier: GPL-2.0-or-later
# Entry of the integration library: a test script sources this file, which sources all others.
# Needs root and bash 5. Sourcing starts nothing: cluster_up (cluster.sh) and sluiced_start (sluice.sh) do.
# shellcheck shell=bash

set -u
export LC_ALL=C TZ=${TZ:-UTC}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/libexec
umask 022

HARNESS_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for harness_part in tap wait scratch ports daemon slurm_version slurm_conf database accounts cluster second sluice; do
    # shellcheck source=/dev/null
    . "$HARNESS_LIB/$harness_part.sh"
done
unset harness_part
