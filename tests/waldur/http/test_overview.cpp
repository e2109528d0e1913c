// SPDX-License-Identifier: GPL-2.0-or-later
// What `sluice waldur` shows: offerings, resources, who is not evaluated and why.
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"
#include "waldur/http/overview.hpp"

using namespace sluice;
using sluice::test::FakeService;

namespace {

waldur::Resource resource_of(char digit, const std::string& account) {
    waldur::Resource made;
    made.uuid = std::string(32, digit);
    made.name = "r-" + account;
    made.account = account;
    made.state = "OK";
    made.limits = {{"node_hours", Decimal::whole(10)}};
    return made;
}

struct Shown {
    FakeService service;
    std::optional<http::waldur::Overview> overview = http::waldur::Overview{};
    Result<void> asked;
    const std::vector<http::Route> routes =
        http::waldur::overview_routes([this] { return overview; }, [this] { return asked; });

    Shown() {
        overview->url = "https://waldur.example.org";
        overview->source = "waldur";
    }
    void add(waldur::Offering offering, std::optional<Error> trouble = {}) {
        overview->offerings.push_back(
            {std::string(32, 'a'), "quarterly",
             std::make_shared<const waldur::Offering>(std::move(offering)), std::move(trouble)});
    }
    http::Response raw(const std::string& method, const std::string& path,
                       http::Viewer viewer = {0, true, "", false}) {
        http::Request request;
        request.method = method;
        request.path = path;
        request.viewer = std::move(viewer);
        return http::dispatch(request, service, {nullptr, nullptr, nullptr, routes});
    }
    json::Value get() {
        const auto response = raw("GET", "/api/v1/waldur");
        CHECK_EQ(response.status, 200);
        return std::move(*json::parse(response.body));
    }
    std::string reason(std::size_t index) {
        const auto answer = get();
        const auto one = answer["waldur"]["resources"].at(index);
        CHECK_EQ(one["evaluated"].boolean(), one["reason"].text().empty());
        return one["reason"].text();
    }
};

} // namespace

CASE(overview_names_who_is_not_evaluated_and_why) {
    Shown shown;
    waldur::Offering offering;
    offering.taken = instant(1'795'394'862);
    offering.resources = {resource_of('1', "physics"), resource_of('2', ""),
                          resource_of('3', "nowhere"), resource_of('4', "twice"),
                          resource_of('5', "twice"),   resource_of('6', "gone")};
    offering.resources[5].state = "Terminating";
    shown.add(offering);
    CHECK_EQ(shown.reason(0), "");
    CHECK_EQ(shown.reason(1), "the resource has no backend_id");
    CHECK_EQ(shown.reason(2), "Slurm has no such account");
    CHECK_EQ(shown.reason(3), "the account is in several resources");
    CHECK_EQ(shown.reason(4), "the account is in several resources");
    CHECK_EQ(shown.reason(5), "Waldur terminates the resource");
    const auto answer = shown.get();
    const auto one = answer["waldur"]["offerings"].at(0);
    CHECK_EQ(one["state"].text(), "ok");
    CHECK_EQ(one["resources"].integer(), 6);
    CHECK_EQ(one["evaluated"].integer(), 1);
    CHECK_EQ(one["answered_epoch"].integer(), 1'795'394'862);
    CHECK(!answer["waldur"]["resources"].at(0)["standing"].text().empty());
    CHECK(answer["waldur"]["outbox"]["waiting"].is_integer());
}

CASE(overview_tells_a_rejection_from_an_outage) {
    Shown shown;
    shown.add({}, Error{Errc::refused, "waldur: the token is rejected: HTTP 401"});
    shown.add({}, Error{Errc::timeout, "waldur: timeout"});
    const auto answer = shown.get();
    CHECK_EQ(answer["waldur"]["offerings"].at(0)["state"].text(), "rejected");
    CHECK_EQ(answer["waldur"]["offerings"].at(1)["state"].text(), "away");
    shown.asked = Error{Errc::refused, "waldur: the token is rejected: HTTP 401"};
    const auto rejected = shown.raw("POST", "/api/v1/waldur/sync");
    CHECK_EQ(rejected.status, 502);
    CHECK(rejected.body.find("the token is rejected") != std::string::npos);
    shown.asked = Error{Errc::timeout, "waldur: timeout"};
    CHECK_EQ(shown.raw("POST", "/api/v1/waldur/sync").status, 504);
    shown.asked = {};
    CHECK_EQ(shown.raw("POST", "/api/v1/waldur/sync").status, 200);
}

CASE(overview_is_for_staff_and_empty_without_the_block) {
    Shown shown;
    CHECK_EQ(shown.raw("GET", "/api/v1/waldur", {1000, false, "", false}).status, 403);
    CHECK_EQ(shown.raw("POST", "/api/v1/waldur/sync", {1000, false, "", false}).status, 403);
    shown.overview.reset();
    CHECK(shown.get()["waldur"].is_null());
}
