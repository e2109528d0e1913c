// SPDX-License-Identifier: GPL-2.0-or-later
// Port: stands for Slurm where its accounting is only read and changes go elsewhere.
#pragma once

#include "daemon/ports/accounting.hpp"
#include "daemon/ports/enforcer.hpp"

namespace sluice::ports {

class EmulatedSlurm : public Accounting, public Enforcer {};

} // namespace sluice::ports
