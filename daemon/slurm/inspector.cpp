// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/inspector.hpp"

#include "common/base/text.hpp"
#include "daemon/slurm/compat.hpp"
#include "daemon/slurm/controller.hpp"
#include "daemon/slurm/list.hpp"
#include "daemon/slurm/slurm_conf.hpp"
#include "daemon/slurm/time_sources.hpp"

#include <array>
#include <cerrno>
#include <memory>

namespace sluice::slurm {
namespace {

struct ReleaseConf {
    void operator()(slurm_conf_t* conf) const noexcept { free_controller_conf(conf); }
};
Error away(int number) {
    return {Errc::unavailable, std::string{"slurmctld: "} + slurm_strerror(number)};
}

// Bits of AccountingStorageEnforce; the same from 22.05 to 26.05, in no installed header.
std::vector<std::string> enforced(std::uint16_t bits) {
    static constexpr std::array kWords{"associations", "limits", "wckeys",  "qos",
                                       "safe",         "nojobs", "nosteps", "tres"};
    std::vector<std::string> words;
    for (std::size_t bit = 0; bit < kWords.size(); ++bit)
        if ((bits >> bit & 1U) != 0)
            words.emplace_back(kWords[bit]);
    return words;
}

std::string reset_word(std::uint16_t period) {
    static constexpr std::array kWords{"none",    "now",       "daily", "weekly",
                                       "monthly", "quarterly", "yearly"};
    return period < kWords.size() ? kWords[period] : std::to_string(period);
}

} // namespace

Result<ports::ControllerSettings> SlurmInspector::settings() const {
    auto scope = slurmctld_of(cluster_);
    if (!scope)
        return std::move(scope).error();
    slurm_conf_t* answer = nullptr;
    errno = 0;
    const int rc = slurm_load_ctl_conf(0, &answer);
    const int number = errno;
    const std::unique_ptr<slurm_conf_t, ReleaseConf> conf{answer};
    if (rc != SLURM_SUCCESS || !conf)
        return away(number != 0 ? number : rc);
    ports::ControllerSettings out;
    out.version = text_of(conf->version);
    out.enforce = enforced(conf->accounting_storage_enforce);
    out.job_submit_plugins = split(text_of(conf->job_submit_plugins), ',');
    out.decay_half_life_s = conf->priority_decay_hl == NO_VAL ? 0 : conf->priority_decay_hl;
    out.usage_reset = reset_word(conf->priority_reset_period);
    // 0 where slurmctld does not tell its time: that is no finding.
    out.clock_ahead_s = -ahead_of_slurmctld().value_or(0);
    return out;
}

Result<ports::ControllerSettings> SlurmInspector::controller() {
    auto out = settings();
    if (!out)
        return out;
    if (const auto local = local_slurm())
        out->built_for = local->version;
    Session session;
    if (auto rights = own_rights(session))
        out->rights = std::move(*rights);
    return out;
}

} // namespace sluice::slurm
