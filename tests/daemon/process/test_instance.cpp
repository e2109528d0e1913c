// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/instance.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sluice;

CASE(a_second_daemon_on_one_journal_is_refused_and_the_first_named) {
    test::ScratchDir dir;
    const auto first = core::InstanceLock::take(dir.file("j.db"));
    CHECK(first);
    const auto second = core::InstanceLock::take(dir.file("j.db"));
    CHECK(!second);
    CHECK(second.error().code == Errc::conflict);
    CHECK(second.error().context.find("pid " + std::to_string(::getpid())) != std::string::npos);
    CHECK(core::InstanceLock::take(dir.file("other.db")));
}

CASE(the_lock_goes_with_its_process_however_it_ends) {
    test::ScratchDir dir;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = core::InstanceLock::take(dir.file("j.db"));
        ::_exit(lock ? 0 : 1);
    }
    int status = 0;
    CHECK_EQ(::waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(core::InstanceLock::take(dir.file("j.db")));
}

CASE(folders_are_made_with_the_mode_and_left_alone_when_there) {
    test::ScratchDir dir;
    const mode_t before = ::umask(0077);
    const auto made = core::make_folder_of(dir.file("a/b/x.sock"), 0755);
    ::umask(before);
    CHECK(made);
    struct stat status = {};
    CHECK_EQ(::stat(dir.file("a/b").c_str(), &status), 0);
    CHECK_EQ(status.st_mode & 0777U, 0755U);
    CHECK_EQ(::chmod(dir.file("a/b").c_str(), 0700), 0);
    CHECK(core::make_folder_of(dir.file("a/b/x.sock"), 0755));
    CHECK_EQ(::stat(dir.file("a/b").c_str(), &status), 0);
    CHECK_EQ(status.st_mode & 0777U, 0700U);
}

CASE(a_folder_that_cannot_be_made_is_named) {
    const auto made = core::make_folder_of("/proc/none/x", 0755);
    CHECK(!made);
    CHECK(made.error().context.find("/proc/none") != std::string::npos);
}
