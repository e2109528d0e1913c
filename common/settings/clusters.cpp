// SPDX-License-Identifier: GPL-2.0-or-later
// Several clusters in one file: what belongs to which.
#include "common/base/text.hpp"
#include "common/settings/daemon.hpp"

#include <algorithm>

namespace sluice::settings {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void check_served(const Reference& cluster, const std::vector<std::string>& served,
                  Errors& errors) {
    if (contains(served, cluster.name))
        return;
    errors.add(cluster.place,
               "clusters: " + shown(cluster.name) + " is not a cluster of this file" +
                   (served.empty() ? std::string("; name those that it is for in clusters")
                                   : suggestion(cluster.name, served)));
}

// One cluster's allocation is not shared.
void check_span(const model::Policy& policy, Place place, const std::vector<std::string>& served,
                Errors& errors) {
    const auto& clusters = policy.clusters.empty() ? served : policy.clusters;
    if (policy.spans && clusters.size() < 2)
        errors.add(place, "span: clusters of policy " + shown(policy.name) +
                              " needs two clusters or more; name them in clusters, or leave span "
                              "out");
}

// Those that a policy names and that are served; all, where it names none.
void write_out(const std::vector<std::string>& served, std::vector<std::string>& clusters) {
    if (clusters.empty())
        clusters = served;
    std::erase_if(clusters, [&](const auto& name) { return !contains(served, name); });
}

} // namespace

void check_clusters(const MapReader& top, const Settings& settings, Errors& errors) {
    const auto& served = settings.daemon.clusters;
    for (const auto& policy : settings.places.policies)
        for (const auto& cluster : policy.clusters)
            check_served(cluster, served, errors);
    for (std::size_t i = 0; i < settings.places.policies.size(); ++i)
        check_span(settings.policies.policies[i], settings.places.policies[i].span, served, errors);
    for (const auto& cluster : settings.places.account_clusters)
        check_served(cluster, served, errors);
    if (served.size() > 1 && settings.portal.enabled)
        errors.add(top.key_place("waldur"), "waldur: an offering is one cluster; keep one in "
                                            "clusters, and run a daemon for each of the others");
}

Settings of_cluster(const Settings& settings, const std::string& cluster) {
    Settings out = settings;
    out.daemon.cluster = cluster;
    out.policies.policies.clear();
    out.places.policies.clear();
    for (std::size_t i = 0; i < settings.policies.policies.size(); ++i) {
        const auto& policy = settings.policies.policies[i];
        if (!policy.clusters.empty() && !contains(policy.clusters, cluster))
            continue;
        out.policies.policies.push_back(policy);
        if (policy.spans)
            write_out(settings.daemon.clusters, out.policies.policies.back().clusters);
        out.places.policies.push_back(settings.places.policies[i]);
    }
    for (auto it = out.policies.accounts.begin(); it != out.policies.accounts.end();) {
        auto& account = it->second;
        const auto own = account.by_cluster.find(cluster);
        const bool elsewhere =
            own == account.by_cluster.end() && !account.by_cluster.empty() && !account.allocation;
        if (own != account.by_cluster.end())
            account.allocation = own->second;
        account.apart = !account.by_cluster.empty();
        account.by_cluster.clear();
        if (elsewhere) {
            out.places.accounts.erase(it->first);
            out.policies.elsewhere.insert(it->first);
        }
        it = elsewhere ? out.policies.accounts.erase(it) : std::next(it);
    }
    return out;
}

} // namespace sluice::settings
