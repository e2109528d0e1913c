// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/offering_client.hpp"

#include <algorithm>

namespace sluice::waldur {
namespace {

constexpr std::chrono::hours kOwnersEvery{1};
constexpr std::chrono::minutes kRightsEvery{10};
constexpr std::chrono::minutes kQueuesEvery{10};

} // namespace

Result<Offering> OfferingClient::pull() {
    Offering offering;
    offering.began = clock_.now();
    if (auto done = pull_offering(offering); !done)
        return std::move(done).error();
    if (auto done = pull_resources(offering); !done)
        return std::move(done).error();
    if (auto done = pull_policy(offering); !done)
        return std::move(done).error();
    if (auto done = pull_owners(offering); !done)
        return std::move(done).error();
    if (auto done = pull_rights(offering); !done)
        return std::move(done).error();
    if (auto done = pull_queues(offering); !done)
        return std::move(done).error();
    offering.taken = clock_.now();
    return offering;
}

Result<void> OfferingClient::pull_offering(Offering& offering) {
    const auto called = api_.get("/api/marketplace-provider-offerings/" + dashed(offering_) + '/',
                                 {{"field", "uuid"}, {"field", "components"}});
    if (called.fault && called.fault->status == 404)
        return Error{Errc::refused, "waldur: no offering " + dashed(offering_) +
                                        " is visible to this token; check waldur_offering_uuid and "
                                        "give the token's user a role in the service provider"};
    if (called.fault)
        return Error(called.fault->error);
    if (!called.value["components"].is_array())
        return Error{Errc::unavailable, "waldur: the offering has no components"};
    offering.components = read_components(called.value["components"]);
    return {};
}

Result<void> OfferingClient::pull_resources(Offering& offering) {
    Query query{{"offering_uuid", dashed(offering_)}};
    for (const char* state : {"Creating", "OK", "Erred", "Updating", "Terminating"})
        query.emplace_back("state", state);
    for (const char* field :
         {"uuid", "name", "backend_id", "state", "limits", "paused", "downscaled", "customer_uuid",
          "customer_name", "project_uuid", "project_name", "end_date"})
        query.emplace_back("field", field);
    auto done =
        api_.list("/api/marketplace-provider-resources/", std::move(query),
                  [&](json::View item) { offering.resources.push_back(read_resource(item)); });
    if (!done)
        return done;
    auto& resources = offering.resources;
    std::sort(resources.begin(), resources.end(),
              [](const auto& a, const auto& b) { return a.uuid < b.uuid; });
    const auto same = [](const auto& a, const auto& b) { return a.uuid == b.uuid; };
    // One that slipped to another page means that another one was missed.
    if (std::adjacent_find(resources.begin(), resources.end(), same) != resources.end())
        return Error{Errc::unavailable, "waldur: the list of resources changed while it was read"};
    if (!resources.empty() && resources.front().uuid.empty())
        return Error{Errc::unavailable, "waldur: a resource without uuid"};
    return {};
}

// Older ones have no such policy, and a token may not see it: then our own file's stands.
Result<void> OfferingClient::pull_policy(Offering& offering) {
    auto done = api_.list("/api/marketplace-slurm-periodic-usage-policies/",
                          {{"scope_uuid", dashed(offering_)}}, [&](json::View item) {
                              if (!offering.policy)
                                  offering.policy = read_policy(item);
                          });
    if (!done) {
        const Errc code = done.error().code;
        if (code != Errc::refused && code != Errc::not_found)
            return done;
        offering.policy.reset();
        offering.problems.push_back("the policy cannot be read: " + done.error().context);
        return {};
    }
    if (offering.policy && !offering.policy->for_all)
        return pull_customers(*offering.policy);
    return {};
}

Result<void> OfferingClient::pull_customers(OfferingPolicy& policy) {
    for (const auto& group : policy.groups) {
        auto done = api_.list("/api/customers/",
                              {{"organization_group_uuid", dashed(group)}, {"field", "uuid"}},
                              [&](json::View item) {
                                  if (auto uuid = uuid_of(item["uuid"].text()); !uuid.empty())
                                      policy.customers.insert(std::move(uuid));
                              });
        if (!done)
            return done;
    }
    return {};
}

// A token that may not see them costs nothing but the mails.
Result<void> OfferingClient::pull_owners(Offering& offering) {
    if (!offering.policy ||
        std::find(offering.policy->actions.begin(), offering.policy->actions.end(),
                  "notify_organization_owners") == offering.policy->actions.end())
        return {};
    const Instant now = clock_.now();
    if (!owners_asked_ || now - *owners_asked_ >= kOwnersEvery) {
        owners_.clear();
        owners_asked_ = now;
    }
    std::map<std::string, std::vector<std::string>> wanted;
    for (const auto& resource : offering.resources) {
        const auto& customer = resource.customer;
        if (customer.empty() || wanted.contains(customer))
            continue;
        if (!owners_.contains(customer)) {
            auto found = owners_of(customer);
            const Errc code = found ? Errc::internal : found.error().code;
            if (!found && code != Errc::refused && code != Errc::not_found) {
                owners_asked_.reset();
                return std::move(found).error();
            }
            if (!found) {
                offering.problems.push_back(
                    "the owners of organizations cannot be read, so no mail "
                    "is sent to them: " +
                    found.error().context +
                    "; give the token's user a role that may, or name them "
                    "under contacts");
                owners_asked_.reset();
                break;
            }
            owners_[customer] = std::move(*found);
        }
        wanted[customer] = owners_[customer];
    }
    offering.owners = std::move(wanted);
    return {};
}

Result<std::vector<std::string>> OfferingClient::owners_of(const std::string& customer) {
    std::vector<std::string> addresses;
    auto done = api_.list("/api/customers/" + dashed(customer) + "/users/",
                          {{"organization_role", "CUSTOMER.OWNER"},
                           {"is_active", "true"},
                           {"field", "email"},
                           {"field", "role_name"}},
                          [&](json::View item) {
                              // An older Waldur does not know the filter and names all members.
                              const std::string role = item["role_name"].text();
                              std::string address = read_address(item["email"]);
                              if (!address.empty() && (role.empty() || role == "CUSTOMER.OWNER"))
                                  addresses.push_back(std::move(address));
                          });
    if (!done)
        return std::move(done).error();
    std::sort(addresses.begin(), addresses.end());
    return addresses;
}

// What may be read shows by itself, and so does a push that is refused; but the first report may be
// months away, and is the only call that no role but staff allows.
Result<void> OfferingClient::pull_rights(Offering& offering) {
    const Instant now = clock_.now();
    const bool due = !rights_asked_ || !missing_right_.empty() || now < *rights_asked_ ||
                     now - *rights_asked_ >= kRightsEvery;
    if (reports_ && due) {
        const auto called =
            api_.get("/api/users/me/", {{"field", "username"}, {"field", "is_staff"}});
        if (called.fault && called.fault->error.code != Errc::refused &&
            called.fault->error.code != Errc::not_found)
            return Error(called.fault->error);
        rights_asked_ = now;
        missing_right_.clear();
        if (!called.fault && called.value["is_staff"].is_bool() &&
            !called.value["is_staff"].boolean())
            missing_right_ = "waldur: the token is of " + called.value["username"].text() +
                             ", who is not staff: results of commands will be refused; make that "
                             "user staff, or set waldur.push.command_results: false";
    }
    if (!missing_right_.empty())
        offering.problems.push_back(missing_right_);
    return {};
}

// A site agent that receives periodic limits writes them to Slurm as well. Only staff may list
// queues, and an older Waldur has no such list: then nothing is known.
Result<void> OfferingClient::pull_queues(Offering& offering) {
    const Instant now = clock_.now();
    if (!queues_asked_ || now < *queues_asked_ || now - *queues_asked_ >= kQueuesEvery) {
        std::string found;
        auto done = api_.list(
            "/api/event-subscription-queues/",
            {{"offering_uuid", dashed(offering_)}, {"object_type", "resource_periodic_limits"}},
            [&](json::View item) {
                std::string queue = item["queue_name"].text();
                if (found.empty() && !(is_ours_ && is_ours_(queue)))
                    found = queue.empty() ? "without name" : std::move(queue);
            });
        if (!done && done.error().code == Errc::unavailable)
            return done;
        second_writer_ = done ? found : "";
        queues_asked_ = now;
    }
    if (!second_writer_.empty())
        offering.problems.push_back(
            "waldur: a site agent is registered for the periodic limits of offering " +
            dashed(offering_) + " (queue " + second_writer_ +
            "): two programs that write limits overwrite each other; set periodic_limits.enabled "
            "to false there, and delete its event subscription in Waldur");
    return {};
}

} // namespace sluice::waldur
