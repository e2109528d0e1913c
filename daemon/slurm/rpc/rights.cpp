// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/rpc/rights.hpp"

#include "daemon/slurm/rpc/libslurm.hpp"

#include <unistd.h>

namespace sluice::slurm {
namespace {

using ports::AdminLevel;

Result<AdminLevel> own_level(Session& session) {
    slurmdb_assoc_cond_t names{};
    const StringList own{{own_name()}};
    names.user_list = own.get();
    slurmdb_user_cond_t cond{};
    cond.assoc_cond = &names;
    const auto rows = session.list<slurmdb_user_rec_t>(
        "users", [&](void* db) { return slurmdb_users_get(db, &cond); });
    if (!rows)
        return rows.error();
    AdminLevel level = AdminLevel::no_user;
    for (const slurmdb_user_rec_t& row : *rows)
        level = admin_level(row.admin_level);
    return level;
}

// SlurmUser of slurmdbd.conf, which others may not read, needs no admin level. Only that user and
// administrators get statistics.
Result<bool> is_slurm_user(Session& session) {
    const Result<void> done = session.status("statistics", [](void* db) {
        slurmdb_stats_rec_t* raw = nullptr;
        const int rc = slurmdb_get_stats(db, &raw);
        const Owned<slurmdb_stats_rec_t> stats{raw};
        return rc;
    });
    if (!done && done.error().code != Errc::refused)
        return done.error();
    return done.has_value();
}

} // namespace

ports::AdminLevel admin_level(unsigned level) {
    return level == SLURMDB_ADMIN_SUPER_USER ? AdminLevel::administrator
           : level == SLURMDB_ADMIN_OPERATOR ? AdminLevel::op
                                             : AdminLevel::none;
}

std::string own_name() {
    return user_name(geteuid()).value_or(std::to_string(geteuid()));
}

std::string rights_remedy() {
    const std::string name = own_name();
    return "ask a Slurm administrator to run: sacctmgr modify user " + name +
           " set adminlevel=operator; if slurmdbd has no user " + name + ": sacctmgr add user " +
           name + " account=root adminlevel=operator";
}

Result<ports::Rights> own_rights(Session& session) {
    if (geteuid() == 0)
        return ports::Rights{own_name(), AdminLevel::administrator};
    Result<AdminLevel> level = own_level(session);
    if (!level)
        return std::move(level).error();
    if (*level < AdminLevel::op) {
        const Result<bool> all = is_slurm_user(session);
        if (!all)
            return all.error();
        if (*all)
            level = AdminLevel::administrator;
    }
    return ports::Rights{own_name(), *level};
}

Result<void> check_sees_all(Session& session) {
    const Result<LocalSlurm> local = local_slurm();
    if (!local)
        return local.error();
    if (geteuid() == 0 || geteuid() == local->slurm_user)
        return {};
    const Result<AdminLevel> level = own_level(session);
    if (!level)
        return level.error();
    if (*level >= AdminLevel::op)
        return {};
    return Error{Errc::refused, "slurmdbd may hide jobs of others from user " + own_name() + "; " +
                                    rights_remedy()};
}

} // namespace sluice::slurm
