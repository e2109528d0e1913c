// SPDX-License-Identifier: GPL-2.0-or-later
// Which warnings users have read lately: a table of fixed size in slurmctld's memory, lost when
// slurmctld restarts. Where it is full, a warning comes too often, never too rarely. Any thread;
// no lock, no allocation.
#pragma once

#include "common/model/standing.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::plugin {

class Warned {
public:
    // Whether the user is to be warned now (seconds since 1970) of this standing of the account;
    // then, not again for `every` seconds. 0: each time.
    bool due(std::uint32_t user, std::string_view account, model::Standing standing,
             std::int64_t now, std::int64_t every) noexcept {
        if (every <= 0)
            return true;
        const std::uint64_t key = hash(user, account, standing);
        const auto mark = static_cast<std::uint32_t>(key >> 32);
        const auto at = static_cast<std::uint32_t>(now);
        auto* const set = &entries_[(key % kSets) * kWays];
        std::atomic<std::uint64_t>* oldest = set;
        for (std::size_t i = 0; i < kWays; ++i) {
            const std::uint64_t entry = set[i].load(std::memory_order_relaxed);
            const std::int64_t age = now - static_cast<std::int64_t>(entry & UINT32_MAX);
            if (entry != 0 && entry >> 32 == mark) {
                if (age >= 0 && age < every)
                    return false;
                oldest = &set[i];
                break;
            }
            if ((entry & UINT32_MAX) < (oldest->load(std::memory_order_relaxed) & UINT32_MAX))
                oldest = &set[i];
        }
        oldest->store(std::uint64_t{mark} << 32 | at, std::memory_order_relaxed);
        return true;
    }

private:
    static constexpr std::size_t kSets = 2048;
    static constexpr std::size_t kWays = 4; // 8192 warnings in 64 KiB

    // FNV-1a; names of accounts without case, as Slurm compares them.
    static std::uint64_t hash(std::uint32_t user, std::string_view account,
                              model::Standing standing) noexcept {
        std::uint64_t out = 0xcbf29ce484222325;
        const auto add = [&out](unsigned char byte) { out = (out ^ byte) * 0x100000001b3; };
        for (int shift = 0; shift < 32; shift += 8)
            add(static_cast<unsigned char>(user >> shift));
        add(static_cast<unsigned char>(standing));
        for (const char c : account)
            add(static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
        return out;
    }

    std::array<std::atomic<std::uint64_t>, kSets * kWays> entries_{}; // mark, then seconds
};

} // namespace sluice::plugin
