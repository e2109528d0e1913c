// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes: a scenario whose steps do not go back and name what exists, or errors.
#include "common/settings/scenario.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto file = sluice::settings::parse_scenario(text, "f");
    if (!file) {
        if (!file.error().context.starts_with("f:"))
            std::abort();
        return 0;
    }
    const auto& scenario = file->scenario;
    for (std::size_t i = 1; i < scenario.steps.size(); ++i)
        if (scenario.steps[i].at < scenario.steps[i - 1].at)
            std::abort();
    for (const auto& step : scenario.steps)
        for (const auto& job : step.jobs)
            if (job.end < job.start || !scenario.set.accounts.contains(job.account))
                std::abort();
    return 0;
}
