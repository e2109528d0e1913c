// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's routes for SLURM periodic usage policies, with its field names, types and errors, so
// that its own clients drive them unchanged. They show what the daemon decides; they decide
// nothing.
#pragma once

#include "daemon/http/router.hpp"

namespace sluice::http {

Response waldur_list(const Call& call);
Response waldur_policy(const Call& call);
Response waldur_actions(const Call& call);
Response waldur_no_write(const Call& call);
Response waldur_preview(const Call& call);
Response waldur_dry_run(const Call& call);
Response waldur_evaluate(const Call& call);
Response waldur_reset(const Call& call);
Response waldur_evaluations(const Call& call);
Response waldur_commands(const Call& call);
Response waldur_report(const Call& call);

} // namespace sluice::http
