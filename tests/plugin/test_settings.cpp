// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/settings.hpp"

#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::plugin;

namespace {

std::optional<std::uint32_t> users(const std::string& name) {
    if (name == "alice")
        return 1001;
    if (name == "slurm")
        return 64030;
    return std::nullopt;
}

Settings good(std::string_view text) {
    const auto parsed = parse_settings(text, users);
    for (const auto& note : parsed.notes)
        test::fail("line " + std::to_string(note.line) + ": " + note.text);
    return parsed.settings;
}

std::string note(std::string_view text) {
    const auto parsed = parse_settings(text, users);
    CHECK_EQ(parsed.notes.size(), 1U);
    return std::to_string(parsed.notes[0].line) + ": " + parsed.notes[0].text;
}

} // namespace

CASE(an_empty_file_gives_the_defaults) {
    const auto settings = good("");
    CHECK(!settings.fail_open);
    CHECK(settings.warn_at_submit);
    CHECK_EQ(settings.warn_every, 86400);
    CHECK(settings.refusal_code);
    CHECK_EQ(settings.max_age, 900);
}

CASE(every_key_is_read_in_any_case) {
    const auto settings = good("# the daemon\n"
                               "DAEMON = ctl1:6823 , [2001:db8::1]:6823,192.0.2.7:1 # two sites\n"
                               "maxage=1h\r\n"
                               "Fail=OPEN\n"
                               "WarnAtSubmit=No\n"
                               "WarnEvery=12h\n"
                               "RefusalCode=no\n"
                               "ExemptUsers=alice,5\n"
                               "ExemptAccounts=Staff, Ops\n"
                               "ExemptQOS=urgent\n"
                               "ExemptPartitions=debug\n"
                               "ExemptReservations=course\n"
                               "DaemonUser=slurm\n"
                               "MungeSocket=\"/run/munge/socket\"\n"
                               "KeyFile=/etc/slurm/sluice.key\n"
                               "SnapshotFile=/var/spool/sluice\n");
    CHECK_EQ(settings.daemons.size(), 3U);
    CHECK(settings.daemons[0] == (Address{"ctl1", "6823"}));
    CHECK(settings.daemons[1] == (Address{"2001:db8::1", "6823"}));
    CHECK_EQ(settings.max_age, 3600);
    CHECK(settings.fail_open);
    CHECK(!settings.warn_at_submit);
    CHECK_EQ(settings.warn_every, 12 * 3600);
    CHECK(!settings.refusal_code);
    CHECK_EQ(parse_settings("WarnEvery=0", {}).settings.warn_every, 0);
    CHECK(settings.exempt_users == (std::vector<std::uint32_t>{5, 1001}));
    CHECK(settings.exempt_accounts == (std::vector<std::string>{"ops", "staff"}));
    CHECK(settings.exempt_qos == (std::vector<std::string>{"urgent"}));
    CHECK(settings.exempt_partitions == (std::vector<std::string>{"debug"}));
    CHECK(settings.exempt_reservations == (std::vector<std::string>{"course"}));
    CHECK_EQ(*settings.daemon_user, 64030U);
    CHECK_EQ(settings.munge_socket, "/run/munge/socket");
    CHECK_EQ(settings.key_file, "/etc/slurm/sluice.key");
    CHECK_EQ(settings.snapshot_file, "/var/spool/sluice");
}

CASE(an_unknown_key_is_noted_with_its_line_and_ignored) {
    CHECK_EQ(note("\n# c\nDeamon=ctl1:6823\n"),
             "3: unknown key Deamon; line ignored; did you mean Daemon?");
    CHECK_EQ(note("Colour=red"), "1: unknown key Colour; line ignored");
    CHECK_EQ(note("maxage=soon"),
             "1: MaxAge=soon: expected a time such as 900 or 15min; line ignored");
    CHECK_EQ(note("Daemon=bad,ctl2:6823"),
             "1: Daemon=bad: expected host:port or unix:/path; ignored");
    CHECK_EQ(note("ExemptUsers=nobodyknows"), "1: ExemptUsers=nobodyknows: unknown user; ignored");
    CHECK_EQ(note("a\x1b[2Jb"), "1: no Key=Value: a?[2Jb");
    CHECK_EQ(note("just words"), "1: no Key=Value: just words");
}

CASE(a_bad_value_is_noted_and_leaves_the_default) {
    for (const std::string_view text :
         {"MaxAge=soon", "MaxAge=-5", "MaxAge=0", "MaxAge=99999999999999999999", "MaxAge=5 weeks",
          "Fail=closed", "WarnAtSubmit=maybe", "WarnEvery=often", "Daemon=ctl1",
          "Daemon=", "Daemon=ctl1:0", "Daemon=ctl1:99999", "Daemon=:6823",
          "Daemon=2001:db8::1:6823", "DaemonUser=nobodyknows", "MungeSocket=here",
          "SnapshotFile=", "ExemptUsers=nobodyknows"}) {
        const auto parsed = parse_settings(text, users);
        CHECK_EQ(parsed.notes.size(), 1U);
        CHECK_EQ(parsed.settings.max_age, 900);
        CHECK(!parsed.settings.fail_open);
        CHECK(parsed.settings.daemons == Settings{}.daemons);
        CHECK(parsed.settings.exempt_users.empty());
        CHECK(!parsed.settings.daemon_user);
        CHECK(parsed.settings.munge_socket.empty());
        CHECK(parsed.settings.snapshot_file.empty());
    }
}

CASE(the_daemon_is_at_a_unix_socket_by_default) {
    for (const char* text : {"", "Daemon=bad", "Daemon=unix:relative"}) {
        const auto daemons = parse_settings(text, users).settings.daemons;
        CHECK_EQ(daemons.size(), 1U);
        CHECK(daemons[0].is_socket());
        CHECK(daemons[0].host.ends_with("/sluice/plugins.sock"));
    }
    const auto named = good("Daemon=unix:/run/a.sock,b:1").daemons;
    CHECK_EQ(named.size(), 2U);
    CHECK(named[0] == (Address{"/run/a.sock", ""}));
    CHECK(!named[1].is_socket());
    CHECK_EQ(parse_settings("Daemon=unix:/" + std::string(107, 'x'), users).notes.size(), 1U);
}

CASE(one_bad_daemon_leaves_the_others) {
    const auto parsed = parse_settings("Daemon=bad,ctl2:6823", users);
    CHECK_EQ(parsed.notes.size(), 1U);
    CHECK_EQ(parsed.settings.daemons.size(), 1U);
}

CASE(only_a_new_route_ends_a_session) {
    CHECK(good("Daemon=a:1").same_route(good("Daemon=a:1\nMaxAge=5")));
    CHECK(!good("Daemon=a:1").same_route(good("Daemon=a:2")));
    CHECK(!good("DaemonUser=1").same_route(good("")));
}
