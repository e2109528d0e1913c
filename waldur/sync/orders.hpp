// SPDX-License-Identifier: GPL-2.0-or-later
// Limits that messages of Waldur brought (apply_periodic_settings) before Waldur was asked: laid
// over its last answer as if it had said so, kept over a restart, gone with its next answer.
#pragma once

#include "daemon/core/rules.hpp"
#include "daemon/ports/notes.hpp"
#include "daemon/ports/portal.hpp"
#include "waldur/sync/event.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::app {

// One thread.
class PortalOrders {
public:
    explicit PortalOrders(ports::Notes& notes) : notes_(notes) {}

    // What outlived the process, over the answer that did.
    void load(ports::PortalView& view);
    // True: `view` has other limits now. Else Waldur has to be asked, or they are the same.
    bool take(const PortalEvent& event, const Zone& zone, Instant now, ports::PortalView& view);
    // Writes down what was taken since.
    void keep();
    // There are some that Waldur has not answered.
    bool any() const { return !taken_.empty(); }
    // It has, and that is kept.
    void answered();

private:
    struct Taken {
        Instant at{};     // its time stamp
        std::string note; // not written down yet; else ""
    };

    void put(const std::vector<ports::Note>& notes);

    ports::Notes& notes_;
    std::map<std::string, Taken> taken_; // by resource
};

} // namespace sluice::app
