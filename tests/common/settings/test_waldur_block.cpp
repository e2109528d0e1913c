// SPDX-License-Identifier: GPL-2.0-or-later
// The `waldur:` block.
#include "config.h"

#include "common/settings/settings.hpp"
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"

#include <filesystem>
#include <fstream>

using namespace sluice;
using settings::WaldurSettings;

namespace {

WaldurSettings read(const std::string& lines) {
    const auto settings = settings::parse(
        "waldur:\n  waldur_offering_uuid: 2A3B4C5D-6E7F-4081-8283-848586878889\n" + lines,
        "f.yaml");
    if (!settings)
        test::fail(settings.error().context);
    return settings->waldur;
}

const std::string kToken = "  waldur_api_token: s3cret\n";

} // namespace

CASE(without_the_block_there_is_no_waldur) {
    CHECK(!settings::parse("interval: 60\n", "f.yaml")->waldur.enabled);
}

CASE(the_api_url_loses_its_suffix_and_no_letter_of_its_host) {
    CHECK_EQ(read(kToken + "  waldur_api_url: https://hpc.pi/api/\n").url, "https://hpc.pi");
    CHECK_EQ(read(kToken + "  waldur_api_url: https://hpc.pi/api\n").url, "https://hpc.pi");
    CHECK_EQ(read(kToken + "  waldur_api_url: https://hpc.api/\n").url, "https://hpc.api");
    CHECK_EQ(read(kToken + "  waldur_api_url: https://x.org/waldur/api/\n").url,
             "https://x.org/waldur");
}

CASE(defaults_only_report_and_tell_everything) {
    const auto waldur = read(kToken + "  waldur_api_url: https://w.org/api/\n");
    CHECK(waldur.enabled);
    CHECK_EQ(waldur.offerings.size(), 1U);
    CHECK_EQ(waldur.offerings[0].uuid, "2a3b4c5d6e7f40818283848586878889");
    CHECK(waldur.source == WaldurSettings::Source::file);
    CHECK(waldur.authority == WaldurSettings::Authority::sluice);
    CHECK_EQ(waldur.interval.count(), 300);
    CHECK(waldur.verify_ssl);
    CHECK(waldur.push.flags && waldur.push.usage && waldur.push.command_results);
    CHECK_EQ(waldur.token.inline_text->reveal(), "s3cret");
}

CASE(push_false_switches_everything_off) {
    const auto waldur = read(kToken + "  waldur_api_url: https://w.org/api/\n  push: false\n");
    CHECK(!waldur.push.flags && !waldur.push.usage && !waldur.push.user_usage &&
          !waldur.push.metadata && !waldur.push.identity && !waldur.push.command_results);
}

CASE(the_broker_is_behind_the_api_unless_said_otherwise) {
    const auto url = [](const std::string& address) {
        return kToken + "  stomp_enabled: true\n  waldur_api_url: " + address + "\n";
    };
    const auto plain = read(url("https://w.org/api/")).events;
    CHECK(plain.enabled && plain.tls);
    CHECK_EQ(plain.host, "w.org");
    CHECK_EQ(plain.port, 443U);
    CHECK_EQ(plain.path, "/rmqws-stomp");
    const auto odd = read(url("http://[::1]:8080/waldur/api/")).events;
    CHECK(!odd.tls);
    CHECK_EQ(odd.host, "[::1]");
    CHECK_EQ(odd.port, 8080U);
    const auto other = read(url("https://w.org:8443/api/") + "  stomp_ws_host: mq.w.org\n").events;
    CHECK_EQ(other.host, "mq.w.org");
    CHECK_EQ(other.port, 443U);
    const auto bare = read(url("https://w.org:8443/api/") + "  stomp_transport: tcp\n").events;
    CHECK_EQ(bare.port, 61614U);
    CHECK(!read(kToken + "  waldur_api_url: https://w.org/\n").events.enabled);
}

CASE(changes_go_to_the_emulator_only_in_its_mode) {
    const std::string url = kToken + "  waldur_api_url: https://w.org/api/\n  periodic_limits: ";
    CHECK_EQ(read(url + "{emulator_mode: true}\n").emulator, "http://localhost:8080");
    CHECK_EQ(read(url + "{emulator_mode: true, emulator_base_url: 'http://e:1/'}\n").emulator,
             "http://e:1");
    CHECK_EQ(read(url + "{emulator_base_url: 'http://e:1/'}\n").emulator, "");
}

CASE(no_message_shows_a_secret) {
    const auto refused = settings::parse("waldur:\n  waldur_api_token: s3cret\n"
                                         "  oidc_client_secret: {a: s3cret}\n  s3: s3\n",
                                         "f.yaml");
    CHECK(!refused);
    CHECK(refused.error().context.find("s3cret") == std::string::npos);
}

CASE(a_file_with_a_token_that_everybody_may_read_is_refused) {
    const test::ScratchDir dir;
    const auto path = dir.file("s.yaml");
    std::ofstream(path) << "waldur:\n  waldur_api_url: https://w.org/api/\n"
                        << kToken << "  waldur_offering_uuid: 2a3b4c5d6e7f40818283848586878889\n";
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms(0644));
    const auto refused = settings::load(path);
    CHECK(!refused);
    CHECK(refused.error().context.find("every user may read it; run: chmod o=") !=
          std::string::npos);
    std::filesystem::permissions(path, perms(0640));
    const auto read = settings::load(path);
#ifdef SLUICE_WALDUR
    CHECK(read);
#else // rules of Waldur must not be lost silently
    CHECK(!read);
    CHECK_EQ(read.error().context,
             path + ":1:1: waldur: this sluiced was built without Waldur support; remove the key "
                    "and set allocations and policies in this file, or install a sluiced that was "
                    "configured without --disable-waldur");
#endif
}
