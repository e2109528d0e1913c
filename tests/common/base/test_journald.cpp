// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/log.hpp"

#include "common/base/files.hpp"
#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"
#include "tests/support/scratch_dir.hpp"

#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace sluice;

namespace {

UniqueFd journal_at(const std::string& path) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    CHECK(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return socket;
}

std::string received(const UniqueFd& socket) {
    char buffer[4096];
    const auto got = ::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    CHECK(got > 0);
    return std::string(buffer, static_cast<std::size_t>(got));
}

} // namespace

CASE(an_entry_is_lines_of_keys_that_the_journal_takes) {
    log::JournalEntry entry;
    entry.add("SLUICE_grace-limit", "120");
    CHECK_EQ(entry.bytes(), "SLUICE_GRACE_LIMIT=120\n");
}

CASE(a_value_makes_no_field_and_steers_no_terminal) {
    log::JournalEntry entry;
    entry.add("E", "a\nPRIORITY=0");
    CHECK_EQ(entry.bytes(), "E=a\\nPRIORITY=0\n");
    entry.add("F", test::kHostile);
    CHECK_EQ(test::harm_in(entry.bytes()), "");
}

CASE(a_message_id_is_128_bits_and_ends_in_its_number) {
    const auto id = log::message_id("SLUICE-0412");
    CHECK_EQ(id.size(), 32U);
    CHECK_EQ(id.substr(28), "0412");
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
}

CASE(an_event_goes_to_the_journal_with_each_field) {
    const test::ScratchDir dir;
    const auto path = dir.file("journal");
    const auto journal = journal_at(path);
    log::send_events_to(path);
    {
        const log::Scope scope("cluster", "beta");
        log::event(log::Level::notice, "SLUICE-0412", "standing-changed",
                   {{"account", "phys ics"}});
    }
    log::send_events_to("");
    const auto text = received(journal);
    for (const char* line :
         {"MESSAGE=SLUICE-0412 standing-changed account=\"phys ics\" cluster=beta\n",
          "PRIORITY=5\n", "SLUICE_ID=SLUICE-0412\n", "SLUICE_WORD=standing-changed\n",
          "SLUICE_ACCOUNT=phys ics\n", "SLUICE_CLUSTER=beta\n"})
        CHECK(text.find(line) != std::string::npos);
    CHECK(text.find("MESSAGE_ID=" + log::message_id("SLUICE-0412") + '\n') != std::string::npos);
}

CASE(events_of_a_process_go_to_stderr_unless_stderr_is_the_journal) {
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    CHECK_EQ(log::journal_of_stderr(), "");
    struct stat status {};
    CHECK_EQ(::fstat(STDERR_FILENO, &status), 0);
    const auto stream = std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    CHECK_EQ(log::journal_of_stderr(), "/run/systemd/journal/socket");
    ::unsetenv("JOURNAL_STREAM");
    CHECK_EQ(log::journal_of_stderr(), "");
}

CASE(nobody_at_the_socket_is_no_loss) {
    const test::ScratchDir dir;
    log::JournalEntry entry;
    entry.add("MESSAGE", "x");
    CHECK(!log::send_entry(dir.file("none"), entry));
    CHECK(!log::send_entry("", entry));
    CHECK(!log::send_entry(std::string(200, 'x'), entry));
}
