// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/notes.hpp"

#include "daemon/storage/at_port.hpp"

namespace sluice::sqlite {

Result<std::map<std::string, std::string>> SqliteNotes::notes(const std::string& kind) {
    return at_port("notes", [&] {
        auto reader = reader_.lock();
        Statement rows(*reader, "SELECT key, value FROM note WHERE kind = ?");
        rows.bind(kind);
        std::map<std::string, std::string> found;
        while (rows.step())
            found.emplace(rows.text(0), rows.text(1));
        return found;
    });
}

Result<void> SqliteNotes::put(std::span<const ports::Note> notes) {
    return at_port("put notes", [&] {
        if (notes.empty())
            return;
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement set(writer->database, "REPLACE INTO note (kind, key, value) VALUES (?,?,?)");
        Statement remove(writer->database, "DELETE FROM note WHERE kind = ? AND key = ?");
        for (const auto& note : notes)
            if (note.value.empty())
                remove.bind(note.kind, note.key).run();
            else
                set.bind(note.kind, note.key, note.value).run();
        transaction.commit();
    });
}

} // namespace sluice::sqlite
