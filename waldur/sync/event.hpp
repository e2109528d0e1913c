// SPDX-License-Identifier: GPL-2.0-or-later
// What a message of Waldur's broker requests, and which limits follow from it.
#pragma once

#include "common/base/decimal.hpp"
#include "common/base/result.hpp"
#include "common/base/zone.hpp"
#include "waldur/api/offering.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace sluice::waldur {

struct Event {
    enum class Kind {
        resource, // something of one resource changed
        resync,   // a person requests a full synchronisation
        limits,   // apply_periodic_settings
        unknown,  // of no interest here
    };
    Kind kind = Kind::unknown;
    std::string name;     // Waldur's name of the kind; printable
    std::string resource; // 32 hex digits; resync, unknown: ""

    // Only of Kind::limits.
    std::string policy;    // 32 hex digits; "": not stated, as by older servers
    std::string offering;  // 32 hex digits; "": not stated
    std::string account;   // backend_id, lower case
    std::string timestamp; // as received; "": none
    std::map<std::string, std::int64_t> limits; // by component or TRES: minutes, or a count
    std::string limit_type;                     // "GrpTRESMins", ...
    enum class Carried { unstated, nothing, something };
    Carried carried = Carried::unstated;    // whether the limits include a carryover
    std::map<std::string, Decimal> granted; // units by component, without a carryover
    // Minutes of all components together: what is granted, and that with the grace; 0: not stated.
    std::int64_t threshold = 0;
    std::int64_t grace_limit = 0;
    std::string fault; // why the limits cannot be applied, for Waldur; "": they can
};

// `kind`: of its queue; "": the body states it. malformed: the sender cannot be answered.
Result<Event> read_event(const std::string& kind, const std::string& body);

using Limits = std::map<std::string, Decimal>; // units by component, as of a Resource

// The limits of `resource` that lead to the figures of `event`. conflict: the figures do not follow
// from the policy in `offering`, so Waldur must be asked first.
Result<Limits> granted_by(const Event& event, const Offering& offering, const Resource& resource);

// Lays the limits of messages over Waldur's last answer, until its next answer. One thread.
class AnnouncedLimits {
public:
    // True: `offering` has other limits now. False: they are the same, or Waldur must be asked
    // first.
    bool take(const Event& event, const Zone& zone, Instant now, Offering& offering);
    // Waldur has answered: its answer counts.
    void clear() { taken_.clear(); }

private:
    std::map<std::string, Instant> taken_; // by resource: timestamp of the message
};

} // namespace sluice::waldur
