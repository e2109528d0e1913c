// SPDX-License-Identifier: GPL-2.0-or-later
// Whether slurmdbd shows us everything (with PrivateData=jobs it leaves out other users' records
// without a word) and lets us change it.
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/release.hpp"
#include "daemon/slurm/slurm_conf.hpp"

#include <unistd.h>

#include <memory>

namespace sluice::slurm {
namespace {

const char* word(std::uint16_t level) {
    return level >= SLURMDB_ADMIN_SUPER_USER ? "administrator"
           : level >= SLURMDB_ADMIN_OPERATOR ? "operator"
                                             : "none";
}

// As slurmdbd holds it; "unknown" where it has no such user.
Result<std::string> own_level(Session& session) {
    slurmdb_assoc_cond_t names{};
    const StringList own{{own_name()}};
    names.user_list = own.get();
    slurmdb_user_cond_t cond{};
    cond.assoc_cond = &names;
    auto rows = session.list<slurmdb_user_rec_t>(
        "users", [&](void* db) { return slurmdb_users_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    std::string level = "unknown";
    for (const slurmdb_user_rec_t& row : *rows)
        level = word(row.admin_level);
    return level;
}

// Of slurmdbd.conf, which nobody else may read. It needs no level, and statistics are for it and
// for administrators only.
Result<bool> is_slurm_user(Session& session) {
    const Result<void> told = session.status("statistics", [](void* db) {
        slurmdb_stats_rec_t* answer = nullptr;
        const int rc = slurmdb_get_stats(db, &answer);
        const std::unique_ptr<slurmdb_stats_rec_t, Release> held{answer};
        return rc;
    });
    if (!told && told.error().code != Errc::refused)
        return told.error();
    return told.has_value();
}

bool suffices(const std::string& level) {
    return level == "operator" || level == "administrator";
}

} // namespace

Result<ports::Rights> own_rights(Session& session) {
    if (geteuid() == 0)
        return ports::Rights{own_name(), "administrator"};
    Result<std::string> level = own_level(session);
    if (!level)
        return std::move(level).error();
    if (!suffices(*level)) {
        const Result<bool> all = is_slurm_user(session);
        if (!all)
            return all.error();
        if (*all)
            level = std::string{"administrator"};
    }
    return ports::Rights{own_name(), *level};
}

Result<void> check_sees_all(Session& session) {
    const Result<LocalSlurm> local = local_slurm();
    if (!local)
        return local.error();
    if (geteuid() == 0 || geteuid() == local->slurm_user)
        return {};
    const Result<std::string> level = own_level(session);
    if (!level)
        return level.error();
    if (suffices(*level))
        return {};
    return Error{Errc::refused, "slurmdbd may hide jobs of others from user " + own_name() + "; " +
                                    rights_remedy()};
}

} // namespace sluice::slurm
