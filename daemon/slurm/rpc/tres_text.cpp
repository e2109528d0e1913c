// SPDX-License-Identifier: GPL-2.0-or-later
// Slurm's TRES strings; must not know libslurm.
#include "daemon/slurm/rpc/tres_text.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::slurm {
namespace {

// INFINITE64. Not "-1", which every release documents: 26.05 subtracts it from the old limit.
constexpr const char* kClears = "18446744073709551615";

// slurmdb_defs.c, slurmdb_make_tres_string_from_simple: powers of 1024 from MiB for memory and
// burst buffers, from 1 for the rest.
std::optional<std::uint64_t> with_suffix(std::string_view text, std::string_view name) {
    constexpr std::string_view kSuffixes = "KMGTPE";
    if (text.empty())
        return std::nullopt;
    const std::size_t suffix = kSuffixes.find(text.back());
    const bool in_mib = name == "mem" || name.substr(0, 3) == "bb/";
    const std::size_t base = in_mib ? 2 : 0;
    std::size_t power = base;
    if (suffix != std::string_view::npos) {
        text.remove_suffix(1);
        power = suffix + 1;
    }
    const auto figure = whole_number<std::uint64_t>(text);
    if (!figure || power < base)
        return std::nullopt;
    const std::size_t bits = 10 * (power - base);
    if (*figure > (UINT64_MAX >> bits))
        return std::nullopt;
    return *figure << bits;
}

} // namespace

TresNames::TresNames(const std::vector<model::Tres>& tres) {
    for (const model::Tres& one : tres) {
        names_.emplace(one.id, one.name);
        ids_.emplace(one.name, one.id);
    }
}

const std::string* TresNames::name(std::uint32_t id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? nullptr : &found->second;
}

std::optional<std::uint32_t> TresNames::id(std::string_view name) const {
    const auto found = ids_.find(name);
    return found == ids_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::pair<std::uint32_t, std::uint64_t>> parse_tres(std::string_view text) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> figures;
    for (const std::string& part : split(text, ',')) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos)
            continue;
        const auto id = whole_number<std::uint32_t>(std::string_view{part}.substr(0, equals));
        const auto figure = whole_number<std::uint64_t>(std::string_view{part}.substr(equals + 1));
        if (!id || !figure || *figure >= kFirstMarker)
            continue;
        const bool again = std::any_of(figures.begin(), figures.end(),
                                       [&](const auto& other) { return other.first == *id; });
        if (!again)
            figures.emplace_back(*id, *figure);
    }
    return figures;
}

std::optional<std::string> tres_by_id(std::string_view text, const TresNames& names) {
    std::vector<std::string> parts;
    if (text.empty())
        return "";
    for (const std::string& part : split(text, ',')) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos)
            return std::nullopt;
        const std::string name = part.substr(0, equals);
        const auto figure = with_suffix(part.substr(equals + 1), name);
        if (!figure)
            return std::nullopt;
        if (const auto id = names.id(name); id)
            parts.push_back(std::to_string(*id) + '=' + std::to_string(*figure));
    }
    return join(parts, ",");
}

std::map<std::string, std::int64_t> named_limits(std::string_view text, const TresNames& names) {
    std::map<std::string, std::int64_t> limits;
    for (const auto& [id, figure] : parse_tres(text)) {
        const std::string* name = names.name(id);
        if (name != nullptr && figure <= static_cast<std::uint64_t>(INT64_MAX))
            limits.emplace(*name, static_cast<std::int64_t>(figure));
    }
    return limits;
}

std::optional<std::string>
limit_text(const std::map<std::string, std::optional<std::int64_t>>& limits,
           const TresNames& names) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : limits) {
        const std::optional<std::uint32_t> id = names.id(name);
        if (!id || (value && *value < 0))
            return std::nullopt;
        parts.push_back(std::to_string(*id) + '=' +
                        (value ? std::to_string(*value) : std::string(kClears)));
    }
    return join(parts, ",");
}

} // namespace sluice::slurm
