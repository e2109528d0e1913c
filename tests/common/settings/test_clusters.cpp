// SPDX-License-Identifier: GPL-2.0-or-later
// What of a file with several clusters belongs to which.
#include "common/settings/settings.hpp"

#include "common/base/text.hpp"

#include "tests/common/settings/data.hpp"
#include "tests/support/case.hpp"

using namespace sluice;

namespace {

settings::Settings cut(const std::string& cluster) {
    const auto path = test::source_folder() / "tests/data/settings/good/clusters.yaml";
    const auto whole = settings::parse(test::content(path), "clusters.yaml");
    if (!whole)
        test::fail(whole.error().context);
    return settings::of_cluster(*whole, cluster);
}

std::string policies(const settings::Settings& settings) {
    std::vector<std::string> names;
    for (const auto& policy : settings.policies.policies)
        names.push_back(policy.name);
    CHECK_EQ(settings.places.policies.size(), names.size());
    return join(names, ",");
}

Decimal granted(const settings::Settings& settings, const std::string& account) {
    return settings.policies.accounts.at(account).allocation->at("node_hours");
}

model::Structure structure(const std::vector<std::string>& accounts) {
    model::Structure out;
    for (const auto& name : accounts) {
        out.associations.emplace_back();
        out.associations.back().account = name;
    }
    return out;
}

} // namespace

CASE(a_cluster_has_the_policies_that_name_it_or_none) {
    CHECK_EQ(policies(cut("alpha")), "shared,pair,own");
    CHECK_EQ(policies(cut("beta")), "shared,own");
    CHECK_EQ(cut("beta").daemon.cluster, "beta");
}

CASE(an_account_has_what_it_is_granted_there) {
    CHECK_EQ(granted(cut("alpha"), "chem").text(), "10");
    CHECK_EQ(granted(cut("beta"), "chem").text(), "20");
    CHECK_EQ(granted(cut("beta"), "physics").text(), "1000");
}

CASE(an_account_of_other_clusters_alone_is_not_missed) {
    const auto alpha = cut("alpha");
    CHECK(!alpha.policies.accounts.contains("optics"));
    CHECK(!alpha.places.accounts.contains("optics"));
    CHECK(alpha.policies.elsewhere == std::set<std::string>{"optics"});
    CHECK(cut("beta").policies.elsewhere.empty());
    const auto warnings = settings::warnings_against(alpha, structure({"physics", "chem", "bio"}));
    CHECK(join(warnings, "\n").find("optics") == std::string::npos);
}

CASE(a_policy_that_spans_has_its_clusters_written_out) {
    const auto alpha = cut("alpha");
    const auto& policies = alpha.policies.policies;
    CHECK(policies[0].spans);
    CHECK_EQ(join(policies[0].clusters, ","), "alpha,beta,gamma");
    CHECK_EQ(join(policies[1].clusters, ","), "gamma,alpha"); // in the policy's order
    CHECK(!policies[2].spans);
    CHECK(policies[2].clusters.empty());
}

CASE(what_is_granted_by_cluster_stands_apart) {
    for (const char* cluster : {"alpha", "beta"}) {
        CHECK(cut(cluster).policies.accounts.at("chem").apart);
        CHECK(!cut(cluster).policies.accounts.at("physics").apart);
    }
}

CASE(an_account_that_spans_need_not_be_on_each_cluster) {
    const auto alpha = cut("alpha");
    const auto here = structure({"chem", "bio"});
    CHECK(join(settings::warnings_against(alpha, here), "\n").find("physics") != std::string::npos);
    CHECK(join(settings::warnings_against(alpha, here, {"physics"}), "\n").find("physics") ==
          std::string::npos);
}
