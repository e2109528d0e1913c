// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/journald.hpp"

#include "common/base/printable.hpp"

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

} // namespace sluice::log
