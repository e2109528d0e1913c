// SPDX-License-Identifier: GPL-2.0-or-later
// Entries for systemd's journal with fields, in its own protocol: a datagram of KEY=value lines
// (systemd.io/JOURNAL_NATIVE_PROTOCOL). No library.
#pragma once

#include <string>
#include <string_view>

namespace sluice::log {

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
// False: nobody takes it, or it is too long.
bool send_entry(const std::string& path, const JournalEntry& entry);

} // namespace sluice::log
