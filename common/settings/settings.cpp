// SPDX-License-Identifier: GPL-2.0-or-later
// sluiced.yaml from text or file to Settings.
#include "config.h"

#include "common/settings/settings.hpp"

#include "common/base/files.hpp"
#include "common/base/text.hpp"
#include "common/settings/daemon.hpp"
#include "common/settings/policy_set.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace sluice::settings {
namespace {

void note_what_is_missing(const Settings& settings, Errors& errors) {
    if (settings.policies.policies.empty())
        errors.note({}, "no policies: no account is limited");
    if (settings.policies.components.empty())
        errors.note({}, "no components: no account can have an allocation");
}

// Which policy is that of which offering.
void check_offerings(const Settings& settings, Errors& errors) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < settings.policies.policies.size(); ++i)
        if (settings.places.policies[i].policy.source == 0) // the file must be whole by itself
            known.push_back(settings.policies.policies[i].name);
    for (const auto& policy : settings.places.waldur_policies) {
        if (policy.name.empty() && settings.waldur.source == WaldurSettings::Source::waldur)
            errors.add(policy.place, "an offering has no policy; with waldur.source: waldur name "
                                     "the policy of each, for example policy: monthly");
        else if (!policy.name.empty() &&
                 std::find(known.begin(), known.end(), policy.name) == known.end())
            errors.add(policy.place, "waldur.offerings: policy " + shown(policy.name) +
                                         " is not defined under policies" +
                                         suggestion(policy.name, known));
    }
}

// Waldur has one policy for an offering; the file's may hold only what Waldur does not know.
void check_waldur(const Settings& settings, Errors& errors) {
    check_offerings(settings, errors);
    if (settings.waldur.source != WaldurSettings::Source::waldur)
        return;
    const auto& policies = settings.policies.policies;
    const auto& places = settings.places.policies;
    const auto& offerings = settings.waldur.offerings;
    const bool named = !settings.places.waldur_policies.empty(); // waldur.offerings
    if (!named && policies.size() > 1)
        errors.add(places[1].policy,
                   "waldur.source: waldur takes the policy from Waldur; keep one policy here, for "
                   "what Waldur does not know (mode, QOS), or name several in waldur.offerings");
    for (std::size_t i = 0; named && i < policies.size(); ++i)
        if (std::none_of(offerings.begin(), offerings.end(),
                         [&](const auto& offering) { return offering.policy == policies[i].name; }))
            errors.add(places[i].policy, "policy \"" + policies[i].name +
                                             "\" belongs to no offering; with waldur.source: "
                                             "waldur each policy is that of one in "
                                             "waldur.offerings");
    for (std::size_t i = 0; i < policies.size(); ++i)
        if (policies[i].allocation)
            errors.add(places[i].policy, "waldur.source: waldur takes allocations from Waldur; "
                                         "leave the allocation of policy \"" +
                                             policies[i].name + "\" out");
}

// A file that takes rules from Waldur must not be in force without them.
Result<void> check_build([[maybe_unused]] const Settings& settings) {
#ifndef SLUICE_WALDUR
    if (settings.places.waldur) {
        Errors errors(settings.file);
        errors.add(*settings.places.waldur,
                   "waldur: this sluiced was built without Waldur support; remove the key and set "
                   "allocations and policies in this file, or install a sluiced that was "
                   "configured without --disable-waldur");
        return errors.error();
    }
#endif
    return {};
}

// Whoever may read the file has the token.
Result<void> check_secrecy(const Settings& settings) {
    const auto& waldur = settings.waldur;
    if (waldur.token.inline_text == nullptr && waldur.oidc_client_secret.inline_text == nullptr)
        return {};
    struct stat status {};
    if (::stat(settings.file.c_str(), &status) != 0 || (status.st_mode & S_IRWXO) == 0)
        return {};
    return Error{Errc::refused, settings.file +
                                    ": holds a secret of Waldur and every user may read "
                                    "it; run: chmod o= " +
                                    settings.file + ", or name a file in waldur_api_token_file"};
}

} // namespace

bool take_faults(const yaml::Tree& tree, Errors& errors) {
    for (const auto& fault : tree.faults)
        errors.add(fault.place, fault.text);
    return tree.root.has_value();
}

namespace {

std::vector<std::string> names_of(std::span<const model::RuleEntry> entries) {
    std::vector<std::string> names;
    for (const auto& entry : entries)
        names.push_back(source_name(entry));
    return names;
}

std::string version_of(std::string_view text, std::span<const model::RuleEntry> entries) {
    std::string all(text);
    for (const auto& entry : entries)
        all += std::string("\n") + model::name(entry.kind) + ' ' + entry.name + '\n' + entry.text;
    return fingerprint(all);
}

// The trees of these entries, in their order; `errors` has their faults.
std::vector<yaml::Tree> parsed(std::span<const model::RuleEntry> entries, Errors& errors) {
    std::vector<yaml::Tree> trees;
    trees.reserve(entries.size());
    for (const auto& entry : entries) {
        trees.push_back(yaml::parse(entry.text, {}, yaml::Anchors::refused, trees.size() + 1));
        take_faults(trees.back(), errors);
    }
    return trees;
}

} // namespace

Result<Settings> parse(std::string_view text, const std::string& filename,
                       std::span<const model::RuleEntry> entries) {
    const yaml::Tree tree = yaml::parse(text);
    Errors errors(filename, names_of(entries));
    const auto trees = parsed(entries, errors);
    if (!take_faults(tree, errors))
        return errors.error();
    Settings settings;
    settings.file = filename;
    settings.version = version_of(text, entries);
    settings.sources = names_of(entries);
    Reading reading;
    const auto lay_in = [&] {
        if (settings.waldur.source == WaldurSettings::Source::waldur) {
            if (!entries.empty())
                errors.note({}, "waldur.source: waldur: the " + std::to_string(entries.size()) +
                                    " policies and allocations of the journal do not count");
            return;
        }
        for (std::size_t i = 0; i < trees.size(); ++i)
            if (trees[i].root)
                reading.entries.push_back({&entries[i], &*trees[i].root});
    };
    const yaml::Tree blank = yaml::parse("{}");
    const Node& root = tree.root->is_empty() ? *blank.root : *tree.root;
    {
        MapReader top(root, "the file", errors);
        if (root.is_map()) {
            read_daemon_keys(top, settings.daemon);
            read_waldur(top, settings.waldur, reading);
            lay_in();
            read_policy_set(top, reading);
            settings.policies = std::move(reading.set);
            settings.places = std::move(reading.places);
            read_notifications(top, settings);
            top.finish();
            if (top.has("waldur"))
                settings.places.waldur = top.key_place("waldur");
            check_clusters(top, settings, errors);
            check_metrics(top, settings, errors);
        }
    }
    check_waldur(settings, errors);
    check_notifications(settings, errors);
    note_what_is_missing(settings, errors);
    settings.notes = errors.notes();
    if (errors.any())
        return errors.error();
    return settings;
}

Result<Settings> load(const std::string& path, std::span<const model::RuleEntry> entries) {
    auto text = read_file(path, yaml::Bounds{}.bytes);
    if (!text)
        return std::move(text).error();
    auto settings = parse(*text, path, entries);
    if (!settings)
        return settings;
    if (auto secret = check_secrecy(*settings); !secret)
        return std::move(secret).error();
    if (auto built = check_build(*settings); !built)
        return std::move(built).error();
    return settings;
}

// Several clusters in one file: what belongs to which.
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
    if (served.size() > 1 && settings.waldur.enabled)
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
