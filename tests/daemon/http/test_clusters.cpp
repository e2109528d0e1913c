// SPDX-License-Identifier: GPL-2.0-or-later
// Several clusters behind one server: which one answers, and allocations that they share.
#include "common/json/json.hpp"
#include "daemon/http/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <memory>

using namespace sluice;
using sluice::test::FakeService;

namespace {

struct Answer {
    int status;
    json::Value body;
};

// Clusters lab and beta.
struct Two {
    FakeService lab;
    FakeService beta;
    ports::Services services{std::vector<ports::Service*>{&lab, &beta}};

    Two() {
        lab.daemon.cluster = "lab";
        beta.daemon.cluster = "beta";
        auto cycle = std::make_shared<ports::CycleReport>(*beta.cycle);
        cycle->cluster = cycle->decision.cluster = "beta";
        beta.cycle = cycle;
    }
    Answer get(const std::string& path, std::map<std::string, std::string> query = {}) const {
        const auto response =
            http::dispatch({"GET", path, std::move(query), "", {0, true}}, services);
        auto body = json::parse(response.body, {.bytes = 1 << 20});
        CHECK(body.has_value());
        return {response.status, std::move(*body)};
    }
};

} // namespace

CASE(the_cluster_that_is_named_answers) {
    const Two two;
    for (const char* cluster : {"lab", "beta"}) {
        const auto answer = two.get("/api/v1/status", {{"cluster", cluster}});
        CHECK_EQ(answer.status, 200);
        CHECK_EQ(answer.body["meta"]["cluster"].text(), cluster);
        CHECK_EQ(answer.body["cycle"]["cluster"].text(), cluster);
    }
}

CASE(who_names_no_cluster_is_told_the_names) {
    const Two two;
    for (const char* path : {"/api/v1/status", "/api/v1/accounts/physics", "/api/v1/usage"}) {
        const auto answer = two.get(path);
        CHECK_EQ(answer.status, 400);
        CHECK(answer.body["clusters"].texts() == (std::vector<std::string>{"lab", "beta"}));
        CHECK(answer.body["detail"].text().find("?cluster=lab") != std::string::npos);
    }
}

CASE(what_is_of_the_daemon_needs_no_cluster) {
    const Two two;
    CHECK_EQ(two.get("/api/v1/info").status, 200);
    CHECK_EQ(two.get("/api/v1/openapi.json").status, 200);
    CHECK_EQ(two.get("/api/v1/outbox").status, 200);
}

CASE(a_cluster_that_is_not_served_is_not_found) {
    const Two two;
    const auto answer = two.get("/api/v1/status", {{"cluster", "gamma"}});
    CHECK_EQ(answer.status, 404);
    CHECK_EQ(answer.body["detail"].text(), "this daemon serves clusters lab, beta, not 'gamma'");
}

CASE(one_cluster_may_be_named_or_not) {
    FakeService lab;
    const auto get = [&](std::map<std::string, std::string> query) {
        return http::dispatch({"GET", "/api/v1/status", std::move(query), "", {0, true}}, lab)
            .status;
    };
    CHECK_EQ(get({}), 200);
    CHECK_EQ(get({{"cluster", lab.daemon.cluster}}), 200);
    CHECK_EQ(get({{"cluster", "gamma"}}), 404);
}

CASE(a_shared_allocation_shows_its_clusters) {
    Two two;
    auto cycle = std::make_shared<ports::CycleReport>(*two.lab.cycle);
    for (auto& account : cycle->decision.accounts)
        if (account.account == "physics") {
            account.span = {{"lab", true, false, 0}, {"beta", true, true, 900}};
            account.figures[0].by_cluster = {{"lab", {3600, 0, 0}}, {"beta", {0, 7200, 0}}};
        }
    two.lab.cycle = cycle;
    const auto answer = two.get("/api/v1/accounts/physics", {{"cluster", "lab"}});
    const auto account = answer.body["account"];
    CHECK_EQ(account["span"].size(), 2U);
    CHECK(account["span"].items()[1]["stale"].boolean());
    CHECK_EQ(account["span"].items()[1]["age_s"].integer(), 900);
    const auto used = account["components"].items()[0]["used_by_cluster"];
    CHECK_EQ(used["lab"].integer(), 1);
    CHECK_EQ(used["beta"].integer(), 2);
    const auto usage = two.get("/api/v1/usage", {{"cluster", "lab"}, {"account", "physics"}});
    CHECK_EQ(usage.body["usage"].items()[0]["used_by_cluster"]["beta"].integer(), 2);
    CHECK_EQ(two.get("/api/v1/accounts/chem", {{"cluster", "lab"}}).body["account"]["span"].size(),
             0U);
}
