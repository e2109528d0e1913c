// SPDX-License-Identifier: GPL-2.0-or-later
// A stand-in for sendmail is a shell script of the test; nothing else here runs a shell.
#include "daemon/notify/mailer.hpp"
#include "daemon/notify/program.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace sluice;
using namespace sluice::mail;

namespace {

const std::atomic<bool> kGoOn{false};

std::string script(const test::ScratchDir& dir, const std::string& body) {
    const std::string path = dir.path().string() + "/sendmail";
    std::ofstream(path) << "#!/bin/sh\n" << body;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
}

std::string content(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

ports::OutboxEntry entry(const std::string& body) {
    ports::OutboxEntry made;
    made.message = {"mail", "notify", "k", "c", body, false};
    return made;
}

const std::string kBody = R"({"to": "pi@example.org", "subject": "s", "text": "t",
    "date_epoch": 1795408200})";

} // namespace

CASE(the_program_gets_arguments_and_text_as_they_are) {
    const test::ScratchDir dir;
    const auto path = script(dir, "printf '%s\\n' \"$@\" >" + dir.path().string() + "/args; cat >" +
                                      dir.path().string() + "/text; env >" + dir.path().string() +
                                      "/env; exit 3\n");
    const std::string text(200'000, 'x'); // more than a pipe holds
    const auto ended = run_program(path, {"-i", "$(id); a b"}, text, kGoOn);
    CHECK(ended);
    CHECK_EQ(*ended, 3);
    CHECK_EQ(content(dir.path().string() + "/args"), "-i\n$(id); a b\n");
    CHECK_EQ(content(dir.path().string() + "/text"), text);
    CHECK(content(dir.path().string() + "/env").find("HOME=") == std::string::npos);
}

CASE(a_program_that_reads_nothing_does_no_harm) {
    std::signal(SIGPIPE, SIG_IGN); // as the daemon does
    const auto ended = run_program("/bin/true", {}, std::string(200'000, 'x'), kGoOn);
    CHECK(ended);
    CHECK_EQ(*ended, 0);
}

CASE(a_missing_program_is_unavailable) {
    CHECK_EQ(run_program("/nonexistent/sendmail", {}, "", kGoOn).error().code, Errc::unavailable);
}

CASE(a_program_that_hangs_is_killed_when_the_daemon_stops) {
    std::atomic<bool> stop{false};
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        stop = true;
    });
    const auto ended = run_program("/bin/sleep", {"60"}, "", stop);
    stopper.join();
    CHECK_EQ(ended.error().code, Errc::timeout);
}

CASE(a_mail_goes_to_the_program) {
    const test::ScratchDir dir;
    const auto path = script(dir, "printf '%s\\n' \"$@\" >" + dir.path().string() + "/args; cat >" +
                                      dir.path().string() + "/text\n");
    MailSettings settings;
    settings.from = "hpc@example.org";
    settings.sendmail = path;
    Mailer mailer(std::move(settings));
    CHECK_EQ(mailer.deliver(entry(kBody)).result, ports::Delivered::done);
    CHECK_EQ(content(dir.path().string() + "/args"),
             "-i\n-f\nhpc@example.org\n--\npi@example.org\n");
    const auto text = content(dir.path().string() + "/text");
    CHECK(text.find("\nTo: pi@example.org\n") != std::string::npos);
    CHECK(text.find('\r') == std::string::npos);
}

CASE(a_program_that_cannot_now_is_asked_again) {
    const test::ScratchDir dir;
    MailSettings settings;
    settings.from = "hpc@example.org";
    settings.sendmail = script(dir, "exit 75\n");
    Mailer mailer(std::move(settings));
    const auto delivery = mailer.deliver(entry(kBody));
    CHECK_EQ(delivery.result, ports::Delivered::target_away);
    CHECK(delivery.text.ends_with("/sendmail ended with 75"));
}

CASE(a_mail_that_will_never_go_is_refused) {
    const test::ScratchDir dir;
    MailSettings settings;
    settings.from = "hpc@example.org";
    settings.sendmail = script(dir, "exit 67\n");
    Mailer mailer(std::move(settings));
    CHECK_EQ(mailer.deliver(entry(kBody)).result, ports::Delivered::refused);
    CHECK_EQ(mailer.deliver(entry("[")).result, ports::Delivered::refused);
    CHECK_EQ(mailer.deliver(entry(R"({"to": "nobody"})")).result, ports::Delivered::refused);
}
