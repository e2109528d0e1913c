// SPDX-License-Identifier: GPL-2.0-or-later
// Compares the QOS of associations in slurmctld with what slurmdbd's rows give. From 23.11 on
// slurmdbd sends only the new parent of an account that is moved (as_mysql_assoc.c,
// _process_modify_assoc_results; before, all associations): slurmctld keeps the QOS list and the
// default QOS that the users of the account and of those below inherited, until it reads all
// associations again. What account rows inherit does not count: slurmctld admits jobs by the users'
// rows, and gets no update for the rows of sub-accounts that inherit. Pure.
#pragma once

#include "common/model/account_tree.hpp"
#include "common/model/facts.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::slurm {

class ShownQos {
public:
    // `structure` outlives it.
    explicit ShownQos(const model::Structure& structure);

    // One association as slurmctld has it. Users with an own list, and those that slurmdbd's rows
    // do not have, are left out.
    void compare(const model::Association& live);
    const model::QosDifferences& differences() const { return differences_; }

private:
    // What an association without own values has.
    struct Inherited {
        std::vector<std::string> list; // sorted
        std::string standard;
    };

    Inherited with_own(const model::Association& row, const Inherited& above) const;

    model::AccountTree tree_;
    std::vector<Inherited> accounts_; // by node
    std::unordered_map<std::uint32_t, const model::Association*> rows_;
    model::QosDifferences differences_;
};

} // namespace sluice::slurm
