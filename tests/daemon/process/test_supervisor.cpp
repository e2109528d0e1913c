// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/files.hpp"
#include "daemon/process/supervisor.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace sluice;
using core::Supervisor;

namespace {

// Stands for systemd.
class Manager {
public:
    explicit Manager(const std::string& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        CHECK_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    std::string heard() {
        std::array<char, 256> buffer{};
        const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : "";
    }

private:
    UniqueFd fd_;
};

} // namespace

CASE(the_manager_hears_each_state) {
    test::ScratchDir dir;
    Manager manager(dir.file("notify"));
    const Supervisor supervisor(dir.file("notify"), std::nullopt);
    supervisor.ready();
    CHECK_EQ(manager.heard(), "READY=1");
    supervisor.status("7 accounts");
    CHECK_EQ(manager.heard(), "STATUS=7 accounts");
    supervisor.status("7 accounts\nMAINPID=1"); // a name makes no message of its own
    CHECK_EQ(manager.heard(), "STATUS=7 accounts\\nMAINPID=1");
    supervisor.reloading();
    CHECK(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    supervisor.stopping();
    CHECK_EQ(manager.heard(), "STOPPING=1");
    supervisor.alive();
    CHECK_EQ(manager.heard(), "WATCHDOG=1");
}

CASE(no_manager_or_one_that_is_gone_does_no_harm) {
    Supervisor("", std::nullopt).ready();
    Supervisor("/nonexistent/notify", std::nullopt).ready();
    Supervisor(std::string(300, 'x'), std::nullopt).ready();
}

CASE(the_environment_is_taken_and_cleared) {
    ::setenv("NOTIFY_SOCKET", "@abstract", 1);
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    const auto supervisor = Supervisor::from_environment();
    CHECK(supervisor.alive_every() == std::chrono::seconds(15));
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
    CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
    CHECK(!Supervisor::from_environment().alive_every());
}

CASE(a_watchdog_of_another_process_or_without_sense_is_ignored) {
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    CHECK(!Supervisor::from_environment().alive_every());
    ::setenv("WATCHDOG_USEC", "soon", 1);
    CHECK(!Supervisor::from_environment().alive_every());
}
