// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/admission.hpp"

#include "tests/plugin/world.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::plugin;
using admission::SnapshotView;

namespace {

Reason reason(const Request& request, const Settings& settings = {}, std::int64_t now = test::kNow,
              std::int64_t age = 0) {
    const SnapshotView view(test::world());
    return admit(request, &view, settings, {instant(now), age}).reason;
}

Request by(std::uint32_t uid, std::string_view account = {}) {
    Request request;
    request.user = uid;
    request.submitter = uid;
    request.account = account;
    return request;
}

Settings conf(std::string_view text) {
    auto parsed = parse_settings(text, nullptr);
    CHECK(parsed.notes.empty());
    return parsed.settings;
}

struct Row {
    const char* rule;
    Request request;
    const char* settings;
    Reason expected;
};

Request with(Request request, std::string_view partition, std::string_view qos = {},
             std::string_view reservation = {}) {
    request.partition = partition;
    request.qos = qos;
    request.reservation = reservation;
    return request;
}

Request with_default(Request request, std::string_view account) {
    request.default_account = account;
    return request;
}

Request submitted_by(Request request, std::uint32_t uid) {
    request.submitter = uid;
    return request;
}

} // namespace

CASE(the_admission_follows_the_account_and_the_exemptions) {
    const Row rows[] = {
        {"a paused account is refused", by(1001, "physics"), "", Reason::paused},
        {"in any case of letters", by(1001, "PhySics"), "", Reason::paused},
        {"as the default account, too", by(1001), "", Reason::paused},
        {"the default is found in any case", by(1004), "", Reason::paused},
        {"even for a user who is no member: Slurm decides that", by(42, "physics"), "",
         Reason::paused},
        {"another account of the same user is admitted", by(1001, "chem"), "", Reason::normal},
        {"above the notify level with a text", by(1001, "bio"), "", Reason::notice},
        {"downscaled with a text", by(1002), "", Reason::notice},
        {"an account without policy", by(1005), "", Reason::unknown_account},
        {"an account that nobody knows", by(1001, "nosuch"), "", Reason::unknown_account},
        {"a user without a default", by(1003), "", Reason::unknown_user},
        {"a user whom the snapshot does not know", by(42), "", Reason::unknown_user},
        {"a default that slurmctld has changed to a paused account",
         with_default(by(1002), "Physics"), "", Reason::paused},
        {"a default that slurmctld has changed from a paused account",
         with_default(by(1001), "chem"), "", Reason::normal},
        {"slurmctld's default of a user whom the snapshot does not know",
         with_default(by(42), "physics"), "", Reason::paused},
        {"slurmctld's default, exempt", with_default(by(1001), "Chem"), "ExemptAccounts=chem",
         Reason::exempt},
        {"slurmctld's default without policy", with_default(by(1001), "nosuch"), "",
         Reason::unknown_account},
        {"a named account counts before the default", with_default(by(1001, "physics"), "chem"), "",
         Reason::paused},
        {"root for itself", by(0, "physics"), "", Reason::root},
        {"root for somebody else is that user", submitted_by(by(1001), 0), "", Reason::paused},
        {"an exempt user", by(1001), "ExemptUsers=7,1001", Reason::exempt},
        {"not another one", by(1004), "ExemptUsers=7,1001", Reason::paused},
        {"an exempt account", by(1001, "PHYSICS"), "ExemptAccounts=physics", Reason::exempt},
        {"also as default", by(1001), "ExemptAccounts=x,Physics", Reason::exempt},
        {"an exempt partition", with(by(1001), "Debug"), "ExemptPartitions=debug", Reason::exempt},
        {"all of several partitions", with(by(1001), "debug,test"), "ExemptPartitions=debug,test",
         Reason::exempt},
        {"not one of several", with(by(1001), "debug,main"), "ExemptPartitions=debug",
         Reason::paused},
        {"no partition named is not exempt", by(1001), "ExemptPartitions=debug", Reason::paused},
        {"an exempt QOS", with(by(1001), "", "urgent"), "ExemptQOS=urgent", Reason::exempt},
        {"an exempt reservation", with(by(1001), "", "", "course"), "ExemptReservations=course",
         Reason::exempt},
        {"a comma is no reservation", with(by(1001), "", "", ","), "ExemptReservations=course",
         Reason::paused},
        {"commas and blanks are no partition", with(by(1001), " , ,"), "ExemptPartitions=debug",
         Reason::paused},
        {"a comma is no QOS", with(by(1001), "", ",,"), "ExemptQOS=urgent", Reason::paused},
        {"a comma beside an exempt one changes nothing", with(by(1001), ",debug,"),
         "ExemptPartitions=debug", Reason::exempt},
        {"each of a long list of exempt ones", with(by(1001), "d,C,b,a,e"),
         "ExemptPartitions=e,A,b,c,D", Reason::exempt},
        {"an empty list exempts nothing", with(by(1001), "main", "x", "y"), "", Reason::paused},
    };
    for (const auto& row : rows) {
        const Reason got = reason(row.request, conf(row.settings));
        if (got != row.expected)
            test::fail(std::string(row.rule) + ": " + test::shown(got));
    }
}

CASE(a_pause_ends_by_itself_at_its_end_and_not_before) {
    CHECK(reason(by(1001), {}, test::kPauseEnd - 1) == Reason::paused);
    CHECK(reason(by(1001), {}, test::kPauseEnd) == Reason::normal);
    CHECK(reason(by(1004, "forever"), {}, test::kPauseEnd * 2) == Reason::paused);
}

CASE(without_a_snapshot_everything_is_admitted) {
    CHECK(admit(by(1001, "physics"), nullptr, {}, {}).reason == Reason::no_snapshot);
}

CASE(an_old_snapshot_holds_unless_fail_is_open) {
    CHECK(reason(by(1001), conf("MaxAge=900"), test::kNow, 1'000'000) == Reason::paused);
    CHECK(reason(by(1001), conf("Fail=open\nMaxAge=900"), test::kNow, 900) == Reason::paused);
    CHECK(reason(by(1001), conf("Fail=open\nMaxAge=900"), test::kNow, 901) == Reason::stale);
}

CASE(only_paused_is_refused) {
    for (const auto one :
         {Reason::normal, Reason::root, Reason::exempt, Reason::no_snapshot, Reason::stale,
          Reason::unknown_user, Reason::unknown_account, Reason::notice})
        CHECK(!AdmissionResult{one}.refused());
    CHECK(AdmissionResult{Reason::paused}.refused());
}

CASE(suggestions_can_be_switched_off) {
    CHECK(conf("").suggest_accounts);
    CHECK(!conf("SuggestAccounts=no").suggest_accounts);
}
