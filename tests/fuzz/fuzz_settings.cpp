// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes: settings or errors that name the file; settings can be held against a cluster.
#include "common/settings/settings.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto settings = sluice::settings::parse(text, "f");
    if (!settings) {
        if (!settings.error().context.starts_with("f:"))
            std::abort();
        return 0;
    }
    sluice::model::Structure structure;
    structure.tres = {{1, "cpu"}, {4, "node"}};
    (void)sluice::settings::check_against(*settings, structure);
    (void)sluice::settings::warnings_against(*settings, structure);
    return 0;
}
