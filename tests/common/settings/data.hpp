// SPDX-License-Identifier: GPL-2.0-or-later
// Files of tests/data/settings.
#pragma once

#include "tests/support/case.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice::test {

inline std::filesystem::path source_folder() {
    const char* source = std::getenv("SLUICE_SRCDIR");
    return source != nullptr ? source : ".";
}

inline std::filesystem::path data_folder() {
    return source_folder() / "tests/data/settings";
}

inline std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        fail("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

// Sorted by name.
inline std::vector<std::filesystem::path> yaml_files(const char* folder) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(data_folder() / folder))
        if (entry.path().extension() == ".yaml")
            found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace sluice::test
