// SPDX-License-Identifier: GPL-2.0-or-later
// A daemon that serves several clusters: the one that is named is asked. (Runs over all of
// them belong to the program: 0115-clusters.t.)
#include "tests/cli/lab.hpp"

#include <memory>

using namespace sluice;
using namespace sluice::test;

namespace {

struct TwoLabs : Lab {
    FakeService beta;

    TwoLabs() {
        server.reset();
        auto cycle = std::make_shared<ports::CycleReport>(*beta.cycle);
        cycle->cluster = cycle->decision.cluster = "beta";
        std::erase_if(cycle->decision.accounts,
                      [](const auto& account) { return account.account == "physics"; });
        beta.cycle = cycle;
        beta.daemon.cluster = "beta";
        auto started = http::HttpServer::start(
            {socket(), {}}, ports::Services(std::vector<ports::Service*>{&service, &beta}));
        CHECK(started.has_value());
        server = std::move(*started);
    }
};

} // namespace

CASE(a_named_cluster_is_shown_without_a_heading) {
    TwoLabs labs;
    for (const char* option : {"-M", "--cluster"}) {
        const auto seen = labs.run({"status", option, "beta", "-n", "-P", "-o", "account"});
        CHECK_EQ(seen.code, 0);
        CHECK(!has(seen.out, "CLUSTER:"));
        CHECK(!has(seen.out, "physics"));
        CHECK(has(seen.out, "chem"));
    }
}

CASE(a_cluster_that_is_not_served_is_refused) {
    TwoLabs labs;
    const auto seen = labs.run({"status", "-M", "gamma"});
    CHECK(seen.code != 0);
    CHECK(has(seen.err, "serves clusters lab, beta, not 'gamma'"));
}

CASE(an_entry_needs_a_cluster) {
    TwoLabs labs;
    const auto seen = labs.run({"reset", "physics", "--period", "--reason=test"});
    CHECK(seen.code != 0);
    CHECK(has(seen.err, "--cluster=lab"));
}

CASE(usage_by_cluster_is_a_column_of_its_own) {
    Lab lab;
    auto cycle = std::make_shared<ports::CycleReport>(*lab.service.cycle);
    for (auto& account : cycle->decision.accounts)
        if (account.account == "physics")
            account.figures[0].by_cluster = {{"lab", {3600, 0, 0}}, {"beta", {0, 5400, 0}}};
    lab.service.cycle = cycle;
    for (const char* command : {"status", "usage"})
        CHECK_EQ(lab.run({command, "-n", "-P", "physics", "-o", "clusters"}).out,
                 "beta=1.5,lab=1\n");
    CHECK_EQ(lab.run({"status", "-n", "-P", "chem", "-o", "clusters"}).out, "\n");
}
