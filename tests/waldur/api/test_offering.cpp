// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/case.hpp"
#include "tests/support/scratch_dir.hpp"
#include "waldur/api/api.hpp"
#include "waldur/api/offering.hpp"

#include <filesystem>
#include <fstream>

using namespace sluice;
using namespace sluice::waldur;

namespace {

waldur::Resource resource(const std::string& text) {
    const auto parsed = json::parse(text);
    CHECK(parsed);
    return read_resource(parsed->view());
}

} // namespace

CASE(uuids_are_read_in_each_of_waldurs_forms) {
    const std::string plain = "2a3b4c5d6e7f40818283848586878889";
    CHECK_EQ(uuid_of(plain), plain);
    CHECK_EQ(uuid_of("2A3B4C5D-6E7F-4081-8283-848586878889"), plain);
    CHECK_EQ(uuid_of("https://w.org/api/organization-groups/" + plain + "/"), plain);
    CHECK_EQ(uuid_of("2a3b"), "");
    CHECK_EQ(uuid_of("zz3b4c5d6e7f40818283848586878889"), "");
}

CASE(limits_are_exact_whatever_they_are_written_as) {
    const auto read =
        resource(R"({"uuid":"2a3b4c5d6e7f40818283848586878889","backend_id":" Physics ",
        "limits":{"a":1000,"b":33.333,"c":"12.5","d":null,"e":0.1}})");
    CHECK_EQ(read.account, "physics");
    CHECK_EQ(read.limits.at("a").text(), "1000");
    CHECK_EQ(read.limits.at("b").text(), "33.333");
    CHECK_EQ(read.limits.at("c").text(), "12.5");
    CHECK_EQ(read.limits.at("e").text(), "0.1");
    CHECK(!read.limits.contains("d"));
    CHECK_EQ(read.fault, "");
}

CASE(what_cannot_be_understood_is_a_fault_of_this_resource) {
    CHECK(!resource(R"({"limits":{"a":-1}})").fault.empty());
    CHECK(!resource(R"({"limits":{"a":"many"}})").fault.empty());
    CHECK(!resource(R"({"limits":{"a":1e300}})").fault.empty());
    CHECK(!resource(R"({"limits":[1]})").fault.empty());
    const auto odd = resource(R"({"backend_id":"a,b=c"})");
    CHECK(!odd.fault.empty());
    CHECK_EQ(odd.account, "");
}

CASE(an_end_date_is_a_day_none_or_not_known) {
    CHECK_EQ(resource(R"({"end_date":"2026-09-30"})").end_date, "2026-09-30");
    CHECK_EQ(resource(R"({"end_date":null})").end_date, "never");
    CHECK_EQ(resource(R"({})").end_date, "");
    CHECK_EQ(resource(R"({"end_date":20260930})").end_date, "no text"); // no day: see sync
}

CASE(the_kept_answer_comes_back_exactly) {
    waldur::Offering offering;
    offering.began = instant(1'800'000'000);
    offering.taken = instant(1'800'000'003);
    offering.components = {{"node_hours", "limit", "quarterly"}};
    offering.resources = {resource(R"({"uuid":"2a3b4c5d6e7f40818283848586878889","name":"R",
        "backend_id":"physics","state":"OK","limits":{"node_hours":0.125},"paused":true,
        "customer_uuid":"2a3b4c5d6e7f40818283848586878880","customer_name":"U"})")};
    const auto policy = json::parse(R"({"uuid":"c0ffee00c0ffee00c0ffee00c0ffee00","period":3,
        "actions":"a,b","grace_ratio":0.2,"carryover_factor":15,"tres_billing_enabled":true,
        "tres_billing_weights":{"CPU":0.015625},"apply_to_all":false,
        "options":{"notify_external_user":"a@x.org, b@x.org"}})");
    offering.policy = read_policy(policy->view());
    offering.policy->customers = {"2a3b4c5d6e7f40818283848586878880"};
    offering.problems = {"p"};
    const auto again = offering_of(text_of(offering));
    CHECK(again);
    CHECK(again->same_content(offering));
    CHECK(again->began == offering.began && again->taken == offering.taken);
    CHECK_EQ(again->policy->external_users.size(), 2U);
    CHECK(!offering_of("{}"));
    CHECK(!offering_of("[1,2"));
}

CASE(only_the_number_of_the_next_page_is_taken_from_a_link) {
    CHECK_EQ(next_page(R"(<http://inner/api/x/?page=1>; rel="first", )"
                       R"(<http://inner/api/x/?page_size=10&page=3>; rel="next")"),
             3U);
    CHECK_EQ(next_page(R"(<http://inner/api/x/?page=2>; rel="prev")"), 0U);
    CHECK_EQ(next_page(""), 0U);
    CHECK_EQ(next_page(R"(<?page=x>; rel="next")"), 0U);
}

CASE(errors_of_django_are_sentences) {
    CHECK_EQ(error_text(400, R"({"amount":["A valid number."],"usages":[{"type":["Bad."]}]})"),
             "HTTP 400: amount: A valid number.; type: Bad.");
    CHECK_EQ(error_text(403, R"({"detail":"No."})"), "HTTP 403: No.");
    CHECK_EQ(error_text(502, "<html>"), "HTTP 502");
}

CASE(a_secret_in_a_file_that_everybody_may_read_is_not_used) {
    const test::ScratchDir dir;
    const auto path = dir.file("token");
    std::ofstream(path) << "s3cret\n";
    std::filesystem::permissions(path, std::filesystem::perms(0604));
    const auto refused = read_secret(path);
    CHECK(!refused);
    CHECK(refused.error().context.find("chmod o=") != std::string::npos);
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    CHECK_EQ(read_secret(path)->reveal(), "s3cret");
    std::ofstream(path) << "two words\n";
    CHECK(!read_secret(path));
    CHECK(!read_secret(dir.file("nowhere")));
}

CASE(addresses_that_could_be_more_than_one_are_none) {
    const auto read = [](const std::string& text) {
        return read_address(json::parse("[\"" + text + "\"]")->view().at(0));
    };
    CHECK_EQ(read(" ann@example.org "), "ann@example.org");
    for (const char* bad : {"", "ann", "@x", "ann@", "a b@x", "a@x,b@y", "-f@x", "<a@x>"})
        CHECK_EQ(read(bad), "");
}

CASE(owners_are_kept_over_a_restart) {
    waldur::Offering offering;
    offering.owners = {{std::string(32, '1'), {"a@x", "b@y"}}, {std::string(32, '2'), {}}};
    CHECK(offering_of(text_of(offering))->owners == offering.owners);
}
