// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's own spellings of a policy's keys, read into the same values.
#include "common/settings/policy_set.hpp"

namespace sluice::settings {

void read_waldur_words(MapReader&, Reading&, model::Policy&, PolicyPlaces&) {}

} // namespace sluice::settings
