// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes: a sluiced.yaml that is accepted, or an error that says why not.
#include "common/settings/import/import.hpp"
#include "common/settings/settings.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto result = sluice::settings::import_site_agent(text, "f");
    if (result && !sluice::settings::parse(*result, "g"))
        std::abort();
    if (!result && result.error().context.find("f:") != 0)
        std::abort();
    return 0;
}
