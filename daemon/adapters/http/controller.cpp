// SPDX-License-Identifier: GPL-2.0-or-later
// slurmctld's settings as JSON, for `sluice doctor`.
#include "daemon/adapters/http/render.hpp"

namespace sluice::http {

json::Value render(const ports::ControllerSettings& controller) {
    auto out = json::Value::object();
    out.set("version", controller.version).set("enforce", controller.enforce);
    out.set("job_submit_plugins", controller.job_submit_plugins);
    out.set("decay_half_life_s", controller.decay_half_life_s);
    out.set("usage_reset", controller.usage_reset);
    out.set("clock_ahead_s", controller.clock_ahead_s);
    return out;
}

} // namespace sluice::http
