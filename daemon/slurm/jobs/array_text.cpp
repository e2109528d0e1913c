// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/jobs/array_text.hpp"

#include "common/base/text.hpp"

#include <optional>

namespace sluice::slurm {
namespace {

// "5", "1-3" or "0-9:3".
std::optional<std::uint64_t> range_count(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view range = text.substr(0, colon);
    const std::size_t dash = range.find('-');
    const auto first = whole_number<std::uint32_t>(range.substr(0, dash));
    if (!first)
        return std::nullopt;
    if (dash == std::string_view::npos)
        return 1;
    const auto last = whole_number<std::uint32_t>(range.substr(dash + 1));
    std::optional<std::uint32_t> step = 1;
    if (colon != std::string_view::npos)
        step = whole_number<std::uint32_t>(text.substr(colon + 1));
    if (!last || !step || *step == 0 || *last < *first)
        return std::nullopt;
    return std::uint64_t{(*last - *first) / *step} + 1;
}

} // namespace

std::uint64_t task_count(std::string_view text) {
    std::uint64_t count = 0;
    for (const auto& part : split(text.substr(0, text.find('%')), ',')) {
        const auto some = range_count(part);
        if (!some)
            return 1;
        count += *some;
    }
    return count == 0 ? 1 : count;
}

} // namespace sluice::slurm
