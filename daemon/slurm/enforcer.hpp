// SPDX-License-Identifier: GPL-2.0-or-later
// ports::Enforcer over slurmdbd. Writes what it is told to and reads it back; plans nothing.
#pragma once

#include "daemon/ports/enforcer.hpp"
#include "daemon/slurm/connection.hpp"
#include "daemon/slurm/grouping.hpp"

namespace sluice::slurm {

// The session must outlive it.
class SlurmEnforcer final : public ports::Enforcer {
public:
    explicit SlurmEnforcer(Session& session) : session_(session) {}

    ports::Outcomes apply(const model::Structure& structure,
                          std::span<const model::Command> commands,
                          std::size_t commit_group) override;
    Result<std::vector<bool>> confirm(const model::Structure& structure,
                                      std::span<const model::Command> commands) override;
    bool resets_usage() const override;

private:
    Session& session_;
};

} // namespace sluice::slurm
