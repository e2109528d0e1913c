// SPDX-License-Identifier: GPL-2.0-or-later
// The last good snapshot on disk, and the previous one in FILE.old. Files are replaced by rename
// only: two slurmctld processes may use the same folder for a moment. A file that is damaged or
// that others may write is not read; a file that is no snapshot is not replaced.
#pragma once

#include "common/base/result.hpp"
#include "common/model/snapshot.hpp"

#include <cstdint>
#include <string>

namespace sluice::wire {

struct Stored {
    model::Snapshot snapshot;
    Instant confirmed{}; // when the daemon last confirmed that it is the newest
};

// Reads one file. Errors: not_found, malformed (damaged, another version), refused (owner or mode),
// unavailable.
Result<Stored> load_file(const std::string& path);
// The file of the previous snapshot.
std::string previous_file(const std::string& path);
// `age`: seconds since the daemon confirmed it. A snapshot at `path` that load_file() takes and
// that is of the same cluster becomes the previous one, where the file system has hard links.
// Errors: refused (`path` or the previous file exists and is no snapshot: left as it is),
// unavailable (with the system's reason), overflow. After an error the file that was there is still
// there, or the new one is (but may not survive a power cut).
Result<void> save_file(const std::string& path, const model::Snapshot& snapshot,
                       std::int64_t age = 0);
// Notes that the stored snapshot is still the newest: its modification time.
void confirm_file(const std::string& path);
// Removes the unfinished files of processes that were killed while storing at `path`.
void remove_leftovers(const std::string& path);

// The bytes of the file; exposed for tests and the fuzzer.
Result<std::string> encode_file(const model::Snapshot& snapshot);
Result<model::Snapshot> decode_file(std::string_view bytes);

} // namespace sluice::wire
