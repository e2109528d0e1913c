// SPDX-License-Identifier: GPL-2.0-or-later
// Whether slurmdbd shows us everything: with PrivateData=jobs it leaves out other users' records
// without a word.
#include "daemon/adapters/slurm/accounting.hpp"
#include "daemon/adapters/slurm/local.hpp"

#include <unistd.h>

namespace sluice::slurm {

Result<void> check_sees_all(Session& session) {
    const Result<LocalSlurm> local = local_slurm();
    if (!local)
        return local.error();
    if (geteuid() == 0 || geteuid() == local->slurm_user)
        return {};
    slurmdb_assoc_cond_t names{};
    const StringList own{{own_name()}};
    names.user_list = own.get();
    slurmdb_user_cond_t cond{};
    cond.assoc_cond = &names;
    auto rows = session.list<slurmdb_user_rec_t>(
        "users", [&](void* db) { return slurmdb_users_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    for (const slurmdb_user_rec_t& row : *rows)
        if (row.admin_level >= SLURMDB_ADMIN_OPERATOR)
            return {};
    return Error{Errc::refused, "slurmdbd may hide jobs of others from user " + own_name() + "; " +
                                    rights_remedy()};
}

} // namespace sluice::slurm
