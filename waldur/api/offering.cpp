// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/api/offering.hpp"

#include "common/base/text.hpp"
#include "common/json/json.hpp"

#include <cmath>
#include <cstring>

namespace sluice::waldur {
namespace {

constexpr std::size_t kMaxName = 512;      // of names; longer ones are cut
constexpr std::size_t kMaxComponents = 64; // as sluiced.yaml allows

std::string name_of(json::View view) {
    std::string text = view.text();
    if (text.size() > kMaxName)
        text.resize(kMaxName);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ')
            c = ' ';
    return text;
}

// Slurm folds account names to lower case; a person may have typed a blank.
std::string account_of(json::View view) {
    return lower(trim(view.text()));
}

// What sacctmgr could not carry is no name of an account.
bool is_account(std::string_view name) {
    for (const char c : name)
        if (c <= ' ' || c == ',' || c == '|' || c == '=' || c == '"' || c == '\'' || c == '\x7f')
            return false;
    return name.size() <= kMaxName;
}

std::optional<bool> maybe_bool(json::View view) {
    return view.is_bool() ? std::optional(view.boolean()) : std::nullopt;
}

void read_limits(json::View object, Resource& resource) {
    if (!object.exists() || object.is_null())
        return;
    if (!object.is_object() || object.size() > kMaxComponents) {
        resource.fault = "limits is not a map of components";
        return;
    }
    for (const auto& type : object.keys()) {
        const json::View value = object[type];
        if (value.is_null())
            continue;
        const auto units = json::decimal_of(value);
        if (!units || units->is_negative())
            resource.fault = "limit of " + type + " is not an amount";
        else
            resource.limits.emplace(type, *units);
    }
}

// null is "never"; what write_resource() wrote is read again.
std::string end_date_of(json::View value) {
    if (!value.exists())
        return "";
    if (value.is_null())
        return "never";
    return value.is_string() ? name_of(value) : "no text";
}

json::Value texts_of(const std::set<std::string>& words) {
    return json::Value(std::vector<std::string>(words.begin(), words.end()));
}

json::Value decimals(const std::map<std::string, Decimal>& amounts) {
    auto object = json::Value::object();
    for (const auto& [name, amount] : amounts)
        object.set(name, amount.text());
    return object;
}

json::Value write_resource(const Resource& resource) {
    auto object = json::Value::object();
    object.set("uuid", resource.uuid)
        .set("name", resource.name)
        .set("backend_id", resource.account)
        .set("state", resource.state)
        .set("customer_uuid", resource.customer)
        .set("customer_name", resource.customer_name)
        .set("project_uuid", resource.project)
        .set("project_name", resource.project_name)
        .set("end_date", resource.end_date)
        .set("limits", decimals(resource.limits))
        .set("paused", resource.paused)
        .set("downscaled", resource.downscaled)
        .set("fault", resource.fault);
    return object;
}

json::Value write_policy(const OfferingPolicy& policy) {
    const auto text = [](const std::optional<Decimal>& value) {
        return value ? json::Value(value->text()) : json::Value();
    };
    auto object = json::Value::object();
    object.set("uuid", policy.uuid)
        .set("actions", join(policy.actions, ","))
        .set("period", policy.period)
        .set("limit_type", policy.limit_type)
        .set("qos_strategy", policy.qos_strategy)
        .set("tres_billing_enabled", policy.billing)
        .set("tres_billing_weights", decimals(policy.weights))
        .set("carryover_enabled", policy.carryover)
        .set("carryover_factor", text(policy.carryover_factor))
        .set("grace_ratio", text(policy.grace_ratio))
        .set("raw_usage_reset", policy.raw_usage_reset)
        .set("external_users", policy.external_users)
        .set("apply_to_all", policy.for_all)
        .set("organization_groups", policy.groups)
        .set("customers", texts_of(policy.customers));
    return object;
}

} // namespace

std::string uuid_of(std::string_view text) {
    while (!text.empty() && text.back() == '/')
        text.remove_suffix(1);
    if (const std::size_t slash = text.rfind('/'); slash != std::string_view::npos)
        text.remove_prefix(slash + 1);
    std::string digits;
    for (const char c : lower(text))
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
            digits += c;
        else if (c != '-')
            return "";
    return digits.size() == 32 ? digits : "";
}

std::string dashed(const std::string& uuid) {
    if (uuid.size() != 32)
        return uuid;
    return uuid.substr(0, 8) + '-' + uuid.substr(8, 4) + '-' + uuid.substr(12, 4) + '-' +
           uuid.substr(16, 4) + '-' + uuid.substr(20);
}

std::vector<OfferingComponent> read_components(json::View list) {
    std::vector<OfferingComponent> components;
    for (const auto& item : list.items()) {
        if (components.size() == kMaxComponents)
            break;
        OfferingComponent component{name_of(item["type"]), name_of(item["billing_type"]),
                                    name_of(item["limit_period"])};
        if (!component.type.empty())
            components.push_back(std::move(component));
    }
    return components;
}

Resource read_resource(json::View object) {
    Resource resource;
    resource.uuid = uuid_of(object["uuid"].text());
    resource.name = name_of(object["name"]);
    resource.account = account_of(object["backend_id"]);
    resource.state = name_of(object["state"]);
    resource.customer = uuid_of(object["customer_uuid"].text());
    resource.customer_name = name_of(object["customer_name"]);
    resource.project = uuid_of(object["project_uuid"].text());
    resource.project_name = name_of(object["project_name"]);
    resource.end_date = end_date_of(object["end_date"]);
    resource.paused = object["paused"].boolean();
    resource.downscaled = object["downscaled"].boolean();
    resource.fault = name_of(object["fault"]);
    read_limits(object["limits"], resource);
    if (!is_account(resource.account)) {
        resource.fault = "backend_id is not an account name";
        resource.account.clear();
    }
    return resource;
}

OfferingPolicy read_policy(json::View object) {
    OfferingPolicy policy;
    policy.uuid = uuid_of(object["uuid"].text());
    policy.actions = split(object["actions"].text(), ',');
    if (object["period"].is_integer())
        policy.period = object["period"].integer();
    policy.limit_type = name_of(object["limit_type"]);
    policy.qos_strategy = name_of(object["qos_strategy"]);
    policy.billing = maybe_bool(object["tres_billing_enabled"]);
    for (const auto& name : object["tres_billing_weights"].keys())
        if (const auto weight = json::decimal_of(object["tres_billing_weights"][name]))
            policy.weights.emplace(name, *weight);
    policy.carryover = maybe_bool(object["carryover_enabled"]);
    policy.carryover_factor = json::decimal_of(object["carryover_factor"]);
    policy.grace_ratio = json::decimal_of(object["grace_ratio"]);
    policy.raw_usage_reset = maybe_bool(object["raw_usage_reset"]);
    policy.external_users = object["external_users"].is_array()
                                ? object["external_users"].texts()
                                : split(object["options"]["notify_external_user"].text(), ',');
    policy.for_all = object["apply_to_all"].boolean(true);
    if (!policy.for_all)
        for (const auto& url : object["organization_groups"].texts())
            if (auto uuid = uuid_of(url); !uuid.empty())
                policy.groups.push_back(std::move(uuid));
    for (const auto& customer : object["customers"].texts())
        policy.customers.insert(customer);
    return policy;
}

std::string read_address(json::View view) {
    const std::string text(trim(view.text()));
    const std::size_t at = text.find('@');
    if (at == std::string::npos || at == 0 || at + 1 == text.size() || text.size() > 254 ||
        text.front() == '-')
        return "";
    for (const char c : text)
        if (c <= ' ' || c >= '\x7f' || std::strchr(",;<>()\"\\", c) != nullptr)
            return "";
    return text;
}

std::string text_of(const Offering& offering) {
    auto components = json::Value::array();
    for (const auto& component : offering.components) {
        auto object = json::Value::object();
        object.set("type", component.type)
            .set("billing_type", component.billing_type)
            .set("limit_period", component.limit_period);
        components.append(std::move(object));
    }
    auto resources = json::Value::array();
    for (const auto& resource : offering.resources)
        resources.append(write_resource(resource));
    auto owners = json::Value::object();
    for (const auto& [customer, addresses] : offering.owners)
        owners.set(customer, addresses);
    auto root = json::Value::object();
    root.set("version", 1)
        .set("began", epoch(offering.began))
        .set("taken", epoch(offering.taken))
        .set("components", std::move(components))
        .set("resources", std::move(resources))
        .set("policy", offering.policy ? write_policy(*offering.policy) : json::Value())
        .set("owners", std::move(owners))
        .set("problems", offering.problems);
    return root.compact();
}

Result<Offering> offering_of(const std::string& text) {
    const auto root = json::parse(text, {256U * 1024 * 1024, 16});
    if (!root)
        return Error(root.error()).in("kept answer of Waldur");
    if ((*root)["version"].integer() != 1)
        return Error{Errc::malformed,
                     "kept answer of Waldur: written by another version of Sluice"};
    Offering offering;
    offering.began = instant((*root)["began"].integer());
    offering.taken = instant((*root)["taken"].integer());
    offering.components = read_components((*root)["components"]);
    for (const auto& item : (*root)["resources"].items())
        offering.resources.push_back(read_resource(item));
    if ((*root)["policy"].is_object())
        offering.policy = read_policy((*root)["policy"]);
    for (const auto& customer : (*root)["owners"].keys())
        offering.owners.emplace(customer, (*root)["owners"][customer].texts());
    offering.problems = (*root)["problems"].texts();
    return offering;
}

} // namespace sluice::waldur
