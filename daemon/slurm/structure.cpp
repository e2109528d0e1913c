// SPDX-License-Identifier: GPL-2.0-or-later
// TRES, QOS, associations and users of one cluster. Rows become model values here and nowhere else.
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/controller.hpp"

#include "common/base/clock.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <map>

namespace sluice::slurm {
namespace {

using model::Association;

constexpr std::uint32_t kUnknownUid = NO_VAL;

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

Result<std::vector<model::Qos>> read_qos(Session& session) {
    auto rows = session.list<slurmdb_qos_rec_t>(
        "QOS", [](void* db) { return slurmdb_qos_get(db, nullptr); });
    if (!rows)
        return std::move(rows).error();
    std::vector<model::Qos> all;
    for (const slurmdb_qos_rec_t& row : *rows)
        all.push_back({row.id, text_of(row.name)});
    return all;
}

class Translator {
public:
    explicit Translator(const model::Structure& names) : tres_(names.tres) {
        for (const model::Qos& qos : names.qos)
            qos_.emplace(std::to_string(qos.id), qos.name);
    }

    Association association(const slurmdb_assoc_rec_t& row) const {
        Association own;
        own.id = row.id;
        own.account = text_of(row.acct);
        own.user = text_of(row.user);
        own.parent = own.user.empty() ? text_of(row.parent_acct) : "";
        own.partition = text_of(row.partition);
        for_each<const char>(row.qos_list, [&](const char& id) { add_qos(own, &id); });
        if (const auto found = qos_.find(std::to_string(row.def_qos_id)); found != qos_.end())
            own.default_qos = found->second;
        own.grp_tres_mins = named_limits(text_of(row.grp_tres_mins), tres_);
        own.max_tres_mins = named_limits(text_of(row.max_tres_mins_pj), tres_);
        own.grp_tres = named_limits(text_of(row.grp_tres), tres_);
        own.shares = row.shares_raw;
        return own;
    }

private:
    // Ids of QOS that are gone are left out: slurmctld does not count them either.
    void add_qos(Association& own, const std::string& text) const {
        const bool delta = !text.empty() && (text.front() == '+' || text.front() == '-');
        const auto found = qos_.find(delta ? text.substr(1) : text);
        if (found != qos_.end())
            own.qos.push_back((delta ? text.substr(0, 1) : "") + found->second);
    }

    TresNames tres_;
    std::map<std::string, std::string> qos_; // id as text -> name
};

// is_def is meaningful on user rows only (account rows carry garbage).
void add_to_users(std::map<std::string, model::User>& users, const slurmdb_assoc_rec_t& row) {
    const std::string account = text_of(row.acct);
    model::User& user = users[row.user];
    user.name = row.user;
    user.uid = kUnknownUid;
    if (row.is_def == 1)
        user.default_account = account;
    if (std::find(user.accounts.begin(), user.accounts.end(), account) == user.accounts.end())
        user.accounts.push_back(account);
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

// slurmdbd sends what it has when a query of its own breaks off half-way: parents come first, so a
// tree without root or with an orphan was cut.
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

} // namespace

Result<ClusterAddress> cluster_address(Session& session, const std::string& cluster) {
    slurmdb_cluster_cond_t cond{};
    slurmdb_init_cluster_cond(&cond, false);
    const StringList names{{cluster}};
    cond.cluster_list = names.get();
    auto rows = session.list<slurmdb_cluster_rec_t>(
        "clusters", [&](void* db) { return slurmdb_clusters_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    for (const slurmdb_cluster_rec_t& row : *rows)
        if (text_of(row.name) == cluster)
            return ClusterAddress{text_of(row.control_host),
                                  static_cast<std::uint16_t>(row.control_port), row.rpc_version};
    return Error{Errc::not_found, "slurmdbd has no cluster " + cluster};
}

Result<std::vector<Association>> associations(Session& session, const model::Structure& names,
                                              const std::vector<std::string>& accounts) {
    auto rows = own_rows(session, names.cluster, accounts);
    if (!rows)
        return std::move(rows).error();
    const Translator translate{names};
    std::vector<Association> own;
    for (const slurmdb_assoc_rec_t& row : *rows)
        own.push_back(translate.association(row));
    return own;
}

namespace {

bool same_names(const model::Structure& a, const model::Structure& b) {
    const auto same = [](const auto& one, const auto& other) {
        return std::equal(
            one.begin(), one.end(), other.begin(), other.end(),
            [](const auto& x, const auto& y) { return x.id == y.id && x.name == y.name; });
    };
    return same(a.tres, b.tres) && same(a.qos, b.qos);
}

Result<void> read_associations(Session& session, model::Structure& all) {
    auto rows = own_rows(session, all.cluster, {});
    if (!rows)
        return std::move(rows).error();
    const Translator translate{all};
    std::map<std::string, model::User> users;
    for (const slurmdb_assoc_rec_t& row : *rows) {
        all.associations.push_back(translate.association(row));
        if (row.user != nullptr && *row.user != '\0')
            add_to_users(users, row);
    }
    if (Result<void> whole = check_whole(all.associations); !whole)
        return whole;
    for (auto& [name, user] : users)
        all.users.push_back(std::move(user));
    return {};
}

} // namespace

Result<bool> SlurmAccounting::still_true(const Read& read, const model::Structure& names) {
    if (read.writes != session_.writes() || !same_names(read.structure, names) ||
        std::chrono::steady_clock::now() - read.at > kMaxBelief)
        return false;
    const auto mark = changes_since(session_, read.mark.since);
    if (!mark)
        return mark.error();
    return *mark == read.mark;
}

bool SlurmAccounting::has_moved(const std::string& cluster,
                                const std::map<std::string, std::string>& parents) const {
    const auto known = read_.find(cluster);
    if (known == read_.end())
        return false;
    const auto& rows = known->second.structure.associations;
    return std::any_of(rows.begin(), rows.end(), [&](const Association& row) {
        if (!row.user.empty() || row.parent.empty())
            return false;
        const auto live = parents.find(row.account);
        return live != parents.end() && live->second != row.parent;
    });
}

Result<model::Structure> SlurmAccounting::structure(const std::string& cluster) {
    model::Structure all;
    all.cluster = cluster;
    session_.refresh();
    auto address = cluster_address(session_, cluster);
    if (!address)
        return std::move(address).error();
    note_controller(cluster, *address);
    auto tres = read_tres(session_);
    if (!tres)
        return std::move(tres).error();
    auto qos = read_qos(session_);
    if (!qos)
        return std::move(qos).error();
    all.tres = std::move(*tres);
    all.qos = std::move(*qos);
    if (const auto known = read_.find(cluster); known != read_.end()) {
        const auto good = still_true(known->second, all);
        if (!good)
            return good.error();
        if (*good)
            return known->second.structure;
        read_.erase(known);
    }
    Read read;
    read.writes = session_.writes();
    read.at = std::chrono::steady_clock::now();
    auto mark = changes_since(session_, SystemClock{}.now() - kUnsettledChanges);
    if (!mark)
        return std::move(mark).error();
    read.mark = *mark;
    if (auto done = read_associations(session_, all); !done)
        return std::move(done).error();
    read.structure = all;
    read_.emplace(cluster, std::move(read));
    return all;
}

} // namespace sluice::slurm
