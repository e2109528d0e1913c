// SPDX-License-Identifier: GPL-2.0-or-later
// Any answer of Waldur: what is read from it can be kept and read back unchanged.
#include "waldur/api/api.hpp"
#include "waldur/api/read.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    const std::string text(reinterpret_cast<const char*>(data), size);
    (void)waldur::error_text(400, text);
    (void)waldur::next_page(text);
    (void)waldur::read_view(text);
    const auto parsed = json::parse(text, {1024 * 1024, 32});
    if (!parsed)
        return 0;
    ports::PortalView view;
    view.components = waldur::read_components((*parsed)["components"]);
    view.resources.push_back(waldur::read_resource(parsed->view()));
    for (const auto& item : parsed->view().items())
        view.resources.push_back(waldur::read_resource(item));
    view.policy = waldur::read_policy(parsed->view());
    (void)waldur::read_groups(parsed->view());
    const auto again = waldur::read_view(waldur::write_view(view));
    if (!again || again->resources.size() != view.resources.size())
        std::abort();
    return 0;
}
