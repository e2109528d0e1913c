// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/background.hpp"
#include "tests/support/case.hpp"

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace sluice;

namespace {

struct Ended {
    int status = -1;
    std::string said; // on standard error
};

// What a shell sees of a daemon whose body is `body`.
Ended started(void (*body)(core::Background&)) {
    std::array<int, 2> ends{};
    CHECK_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(writer.get(), STDERR_FILENO);
        auto background = core::Background::enter();
        if (!background)
            ::_exit(9);
        body(*background);
        ::_exit(0);
    }
    writer.reset();
    Ended ended;
    std::array<char, 256> buffer{};
    for (ssize_t size = 0; (size = ::read(reader.get(), buffer.data(), buffer.size())) > 0;)
        ended.said.append(buffer.data(), static_cast<std::size_t>(size));
    CHECK_EQ(::waitpid(child, &ended.status, 0), child);
    CHECK(WIFEXITED(ended.status));
    ended.status = WEXITSTATUS(ended.status);
    return ended;
}

} // namespace

CASE(the_person_gets_zero_when_the_daemon_is_ready) {
    const auto ended = started([](core::Background& background) { background.ready(); });
    CHECK_EQ(ended.status, 0);
    CHECK_EQ(ended.said, "");
}

CASE(the_person_gets_one_and_the_reason_when_it_is_not) {
    const auto ended =
        started([](core::Background& background) { background.failed("the journal is locked"); });
    CHECK_EQ(ended.status, 1);
    CHECK_EQ(ended.said, "sluiced: the journal is locked\n");
}

CASE(a_daemon_that_dies_silently_counts_as_failed) {
    const auto ended = started([](core::Background&) { ::_exit(0); });
    CHECK_EQ(ended.status, 1);
    CHECK(ended.said.find("ended before it was ready") != std::string::npos);
}

CASE(the_daemon_leads_no_session_and_has_no_terminal_files) {
    const auto ended = started([](core::Background& background) {
        background.ready();
        // Tells by its end whether it is as it should be; the pipe of the test is closed by then.
        if (::getsid(0) == ::getpid())
            ::_exit(1);
    });
    CHECK_EQ(ended.status, 0);
}
