// SPDX-License-Identifier: GPL-2.0-or-later
// Port: what a module keeps over a restart by kind and key, without queries: the last answer of
// Waldur, what was reported there. Adapter: SQLite.
#pragma once

#include "common/base/result.hpp"

#include <map>
#include <span>
#include <string>

namespace sluice::ports {

struct Note {
    std::string kind;
    std::string key;
    std::string value; // "": the note is removed
};

// Thread-safe. unavailable as for the journal.
class Notes {
public:
    Notes() = default;
    Notes(const Notes&) = delete;
    Notes& operator=(const Notes&) = delete;
    virtual ~Notes() = default;

    // All of one kind, by key.
    virtual Result<std::map<std::string, std::string>> notes(const std::string& kind) = 0;
    // In one transaction.
    virtual Result<void> put(std::span<const Note> notes) = 0;
};

} // namespace sluice::ports
