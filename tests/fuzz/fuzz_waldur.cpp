// SPDX-License-Identifier: GPL-2.0-or-later
// Any answer of Waldur: what is read from it can be kept and read back unchanged.
#include "waldur/api/api.hpp"
#include "waldur/api/offering.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string text(reinterpret_cast<const char*>(data), size);
    (void)waldur::error_text(400, text);
    (void)waldur::next_page(text);
    (void)waldur::offering_of(text);
    const auto parsed = json::parse(text, {1024 * 1024, 32});
    if (!parsed)
        return 0;
    waldur::Offering offering;
    offering.components = waldur::read_components((*parsed)["components"]);
    offering.resources.push_back(waldur::read_resource(parsed->view()));
    for (const auto& item : parsed->view().items())
        offering.resources.push_back(waldur::read_resource(item));
    offering.policy = waldur::read_policy(parsed->view());
    const auto again = waldur::offering_of(waldur::text_of(offering));
    if (!again || again->resources.size() != offering.resources.size())
        std::abort();
    return 0;
}
