// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/duration.hpp"

#include "common/base/decimal.hpp"
#include "common/base/text.hpp"

#include <optional>

namespace sluice::settings {
namespace {

std::optional<std::int64_t> parse_seconds(const Node& node, std::int64_t longest) {
    if (!node.is_scalar() || node.text().empty())
        return std::nullopt;
    std::string text = node.text();
    std::int64_t unit = 1;
    if (text.back() == 's' || text.back() == 'm' || text.back() == 'h') {
        unit = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : 3600;
        text.pop_back();
    } else if (node.quoted()) {
        return std::nullopt;
    }
    const auto value = Decimal::parse(trim(text));
    if (!value || value->scaled() % Decimal::kScale != 0)
        return std::nullopt;
    const std::int64_t whole = value->scaled() / Decimal::kScale;
    if (whole < 0 || whole > longest || whole * unit > longest)
        return std::nullopt;
    return whole * unit;
}

} // namespace

void read_duration(MapReader& map, std::string_view key, std::chrono::seconds& out,
                   std::chrono::seconds shortest, std::chrono::seconds longest) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto seconds = parse_seconds(*node, longest.count());
    if (seconds && *seconds >= shortest.count())
        out = std::chrono::seconds{*seconds};
    else
        map.errors().add(node->place(), std::string(key) + ": expected seconds from " +
                                            std::to_string(shortest.count()) + " to " +
                                            std::to_string(longest.count()) +
                                            ", or 30s, 5m, 1h, found " + describe(*node));
}

} // namespace sluice::settings
