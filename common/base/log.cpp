// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/log.hpp"

#include "common/base/printable.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sluice::log {
namespace {

constexpr const char* kSystemd = "/run/systemd/journal/socket";
constexpr std::string_view kIdBegin = "51c1ce0a7f3d4b5e9c2d84e6a1b0"; // drawn once for Sluice

char key_letter(char c) {
    if (c >= 'a' && c <= 'z')
        return static_cast<char>(c - 'a' + 'A');
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

// Its value is "DEVICE:INODE" of what the service manager connected.
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0)
        return false;
    return std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino) == stream;
}

// A terminal or a file: no program reads the priority.
bool shown_to_people() {
    struct stat status {};
    return ::isatty(STDERR_FILENO) == 1 ||
           (::fstat(STDERR_FILENO, &status) == 0 && S_ISREG(status.st_mode));
}

// Never destroyed: an event may be written while the process exits.
std::string& path() {
    static auto* const held = new std::string;
    return *held;
}

} // namespace

void JournalEntry::add(std::string_view key, std::string_view value) {
    for (const char c : key)
        bytes_ += key_letter(c);
    bytes_ += '=' + printable(value) + '\n';
}

std::string message_id(std::string_view id) {
    return std::string(kIdBegin) + std::string(id.substr(id.size() < 4 ? 0 : id.size() - 4));
}

std::string journal_of_stderr() {
    return stderr_is_journal() ? kSystemd : "";
}

void send_events_to(const std::string& socket) {
    path() = socket;
}

const std::string& journal_path() {
    return path();
}

bool send_entry(const std::string& path, const JournalEntry& entry) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return false;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    static const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); // never closed
    const auto sent =
        ::sendto(socket, entry.bytes().data(), entry.bytes().size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return sent == static_cast<ssize_t>(entry.bytes().size());
}

namespace {

// Of the Scope that lives; nullptr: none. A pointer, since slurmctld may exit() while a thread of
// the plugin runs, which has this file linked in: nothing here may have a destructor at exit.
thread_local const Field* t_scope = nullptr;

std::atomic<int> g_level{static_cast<int>(Level::info)};

// A line break inside a value would forge a second event, an escape would steer the terminal.
void append_value(std::string& out, std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    text = printable(text);
    const bool bare = !text.empty() && text.find_first_of(" \"=\\") == std::string::npos;
    out += bare ? text : '"' + text + '"';
}

void append_field(std::string& out, const Field& field) {
    out += ' ';
    out += field.key;
    out += '=';
    append_value(out, field.value);
}

bool to_journal(Level level, std::string_view id, std::string_view word,
                std::initializer_list<Field> fields) {
    if (journal_path().empty())
        return false;
    JournalEntry entry;
    entry.add("MESSAGE", line(id, word, fields));
    entry.add("PRIORITY", std::to_string(static_cast<int>(level)));
    entry.add("SYSLOG_IDENTIFIER", program_invocation_short_name);
    entry.add("MESSAGE_ID", message_id(id));
    entry.add("SLUICE_ID", id);
    entry.add("SLUICE_WORD", word);
    for (const auto& field : fields)
        entry.add("SLUICE_" + std::string(field.key), field.value);
    if (t_scope != nullptr)
        entry.add("SLUICE_" + std::string(t_scope->key), t_scope->value);
    return send_entry(journal_path(), entry);
}

} // namespace

void set_level(Level level) {
    g_level.store(static_cast<int>(level), std::memory_order_relaxed);
}

Scope::Scope(std::string_view key, const std::string& value) : field_{key, value} {
    if (!field_.value.empty())
        t_scope = &field_;
}

Scope::~Scope() {
    t_scope = nullptr;
}

std::string line(std::string_view id, std::string_view word, std::initializer_list<Field> fields) {
    std::string out(id);
    out += ' ';
    out += word;
    for (const auto& field : fields)
        append_field(out, field);
    if (t_scope != nullptr)
        append_field(out, *t_scope);
    return out;
}

void event(Level level, std::string_view id, std::string_view word,
           std::initializer_list<Field> fields) {
    if (static_cast<int>(level) > g_level.load(std::memory_order_relaxed))
        return;
    if (to_journal(level, id, word, fields))
        return;
    static const bool for_people = shown_to_people();
    std::string out;
    if (!for_people)
        out = '<' + std::to_string(static_cast<int>(level)) + '>';
    out += line(id, word, fields);
    out += '\n';
    // A log that cannot be written must not stop the daemon.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, out.data(), out.size());
}

} // namespace sluice::log
