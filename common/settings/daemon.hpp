// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: the keys that only the daemon has.
#pragma once

#include "common/settings/reader.hpp"
#include "common/settings/settings.hpp"

namespace sluice::settings {

void read_daemon_keys(MapReader& top, DaemonSettings& daemon);

} // namespace sluice::settings
