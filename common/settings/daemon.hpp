// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: the keys that only the daemon has.
#pragma once

#include "common/settings/reader.hpp"
#include "common/settings/settings.hpp"

namespace sluice::settings {

struct Reading;

void read_daemon_keys(MapReader& top, DaemonSettings& daemon);
// Keys contacts and notifications, into settings.notices and settings.daemon.
void read_notifications(MapReader& top, Settings& settings);
void check_notifications(const Settings& settings, Errors& errors);
// Clusters that policies and accounts name, and what cannot be had with several.
void check_clusters(const MapReader& top, const Settings& settings, Errors& errors);
// Policies that `metrics` names.
void check_metrics(const MapReader& top, const Settings& settings, Errors& errors);
// The block `waldur:`; `reading` gets the policies of its offerings.
void read_waldur(MapReader& top, WaldurSettings& waldur, Reading& reading);

// An absolute path of at most `longest` bytes.
void read_path(MapReader& map, std::string_view key, std::string& out, std::size_t longest = 4095);

} // namespace sluice::settings
