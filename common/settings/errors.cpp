// SPDX-License-Identifier: GPL-2.0-or-later
// Order and form of the collected lines.
#include "common/settings/errors.hpp"

#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::settings {
namespace {

constexpr std::size_t kMaxLines = 100;

} // namespace

std::string located(std::string_view file, Place place, std::string_view text) {
    std::string line(file);
    if (place.line > 0)
        line += ':' + std::to_string(place.line) + ':' + std::to_string(place.column);
    line.append(": ").append(text);
    return line;
}

std::vector<std::string> Errors::rendered(const std::vector<yaml::Fault>& faults) const {
    std::vector<const yaml::Fault*> sorted;
    sorted.reserve(faults.size());
    for (const auto& fault : faults)
        sorted.push_back(&fault);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->place < b->place; });
    std::vector<std::string> lines;
    for (const auto* fault : sorted) {
        if (lines.size() == kMaxLines) {
            lines.push_back(
                located(file_, {},
                        "and " + std::to_string(sorted.size() - kMaxLines) + " more of this kind"));
            break;
        }
        lines.push_back(located(file_, fault->place, fault->text));
    }
    return lines;
}

Error Errors::error() const {
    return {Errc::malformed, join(lines(), "\n")};
}

} // namespace sluice::settings
