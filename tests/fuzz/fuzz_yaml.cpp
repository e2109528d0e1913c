// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes: a tree or a fault, never neither; every place lies inside the text.
#include "common/yaml/tree.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto tree = sluice::yaml::parse(text);
    if (!tree.root && tree.faults.empty())
        std::abort();
    const std::size_t lines = 2 + text.size();
    for (const auto& fault : tree.faults)
        if (fault.text.empty() || fault.place.line > lines || fault.place.column > lines)
            std::abort();
    return 0;
}
