// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin did since it was loaded. Any thread counts, the receiver reports.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::plugin {

struct Counters {
    std::atomic<std::uint64_t> admitted{0}; // with or without a warning
    std::atomic<std::uint64_t> warned{0};   // of these, with one
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> faults{0}; // caught inside; the job was admitted
    // Job descriptions with strings too long to be checked; slurmctld refuses these itself.
    std::atomic<std::uint64_t> oversized{0};

    static void count(std::atomic<std::uint64_t>& counter) noexcept {
        counter.fetch_add(1, std::memory_order_relaxed);
    }
    static std::uint64_t read(const std::atomic<std::uint64_t>& counter) noexcept {
        return counter.load(std::memory_order_relaxed);
    }
};

} // namespace sluice::plugin
