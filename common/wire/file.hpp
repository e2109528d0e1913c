// SPDX-License-Identifier: GPL-2.0-or-later
// The last good snapshot on disk. Replaced by rename only: two slurmctld processes may hold the
// same folder for a moment. A file that is damaged or that others may write is refused.
#pragma once

#include "common/base/result.hpp"
#include "common/model/snapshot.hpp"

#include <string>

namespace sluice::wire {

struct Stored {
    model::Snapshot snapshot;
    Instant confirmed{}; // when the daemon last said that it is the newest
};

// Errors: not_found, malformed (damaged, another version), refused (owner or mode), unavailable.
Result<Stored> load_file(const std::string& path);
// Errors: unavailable (with the system's reason), overflow. The old file stays on failure.
Result<void> save_file(const std::string& path, const model::Snapshot& snapshot);
// Notes that the stored snapshot is still the newest: its modification time.
void confirm_file(const std::string& path);

// The bytes of the file; exposed for tests and the fuzzer.
Result<std::string> encode_file(const model::Snapshot& snapshot);
Result<model::Snapshot> decode_file(std::string_view bytes);

} // namespace sluice::wire
