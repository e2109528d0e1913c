// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/import_words.hpp"

#include "common/base/text.hpp"

namespace sluice::settings {
namespace {

struct Alias {
    std::string_view type; // of a Waldur component
    std::string_view tres;
};
constexpr Alias kTres[] = {
    {"cpu", "cpu"},       {"cpu_hours", "cpu"},   {"mem", "mem"},         {"memory", "mem"},
    {"ram", "mem"},       {"gpu", "gres/gpu"},    {"gpus", "gres/gpu"},   {"gpu_hours", "gres/gpu"},
    {"node", "node"},     {"nodes", "node"},      {"node_hours", "node"}, {"nodehours", "node"},
    {"energy", "energy"}, {"billing", "billing"},
};

// Waldur's limit_period in our words.
struct PeriodWord {
    std::string_view theirs;
    std::string_view ours;
};
constexpr PeriodWord kPeriodWords[] = {
    {"month", "month"}, {"quarterly", "quarter"}, {"annual", "year"}, {"total", "total"}};

} // namespace

std::string_view tres_of_type(std::string_view type) {
    for (const auto& alias : kTres)
        if (equals_ignoring_case(alias.type, type))
            return alias.tres;
    return {};
}

std::string_view period_word(std::string_view limit_period) {
    for (const auto& word : kPeriodWords)
        if (word.theirs == limit_period)
            return word.ours;
    return {};
}

std::string policy_name(std::string_view offering) {
    std::string name;
    for (const char c : lower(offering)) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (good)
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    while (!name.empty() && name.back() == '-')
        name.pop_back();
    constexpr std::size_t kMax = 60;
    return name.empty() ? "imported" : name.substr(0, kMax);
}

} // namespace sluice::settings
