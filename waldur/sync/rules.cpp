// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/rules.hpp"

#include "waldur/sync/policy.hpp"

#include <set>

namespace sluice::app {
namespace {

using ports::PortalResource;
using ports::PortalView;
using settings::PortalSettings;

// A pin of Waldur ends when Waldur ends it; the snapshot needs an instant all the same.
constexpr Instant kFarAway = instant(4'102'444'800); // 2100-01-01

std::string shown(const PortalResource& resource) {
    return resource.name + " (" + resource.uuid + ')';
}

// Units by our own components. Unlike a grant of 0 in sluiced.yaml, 0 is no limit in Waldur.
model::Allocation allocation(const PortalResource& resource, const model::PolicySet& set) {
    model::Allocation granted;
    for (const auto& [type, units] : resource.limits)
        if (!units.is_zero() && set.component(type) != nullptr)
            granted.emplace(type, units);
    return granted;
}

void take_accounts(const PortalView& view, const AccountResources& known, Rules& rules) {
    std::set<std::string> missing;
    for (const auto& [account, resource] : known.accounts) {
        auto granted = allocation(*resource, rules.set);
        auto& entry = rules.set.accounts[account];
        entry.allocation.reset();
        if (!granted.empty())
            entry.allocation = std::move(granted);
        for (const auto& [type, units] : resource->limits)
            if (!units.is_zero() && rules.set.component(type) == nullptr)
                missing.insert(type);
    }
    for (const auto& component : view.components)
        if (component.billing_type == "limit" && missing.contains(component.type))
            rules.problems.push_back({"",
                                      "Waldur limits " + component.type +
                                          ", but no such component is defined here: it is not "
                                          "judged",
                                      "add " + component.type + " under components"});
}

// Obeying means both ways; otherwise a person's flag only ever makes it stricter.
void take_flags(const PortalSettings& settings, const PortalView& view,
                const AccountResources& known, const AskedFlags& asked, Rules& rules) {
    const bool obey = settings.authority == PortalSettings::Authority::waldur;
    const auto counts = [&](const PortalResource& resource, const char* flag, bool value) {
        const auto found = asked.find(flag_key(resource.uuid, flag));
        return obey
                   ? value
                   : is_foreign(value, found == asked.end() ? nullptr : &found->second, view.began);
    };
    for (const auto& [account, resource] : known.accounts) {
        model::Override pin;
        pin.account = account;
        if (counts(*resource, "paused", resource->paused))
            pin.standing = model::Standing::paused;
        else if (counts(*resource, "downscaled", resource->downscaled))
            pin.standing = model::Standing::downscaled;
        else if (!obey)
            continue;
        pin.until = kFarAway;
        pin.reason = obey ? "Waldur decides" : "set there by a person";
        pin.by = "Waldur";
        pin.foreign = true;
        pin.at_least = !obey;
        rules.pins.push_back(std::move(pin));
    }
}

// Contacts of the file win.
void take_owners(const PortalView& view, const AccountResources& known, Rules& rules) {
    for (const auto& [account, resource] : known.accounts) {
        const auto found = view.owners.find(resource->customer);
        if (found != view.owners.end() && !found->second.empty())
            rules.notices.contacts.emplace(account, found->second);
    }
}

std::shared_ptr<const ports::PortalNames> names_of(const PortalSettings& settings,
                                                   const PortalView& view,
                                                   const AccountResources& known,
                                                   const Rules& rules) {
    auto names = std::make_shared<ports::PortalNames>();
    names->offering = settings.offering;
    for (const auto& [account, resource] : known.accounts)
        names->resources.emplace(account, resource->uuid);
    // take_policy() lays Waldur's over the first one of ours.
    if (settings.source == PortalSettings::Source::waldur && view.policy &&
        !rules.set.policies.empty())
        names->policies.emplace(rules.set.policies.front().name, view.policy->uuid);
    return names;
}

} // namespace

std::string flag_key(const std::string& resource, const char* flag) {
    return resource + ':' + flag;
}

AccountResources roster(const PortalView& view) {
    AccountResources roster;
    std::map<std::string, std::vector<const PortalResource*>> by_account;
    for (const auto& resource : view.resources) {
        if (resource.state == "Terminating" || resource.state == "Terminated")
            continue;
        if (!resource.fault.empty())
            roster.problems.push_back({resource.account,
                                       "resource " + shown(resource) +
                                           " of Waldur cannot be understood: " + resource.fault +
                                           "; its account stays as it is",
                                       ""});
        else if (!resource.account.empty())
            by_account[resource.account].push_back(&resource);
        else if (resource.state != "Creating")
            roster.problems.push_back({"",
                                       "resource " + shown(resource) + " of Waldur has no account",
                                       "set its backend_id in Waldur"});
    }
    for (const auto& [account, resources] : by_account) {
        if (resources.size() == 1) {
            roster.accounts.emplace(account, resources.front());
            continue;
        }
        std::string names;
        for (const auto* resource : resources)
            names += (names.empty() ? "" : ", ") + shown(*resource);
        roster.problems.push_back({account,
                                   "account " + account + " is in " +
                                       std::to_string(resources.size()) +
                                       " resources of Waldur: " + names + "; it stays as it is",
                                   "terminate all but one of them, or correct their backend_id"});
    }
    return roster;
}

std::shared_ptr<Rules> portal_rules(const Rules& file, const PortalSettings& settings,
                                    const PortalView* view, const AskedFlags& asked) {
    auto rules = std::make_shared<Rules>(file);
    const bool source = settings.source == PortalSettings::Source::waldur;
    if (view == nullptr) {
        if (source)
            rules->missing = "waldur: has not answered yet, so nothing is known to be granted";
        return rules;
    }
    const AccountResources known = roster(*view);
    rules->portal_began = view->began;
    rules->problems = known.problems;
    for (const auto& problem : view->problems)
        rules->problems.push_back({"", problem, ""});
    if (settings.push.usage || settings.push.user_usage)
        for (const auto& [account, resource] : known.accounts)
            rules->monthly.insert(account);
    if (source) {
        rules->partial = true;
        take_policy(*view, *rules);
        take_accounts(*view, known, *rules);
        take_flags(settings, *view, known, asked, *rules);
    }
    take_owners(*view, known, *rules);
    rules->names = names_of(settings, *view, known, *rules);
    return rules;
}

} // namespace sluice::app
