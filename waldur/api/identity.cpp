// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/identity.hpp"

#include "waldur/api/read.hpp"

namespace sluice::waldur {

std::optional<Fault> find_identity(Api& api, const std::string& name, std::string& uuid) {
    auto found = api.get(kIdentities, {{"name", name}});
    if (found.fault)
        return std::move(found.fault);
    uuid.clear();
    for (const auto& item : found.value.view().items())
        if (item["name"].text() == name)
            uuid = uuid_of(item["uuid"].text());
    return std::nullopt;
}

} // namespace sluice::waldur
