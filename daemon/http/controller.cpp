// SPDX-License-Identifier: GPL-2.0-or-later
// slurmctld's settings as JSON, for `sluice doctor`.
#include "daemon/http/render.hpp"

namespace sluice::http {

json::Value render(const ports::ControllerSettings& controller) {
    auto out = json::Value::object();
    auto rights = json::Value::object();
    rights.set("user", controller.rights.user).set("admin_level", controller.rights.admin_level);
    out.set("version", controller.version).set("built_for", controller.built_for);
    out.set("rights", std::move(rights)).set("enforce", controller.enforce);
    out.set("job_submit_plugins", controller.job_submit_plugins);
    out.set("decay_half_life_s", controller.decay_half_life_s);
    out.set("usage_reset", controller.usage_reset);
    out.set("clock_ahead_s", controller.clock_ahead_s);
    return out;
}

} // namespace sluice::http
