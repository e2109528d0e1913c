// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/accounts/associations.hpp"

#include "common/base/text.hpp"
#include "common/model/qos_list.hpp"
#include "daemon/slurm/accounts/shown_qos.hpp"
#include "daemon/slurm/rpc/controller.hpp"
#include "daemon/slurm/rpc/rights.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace sluice::slurm {
namespace {

using model::Association;

constexpr std::uint32_t kUnknownUid = NO_VAL;
constexpr long double kMaxCounter = 9.2e18L;

Result<std::vector<model::Tres>> read_tres(Session& session) {
    slurmdb_tres_cond_t cond{};
    slurmdb_init_tres_cond(&cond, false);
    auto rows = session.list<slurmdb_tres_rec_t>(
        "TRES", [&](void* db) { return slurmdb_tres_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    std::vector<model::Tres> all;
    for (const slurmdb_tres_rec_t& row : *rows) {
        const std::string name = text_of(row.name);
        all.push_back({row.id, text_of(row.type) + (name.empty() ? "" : "/" + name)});
    }
    return all;
}

// slurmctld applies no factor below 0 (priority_multifactor.c, _apply_new_usage).
std::int64_t millionths(double factor) {
    constexpr double kMaxFactor = 1e9; // beyond, NO_VAL among others: none
    return std::isfinite(factor) && factor >= 0 && factor <= kMaxFactor
               ? std::llround(factor * model::kFullPrice)
               : model::kFullPrice;
}

Result<std::vector<model::Qos>> read_qos(Session& session) {
    auto rows = session.list<slurmdb_qos_rec_t>(
        "QOS", [](void* db) { return slurmdb_qos_get(db, nullptr); });
    if (!rows)
        return std::move(rows).error();
    std::vector<model::Qos> all;
    for (const slurmdb_qos_rec_t& row : *rows)
        all.push_back({row.id, folded_name(row.name), millionths(row.usage_factor)});
    // What is restored leaves out QOS that do not exist.
    if (all.empty())
        return Error{Errc::unavailable, "slurmdbd: QOS: the answer is empty"};
    return all;
}

class RowReader {
public:
    // A QOS without a name in `names` is left out of lists that slurmdbd has, as slurmctld does.
    // When slurmctld shows such a QOS, it is "#ID", which differs from all names.
    enum class Source { slurmdbd, slurmctld };

    RowReader(const model::Structure& names, Source source) : tres_(names.tres), source_(source) {
        for (const model::Qos& qos : names.qos)
            qos_.emplace(qos.id, qos.name);
    }

    // Who it is for and its QOS only.
    Association read_qos(const slurmdb_assoc_rec_t& row) const {
        Association own;
        own.id = row.id;
        own.account = folded_name(row.acct);
        own.user = text_of(row.user);
        own.partition = text_of(row.partition);
        for_each<const char>(row.qos_list, [&](const char& text) { add_qos(&text, own.qos); });
        if (row.def_qos_id != 0 && row.def_qos_id < NO_VAL)
            own.default_qos = qos_name(row.def_qos_id);
        return own;
    }

    Association read(const slurmdb_assoc_rec_t& row) const {
        Association own = read_qos(row);
        own.parent = own.user.empty() ? folded_name(row.parent_acct) : "";
        own.grp_tres_mins = named_limits(text_of(row.grp_tres_mins), tres_);
        own.max_tres_mins = named_limits(text_of(row.max_tres_mins_pj), tres_);
        own.grp_tres = named_limits(text_of(row.grp_tres), tres_);
        own.shares = row.shares_raw;
        // INFINITE and NO_VAL: no limit.
        if (row.grp_submit_jobs < NO_VAL)
            own.submit_jobs = row.grp_submit_jobs;
        return own;
    }

private:
    std::string qos_name(std::uint32_t id) const {
        if (const auto found = qos_.find(id); found != qos_.end())
            return found->second;
        return source_ == Source::slurmctld ? '#' + std::to_string(id) : "";
    }

    // "4", or "+4" and "-4" for a change to the inherited list.
    void add_qos(std::string_view text, std::vector<std::string>& list) const {
        const std::size_t sign = model::is_delta(text) ? 1 : 0;
        const auto id = whole_number<std::uint32_t>(text.substr(sign));
        const std::string name = id ? qos_name(*id) : "";
        if (!name.empty())
            list.push_back(std::string{text.substr(0, sign)} + name);
        else if (!id && source_ == Source::slurmctld)
            list.emplace_back(text);
    }

    TresNames tres_;
    std::map<std::uint32_t, std::string> qos_; // id -> name
    Source source_;
};

// is_def has a meaning on user rows only; on account rows it is not initialised.
void add_to_users(std::map<std::string, model::User>& users, const slurmdb_assoc_rec_t& row) {
    const std::string account = folded_name(row.acct);
    model::User& user = users[row.user];
    user.name = row.user;
    user.uid = kUnknownUid;
    if (row.is_def == 1)
        user.default_account = account;
    if (std::find(user.accounts.begin(), user.accounts.end(), account) == user.accounts.end())
        user.accounts.push_back(account);
}

ports::Role role_of(const slurmdb_user_rec_t& row) {
    ports::Role role;
    role.admin_level = admin_level(row.admin_level);
    for_each<slurmdb_coord_rec_t>(row.coord_accts, [&](const slurmdb_coord_rec_t& coordinated) {
        role.coordinates.push_back(folded_name(coordinated.name));
    });
    return role;
}

Result<SlurmList<slurmdb_assoc_rec_t>> own_rows(Session& session, const std::string& cluster,
                                                const std::vector<std::string>& accounts) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{cluster}};
    const StringList wanted{accounts};
    cond.cluster_list = clusters.get();
    if (!accounts.empty())
        cond.acct_list = wanted.get();
    want_own_limits(cond);
    want_raw_qos(cond);
    return session.list<slurmdb_assoc_rec_t>(
        "associations", [&](void* db) { return slurmdb_associations_get(db, &cond); });
}

// slurmdbd sends the rows that it has when its own query breaks off half-way. Parents come first,
// so an answer without root, or with an account below no parent, was cut short.
Result<void> check_whole(const std::vector<Association>& rows) {
    std::map<std::string_view, bool> accounts;
    for (const Association& row : rows)
        accounts[row.account] = accounts[row.account] || row.user.empty();
    const auto root = accounts.find("root");
    if (root == accounts.end() || !root->second)
        return Error{Errc::unavailable, "slurmdbd: associations: the answer has no root account"};
    for (const Association& row : rows)
        if (!accounts[row.account] || (!row.parent.empty() && !accounts.contains(row.parent)))
            return Error{Errc::unavailable,
                         "slurmdbd: associations: the answer is incomplete at " + row.account};
    return {};
}

Result<Owned<assoc_mgr_info_msg_t>> load_assoc_mgr(const std::string& cluster,
                                                   assoc_mgr_info_request_msg_t request) {
    return ask_slurmctld<assoc_mgr_info_msg_t>(cluster, "slurmctld", [&](auto** answer) {
        return slurm_load_assoc_mgr_info(&request, answer);
    });
}

// The arrays are in slurmctld's order of TRES, which tres_names has; the index is not the id.
std::map<std::string, Amount> counters(const assoc_mgr_info_msg_t& info,
                                       const slurmdb_assoc_usage_t& usage) {
    std::map<std::string, Amount> all;
    if (usage.usage_tres_raw == nullptr)
        return all;
    const std::uint32_t count = std::min(info.tres_cnt, usage.tres_cnt);
    for (std::uint32_t i = 0; i < count; ++i) {
        const long double raw = usage.usage_tres_raw[i];
        if (std::isfinite(raw) && raw >= 0 && raw < kMaxCounter)
            all.emplace(info.tres_names[i], static_cast<Amount>(std::llround(raw)));
    }
    return all;
}

// slurmctld may show a change some time after slurmdbd has recorded it.
bool has_all_users(const ports::RawUsage& raw, const model::Structure& structure) {
    return std::all_of(
        structure.users.begin(), structure.users.end(), [&](const model::User& user) {
            const auto known = raw.default_accounts.find(user.name);
            return raw.uids.contains(user.name) &&
                   (user.default_account.empty() ||
                    (known != raw.default_accounts.end() && known->second == user.default_account));
        });
}

void add_users(const assoc_mgr_info_msg_t& info, const model::Structure& structure,
               ControllerUsage& all) {
    const RowReader reader{structure, RowReader::Source::slurmctld};
    ShownQos shown{structure};
    for_each<slurmdb_assoc_rec_t>(info.assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        if (folded_name(row.cluster) == structure.cluster)
            shown.compare(reader.read_qos(row));
    });
    for_each<slurmdb_user_rec_t>(info.user_list, [&](const slurmdb_user_rec_t& row) {
        all.raw.uids.emplace(text_of(row.name), row.uid);
        if (auto role = role_of(row); !role.plain() && row.uid != kUnknownUid)
            all.raw.roles.emplace(row.uid, std::move(role));
        if (row.default_acct != nullptr)
            all.raw.default_accounts.emplace(text_of(row.name), folded_name(row.default_acct));
    });
    all.raw.qos_differences = shown.differences();
    all.settled = all.raw.qos_differences.empty() && has_all_users(all.raw, structure);
}

} // namespace

Result<model::Structure> read_names(Session& session, const std::string& cluster) {
    auto tres = read_tres(session);
    if (!tres)
        return std::move(tres).error();
    auto qos = read_qos(session);
    if (!qos)
        return std::move(qos).error();
    model::Structure names;
    names.cluster = cluster;
    names.tres = std::move(*tres);
    names.qos = std::move(*qos);
    return names;
}

Result<void> read_associations(Session& session, model::Structure& structure) {
    auto rows = own_rows(session, structure.cluster, {});
    if (!rows)
        return std::move(rows).error();
    const RowReader reader{structure, RowReader::Source::slurmdbd};
    std::map<std::string, model::User> users;
    for (const slurmdb_assoc_rec_t& row : *rows) {
        structure.associations.push_back(reader.read(row));
        if (row.user != nullptr && *row.user != '\0')
            add_to_users(users, row);
    }
    if (Result<void> whole = check_whole(structure.associations); !whole)
        return whole;
    for (auto& [name, user] : users)
        structure.users.push_back(std::move(user));
    return {};
}

Result<std::vector<Association>> associations(Session& session, const model::Structure& names,
                                              const std::vector<std::string>& accounts) {
    auto rows = own_rows(session, names.cluster, accounts);
    if (!rows)
        return std::move(rows).error();
    const RowReader reader{names, RowReader::Source::slurmdbd};
    std::vector<Association> own;
    for (const slurmdb_assoc_rec_t& row : *rows)
        own.push_back(reader.read(row));
    return own;
}

Result<std::map<std::string, std::string>>
parents_of_deleted(Session& session, const std::string& cluster,
                   const std::vector<std::string>& accounts) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{cluster}};
    const StringList wanted{accounts};
    const StringList accounts_only{{""}};
    cond.cluster_list = clusters.get();
    cond.acct_list = wanted.get();
    cond.user_list = accounts_only.get();
    want_deleted(cond);
    want_own_limits(cond);
    const auto rows = session.list<slurmdb_assoc_rec_t>(
        "deleted associations", [&](void* db) { return slurmdb_associations_get(db, &cond); });
    if (!rows)
        return rows.error();
    std::map<std::string, std::string> parents;
    for (const slurmdb_assoc_rec_t& row : *rows)
        if (text_of(row.user).empty() && !text_of(row.parent_acct).empty())
            parents.emplace(text_of(row.acct), text_of(row.parent_acct));
    return parents;
}

// The highest number alone does not do: a transaction that began earlier may become visible later.
Result<ChangeMark> changes_since(Session& session, Instant since) {
    slurmdb_txn_cond_t cond{};
    cond.time_start = static_cast<std::time_t>(epoch(since));
    auto rows = session.list<slurmdb_txn_rec_t>(
        "transactions", [&](void* db) { return slurmdb_txn_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    ChangeMark mark{since, 0, 0};
    for (const slurmdb_txn_rec_t& row : *rows) {
        ++mark.records;
        mark.fingerprint += (row.id + 1ULL) * 0x9e3779b97f4a7c15ULL;
    }
    return mark;
}

Result<std::vector<model::Association>>
live_associations(const model::Structure& names, const std::vector<std::string>& accounts) {
    const StringList wanted{accounts};
    assoc_mgr_info_request_msg_t request{};
    request.flags = ASSOC_MGR_INFO_FLAG_ASSOC;
    if (!accounts.empty())
        request.acct_list = wanted.get();
    const auto info = load_assoc_mgr(names.cluster, request);
    if (!info)
        return info.error();
    const RowReader reader{names, RowReader::Source::slurmctld};
    std::vector<model::Association> rows;
    for_each<slurmdb_assoc_rec_t>((*info)->assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        if (folded_name(row.cluster) == names.cluster)
            rows.push_back(reader.read(row));
    });
    return rows;
}

Result<ControllerUsage> controller_usage(const model::Structure& structure, bool whole) {
    const std::string& cluster = structure.cluster;
    // Only associations that have a user are compared with these (assoc_mgr.c,
    // assoc_mgr_info_get_pack_msg), so a name that no user can have leaves the accounts.
    const StringList no_user{{"/"}};
    assoc_mgr_info_request_msg_t request{};
    request.flags = ASSOC_MGR_INFO_FLAG_ASSOC | (whole ? ASSOC_MGR_INFO_FLAG_USERS : 0);
    if (!whole)
        request.user_list = no_user.get();
    const auto answer = load_assoc_mgr(cluster, request);
    if (!answer)
        return answer.error();
    const assoc_mgr_info_msg_t& info = **answer;
    ControllerUsage all;
    for_each<slurmdb_assoc_rec_t>(info.assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        if (folded_name(row.cluster) != cluster || !text_of(row.user).empty())
            return;
        all.parents.emplace(folded_name(row.acct), folded_name(row.parent_acct));
        if (row.usage != nullptr)
            all.raw.accounts.emplace(folded_name(row.acct), counters(info, *row.usage));
    });
    if (whole)
        add_users(info, structure, all);
    return all;
}

} // namespace sluice::slurm
