// SPDX-License-Identifier: GPL-2.0-or-later
// One event, one line: a stable ID, a word, then key=value. IDs are listed and explained in
// docs/messages.md. Where stderr leads to systemd's journal it goes there with its fields, else to
// stderr with the <N> prefix of a priority (none on a terminal or in a file). Never a secret.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice::log {
enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

struct Field {
    std::string_view key;
    std::string value;
};

// Lines above this level are dropped (default info). Thread-safe.
void set_level(Level level);
// Writes `<5>SLUICE-0412 standing-changed account=physics from=normal to=paused`. Values with
// blanks, quotes or what printable() writes out are quoted, with a backslash before quotes and
// backslashes of their own. Thread-safe: one write(2) a line.
void event(Level level, std::string_view id, std::string_view word,
           std::initializer_list<Field> fields = {});
// While it lives, every event of this thread also has this field, unless the value is "": which
// cluster a cycle is about, where one daemon serves several. Scopes do not nest;
// the key is a literal.
class Scope {
public:
    Scope(std::string_view key, const std::string& value);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

private:
    Field field_;
};
// The line without prefix and newline; what tests look at.
std::string line(std::string_view id, std::string_view word, std::initializer_list<Field> fields);

// Entries for systemd's journal with fields, in its own protocol: a datagram of KEY=value lines
// (systemd.io/JOURNAL_NATIVE_PROTOCOL). No library.

// Builds one entry.
class JournalEntry {
public:
    // `key` becomes upper case, other characters than letters and digits become '_'. The value is
    // passed through printable(): no line of it is another field.
    void add(std::string_view key, std::string_view value);
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

// Stable 128 bits for "SLUICE-0412", in 32 hex digits: journalctl MESSAGE_ID=...0412. Its last four
// are the number.
std::string message_id(std::string_view id);

// systemd's socket if stderr leads to the journal (JOURNAL_STREAM has its device and inode), or "".
std::string journal_of_stderr();
// Events of this process go to this socket instead of stderr; "": to stderr, as at the start.
// Before the first thread.
void send_events_to(const std::string& socket);
const std::string& journal_path();
// False: no receiver, or the entry is too long.
bool send_entry(const std::string& path, const JournalEntry& entry);

} // namespace sluice::log
