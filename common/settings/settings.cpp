// SPDX-License-Identifier: GPL-2.0-or-later
// sluiced.yaml from text or file to Settings.
#include "common/settings/settings.hpp"

#include "common/base/read_file.hpp"
#include "common/settings/daemon.hpp"
#include "common/settings/policy_set.hpp"

#include <sys/stat.h>

namespace sluice::settings {
namespace {

void note_what_is_missing(const Settings& settings, Errors& errors) {
    if (settings.policies.policies.empty())
        errors.note({}, "no policies: nothing is judged");
    if (settings.policies.components.empty())
        errors.note({}, "no components: nothing can be granted");
}

// Waldur has one policy for an offering; ours may say only what Waldur does not know.
void check_portal(const Settings& settings, Errors& errors) {
    if (settings.portal.source != PortalSettings::Source::waldur)
        return;
    const auto& policies = settings.policies.policies;
    const auto& places = settings.places.policies;
    if (policies.size() > 1)
        errors.add(places[1].policy, "waldur.source: waldur takes the policy from Waldur; keep one "
                                     "policy here, for what Waldur does not know (mode, QOS)");
    for (std::size_t i = 0; i < policies.size(); ++i)
        if (policies[i].allocation)
            errors.add(places[i].policy, "waldur.source: waldur takes allocations from Waldur; "
                                         "leave the allocation of policy \"" +
                                             policies[i].name + "\" out");
}

// Whoever may read the file has the token.
Result<void> check_secrecy(const Settings& settings) {
    const auto& portal = settings.portal;
    if (portal.token.inline_text == nullptr && portal.oidc_client_secret.inline_text == nullptr)
        return {};
    struct stat status {};
    if (::stat(settings.file.c_str(), &status) != 0 || (status.st_mode & S_IRWXO) == 0)
        return {};
    return Error{Errc::refused, settings.file +
                                    ": holds a secret of Waldur and everybody may read "
                                    "it; chmod o= " +
                                    settings.file + ", or name a file in waldur_api_token_file"};
}

} // namespace

bool take_faults(const yaml::Tree& tree, Errors& errors) {
    for (const auto& fault : tree.faults)
        errors.add(fault.place, fault.text);
    return tree.root.has_value();
}

Result<Settings> parse(std::string_view text, const std::string& filename) {
    const yaml::Tree tree = yaml::parse(text);
    Errors errors(filename);
    if (!take_faults(tree, errors))
        return errors.error();
    Settings settings;
    settings.file = filename;
    Reading reading;
    if (!tree.root->is_empty()) {
        MapReader top(*tree.root, "the file", errors);
        if (tree.root->is_map()) {
            read_daemon_keys(top, settings.daemon);
            read_portal(top, settings.portal);
            read_policy_set(top, reading);
            read_notifications(top, settings);
            top.finish();
            settings.policies = std::move(reading.set);
            settings.places = std::move(reading.places);
            check_clusters(top, settings, errors);
        }
    }
    check_portal(settings, errors);
    check_notifications(settings, errors);
    note_what_is_missing(settings, errors);
    settings.notes = errors.notes();
    if (errors.any())
        return errors.error();
    return settings;
}

Result<Settings> load(const std::string& path) {
    auto text = read_file(path, yaml::Bounds{}.bytes);
    if (!text)
        return std::move(text).error();
    auto settings = parse(*text, path);
    if (!settings)
        return settings;
    if (auto secret = check_secrecy(*settings); !secret)
        return std::move(secret).error();
    return settings;
}

} // namespace sluice::settings
