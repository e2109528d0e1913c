// SPDX-License-Identifier: GPL-2.0-or-later
// What a message of Waldur's broker asks for. Pure.
#pragma once

#include "common/base/decimal.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace sluice::app {

// The name of the summed component in limits and messages.
inline constexpr const char* kBilling = "billing";

struct PortalEvent {
    enum class Kind {
        resource, // something of one resource changed
        resync,   // a person asks for everything
        limits,   // apply_periodic_settings
        unknown,  // of no interest here
    };
    Kind kind = Kind::unknown;
    std::string name;     // of the kind, as Waldur says it; printable
    std::string resource; // 32 hex digits; resync, unknown: ""

    // limits only.
    std::string policy;    // 32 hex digits; "": an older server does not say it
    std::string offering;  // 32 hex digits; "": not said
    std::string account;   // backend_id, lower case
    std::string timestamp; // as it came; "": none
    std::map<std::string, std::int64_t> limits; // by component or TRES: minutes, or a count
    std::string limit_type;                     // "GrpTRESMins", ...
    enum class Carried { unsaid, nothing, something };
    Carried carried = Carried::unsaid;      // from the period before, in these limits
    std::map<std::string, Decimal> granted; // by component, before anything was carried over
    // Of all components together: what is granted and what the grace makes of it; 0: not said.
    std::int64_t threshold = 0;
    std::int64_t grace_limit = 0;
    std::string fault; // what is wrong with the order; Waldur is told so
};

// `kind`: of its queue; "": the body says it. malformed: nobody can be told what is wrong with it.
Result<PortalEvent> portal_event(const std::string& kind, const std::string& body);

} // namespace sluice::app
