// SPDX-License-Identifier: GPL-2.0-or-later
// Whether slurmdbd shows this user everything and lets the user change it.
#pragma once

#include "daemon/ports/inspector.hpp"
#include "daemon/slurm/rpc/connection.hpp"

#include <string>

namespace sluice::slurm {

// refused: slurmdbd may leave out what others own (with PrivateData=jobs it does so without an
// error); root, SlurmUser and operators see all.
Result<void> check_sees_all(Session& session);
// What slurmdbd lets the user of this process do, whoever slurm.conf's SlurmUser is.
Result<ports::Rights> own_rights(Session& session);
// slurmdb_admin_level_t; a level that is not known is none.
ports::AdminLevel admin_level(unsigned level);
// Of the user of this process; the number where that has none.
std::string own_name();
// "ask a Slurm administrator to run: sacctmgr modify user sluice set adminlevel=operator; if ..."
// (`add user` changes nothing of a user that exists, and `modify` needs one).
std::string rights_remedy();

} // namespace sluice::slurm
