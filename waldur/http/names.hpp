// SPDX-License-Identifier: GPL-2.0-or-later
// The UUIDs by which Waldur's routes know policies, resources and records.
#pragma once

#include "daemon/ports/service.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::http::waldur {

// 32 hex digits, version 5 of RFC 9562 from what it is, the cluster and the name: the same after
// every restart. `kind`: "policy", "resource", "offering", "evaluation", "command".
std::string uuid(std::string_view kind, std::string_view cluster, std::string_view name);
// Without dashes, lower case; "": no UUID.
std::string bare(std::string_view text);

// UUIDs as Waldur has them; version 5 of what it does not know.
class Names {
public:
    Names(std::string cluster, std::shared_ptr<const ports::PortalNames> known)
        : cluster_(std::move(cluster)), known_(std::move(known)) {}

    std::string offering() const;
    std::string policy(const std::string& name) const;
    std::string resource(const std::string& account) const;
    // Ours is understood even where Waldur has another: it may have been taken up before Waldur was
    // asked. `uuid` is bare.
    bool is_offering(const std::string& uuid) const;
    bool is_policy(const std::string& name, const std::string& uuid) const;
    bool is_resource(const std::string& account, const std::string& uuid) const;

private:
    std::string cluster_;
    std::shared_ptr<const ports::PortalNames> known_; // not nullptr
};

} // namespace sluice::http::waldur
