// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/overview.hpp"

#include "daemon/http/views/common.hpp"

#include <algorithm>
#include <map>

namespace sluice::http::waldur {
namespace {

using json::Value;
using sluice::waldur::Offering;
using sluice::waldur::Resource;

const char* state_of(const OfferingState& each) {
    if (!each.trouble)
        return each.offering ? "ok" : "not asked yet";
    const Errc code = each.trouble->code;
    return code == Errc::unavailable || code == Errc::timeout ? "away" : "rejected";
}

// Which accounts are in how many resources.
std::map<std::string, int> holders(const Overview& overview) {
    std::map<std::string, int> found;
    for (const auto& each : overview.offerings)
        if (each.offering)
            for (const auto& resource : each.offering->resources)
                if (resource.state != "Terminating" && resource.fault.empty())
                    ++found[resource.account];
    return found;
}

struct Sight {
    const Overview& overview;
    CyclePtr cycle; // nullptr before the first
    std::shared_ptr<const model::PolicySet> set;
    std::map<std::string, int> holders;
};

bool has_known_limit(const Resource& resource, const model::PolicySet& set) {
    return std::any_of(resource.limits.begin(), resource.limits.end(), [&](const auto& limit) {
        return !limit.second.is_zero() && set.component(limit.first) != nullptr;
    });
}

// Why Waldur's resource has no account here; "": it has one.
std::string without_account(const Resource& resource, const Sight& sight) {
    if (resource.state == "Terminating")
        return "Waldur terminates the resource";
    if (!resource.fault.empty())
        return resource.fault;
    if (resource.account.empty())
        return resource.state == "Creating" ? "Waldur creates the resource"
                                            : "the resource has no backend_id";
    if (sight.holders.at(resource.account) > 1)
        return "the account is in several resources";
    return "";
}

// "": it is evaluated.
std::string why_not(const Resource& resource, const Offering& offering, const Sight& sight) {
    if (auto reason = without_account(resource, sight); !reason.empty())
        return reason;
    if (sight.cycle == nullptr)
        return "no evaluation has completed yet";
    const auto* decision = sight.cycle->decision.find(resource.account);
    if (decision != nullptr)
        return decision->error;
    if (!sight.cycle->parents.contains(resource.account))
        return "Slurm has no such account";
    if (sight.overview.source == "waldur") {
        const auto& policy = offering.policy;
        if (policy && !policy->for_all && !policy->customers.contains(resource.customer))
            return "its organization is in no organization group of the policy";
        if (!has_known_limit(resource, *sight.set))
            return "the resource limits no component of sluiced.yaml";
    }
    return "no policy with an allocation covers the account";
}

Value render_resource(const Resource& resource, const OfferingState& of, const Sight& sight) {
    const auto* decision =
        sight.cycle == nullptr ? nullptr : sight.cycle->decision.find(resource.account);
    const std::string reason = why_not(resource, *of.offering, sight);
    std::string policy = of.policy;
    Value standing;
    Value mode;
    if (decision != nullptr && without_account(resource, sight).empty()) {
        standing = Value(model::standing_text(*decision));
        mode = Value(decision->mode == model::Mode::enforce ? "enforce" : "observe");
        if (!decision->policies.empty())
            policy = decision->policies.front();
    }
    return object(kv("account", resource.account), kv("name", resource.name),
                  kv("uuid", resource.uuid), kv("state", resource.state), kv("offering", of.uuid),
                  kv("policy", policy), kv("customer", resource.customer_name),
                  kv("project", resource.project_name), kv("paused", resource.paused),
                  kv("downscaled", resource.downscaled), kv("standing", std::move(standing)),
                  kv("mode", std::move(mode)), kv("evaluated", reason.empty()),
                  kv("reason", reason));
}

Value render_offering(const OfferingState& each, const Sight& sight) {
    std::size_t evaluated = 0;
    std::optional<Instant> answered;
    if (each.offering) {
        answered = each.offering->taken;
        for (const auto& resource : each.offering->resources)
            evaluated += why_not(resource, *each.offering, sight).empty() ? 1U : 0U;
    }
    const auto* policy = each.offering && each.offering->policy ? &*each.offering->policy : nullptr;
    return object(
        kv("uuid", each.uuid), kv("policy", each.policy), kv("state", state_of(each)),
        kv("error", each.trouble ? each.trouble->context : std::string()), kv("answered", answered),
        kv("resources", each.offering ? each.offering->resources.size() : 0U),
        kv("evaluated", evaluated),
        kv("waldur_policy", policy != nullptr ? Value(policy->uuid) : Value()),
        kv("problems", each.offering ? each.offering->problems : std::vector<std::string>()));
}

Value render_outbox(const std::vector<ports::OutboxCount>& counts) {
    for (const auto& count : counts)
        if (count.target == "waldur")
            return render(count);
    return render(ports::OutboxCount{"waldur", 0, 0, std::nullopt});
}

Response show(const Call& call, const std::optional<Overview>& overview) {
    if (!overview)
        return answer(call, kv("waldur", Value()));
    const auto counts = call.services.outbox.counts();
    if (!counts)
        return failure(counts.error());
    const Sight sight{*overview, call.status.last_cycle(), call.status.policies(),
                      holders(*overview)};
    Value resources = Value::array();
    for (const auto& each : overview->offerings)
        if (each.offering)
            for (const auto& resource : each.offering->resources)
                resources.append(render_resource(resource, each, sight));
    Value out = object(kv("url", overview->url), kv("source", overview->source),
                       kv("authority", overview->authority), kv("interval_s", overview->interval_s),
                       kv("offerings", array_of(overview->offerings,
                                                [&](const OfferingState& each) {
                                                    return render_offering(each, sight);
                                                })),
                       kv("resources", std::move(resources)), kv("outbox", render_outbox(*counts)));
    return answer(call, kv("waldur", std::move(out)));
}

Response ask_now(const Call& call, const Result<void>& asked) {
    if (asked)
        return answer(call, kv("asked", true));
    const auto& error = asked.error();
    if (error.code == Errc::not_found)
        return failure(404, error.context);
    const bool away = error.code == Errc::unavailable || error.code == Errc::timeout;
    return failure(away ? 504 : 502, error.context);
}

} // namespace

std::vector<Route> overview_routes(ReadOverview read, AskWaldur ask) {
    return {
        {"GET", "/api/v1/waldur", kStaff | kDaemon,
         [read = std::move(read)](const Call& call) { return show(call, read()); },
         "Waldur's last answers: offerings, resources, who is not evaluated and why"},
        {"POST", "/api/v1/waldur/sync", kStaff | kWaits | kDaemon,
         [ask = std::move(ask)](const Call& call) { return ask_now(call, ask()); },
         "Ask Waldur now and use its answer"},
    };
}

} // namespace sluice::http::waldur
