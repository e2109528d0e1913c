// SPDX-License-Identifier: GPL-2.0-or-later
// Which of the sources that a cycle needs are away. One log line when a source goes away, one when
// it is back.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/thread.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core {

// Names of what the daemon depends on, in status, metrics and log.
inline constexpr const char* kSlurmdbd = "slurmdbd";
inline constexpr const char* kSlurmctld = "slurmctld";
inline constexpr const char* kMunge = "munge";
inline constexpr const char* kJournal = "journal";

// Thread-safe.
class Sources {
public:
    // The source answered.
    void up(std::string_view source, Instant now);
    // Only errors that mean "away" count (unavailable, timeout), not a refusal.
    void down(std::string_view source, const Error& error, Instant now);
    // Names, sorted.
    std::vector<std::string> away() const;

private:
    // By name; since when it is away.
    mutable Guarded<std::map<std::string, Instant, std::less<>>> away_;
};

// Which source an error is about: adapters begin its context with the name of the source.
std::string_view source_of(const Error& error, std::string_view otherwise);

} // namespace sluice::core
