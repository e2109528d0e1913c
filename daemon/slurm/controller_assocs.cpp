// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/controller_assocs.hpp"

#include "daemon/slurm/controller.hpp"
#include "daemon/slurm/list.hpp"
#include "daemon/slurm/release.hpp"
#include "daemon/slurm/tres_text.hpp"

#include <cerrno>
#include <charconv>
#include <map>
#include <memory>

namespace sluice::slurm {
namespace {

class Reader {
public:
    explicit Reader(const model::Structure& names) : tres_(names.tres) {
        for (const model::Qos& qos : names.qos)
            qos_.emplace(qos.id, qos.name);
    }

    model::Association read(const slurmdb_assoc_rec_t& row) const {
        model::Association out;
        out.id = row.id;
        out.account = text_of(row.acct);
        out.user = text_of(row.user);
        out.partition = text_of(row.partition);
        for_each<char>(row.qos_list, [&](const char& text) { out.qos.push_back(name(&text)); });
        if (row.def_qos_id != 0 && row.def_qos_id < NO_VAL)
            out.default_qos = name(row.def_qos_id);
        out.grp_tres_mins = named_limits(text_of(row.grp_tres_mins), tres_);
        out.max_tres_mins = named_limits(text_of(row.max_tres_mins_pj), tres_);
        out.grp_tres = named_limits(text_of(row.grp_tres), tres_);
        out.shares = row.shares_raw;
        return out;
    }

private:
    // A QOS that we do not know differs from all that we do.
    std::string name(std::uint32_t id) const {
        const auto found = qos_.find(id);
        return found == qos_.end() ? '#' + std::to_string(id) : found->second;
    }
    std::string name(std::string_view text) const {
        std::uint32_t id = 0;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
        return fault == std::errc{} ? name(id) : std::string{text};
    }

    TresNames tres_;
    std::map<std::uint32_t, std::string> qos_;
};

} // namespace

Result<std::vector<model::Association>>
live_associations(const model::Structure& names, const std::vector<std::string>& accounts) {
    auto scope = slurmctld_of(names.cluster);
    if (!scope)
        return std::move(scope).error();
    const StringList wanted{accounts};
    assoc_mgr_info_request_msg_t request{};
    request.flags = ASSOC_MGR_INFO_FLAG_ASSOC;
    if (!accounts.empty())
        request.acct_list = wanted.get();
    assoc_mgr_info_msg_t* answer = nullptr;
    errno = 0;
    const int rc = slurm_load_assoc_mgr_info(&request, &answer);
    const int number = errno;
    const std::unique_ptr<assoc_mgr_info_msg_t, Release> info{answer};
    if (rc != SLURM_SUCCESS || !info)
        return Error{Errc::unavailable,
                     std::string{"slurmctld: "} + slurm_strerror(number != 0 ? number : rc)};
    const Reader reader{names};
    std::vector<model::Association> rows;
    for_each<slurmdb_assoc_rec_t>(info->assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        if (text_of(row.cluster) == names.cluster)
            rows.push_back(reader.read(row));
    });
    return rows;
}

} // namespace sluice::slurm
