// SPDX-License-Identifier: GPL-2.0-or-later
// Notes: table note of the journal's file.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/notes.hpp"
#include "daemon/storage/writer.hpp"

namespace sluice::sqlite {

class SqliteNotes final : public ports::Notes {
public:
    // Both must outlive it.
    SqliteNotes(Guarded<Writer>& writer, Guarded<Database>& reader)
        : writer_(writer), reader_(reader) {}

    Result<std::map<std::string, std::string>> notes(const std::string& kind) override;
    Result<void> put(std::span<const ports::Note> notes) override;

private:
    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
};

} // namespace sluice::sqlite
