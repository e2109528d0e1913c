// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/context.hpp"

#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

#include <algorithm>

namespace sluice::http::waldur {
namespace {

using json::Value;

constexpr std::size_t kMaxPageSize = 300; // as Waldur

// Names of ours in version 5: 6ba7b811-9dad-11d1-80b4-00c04fd430c8 is RFC 9562's for URLs.
constexpr std::string_view kUrlNamespace =
    "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4"
    "\x30\xc8";

} // namespace

std::string uuid(std::string_view kind, std::string_view cluster, std::string_view name) {
    std::string text(kUrlNamespace);
    ((text += "sluice:") += kind) += ':';
    ((text += cluster) += ':') += name;
    const auto digest = hash::sha1(text);
    // A host that forbids SHA-1 has SHA-256; its first bytes do as well.
    std::string bytes = digest ? digest->substr(0, 16) : hash::sha256(text).value().substr(0, 16);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x50U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
    return hash::hex(bytes);
}

const sluice::waldur::KnownPolicy* Ids::known(const std::string& policy) const {
    const auto found = known_->policies.find(policy);
    return found == known_->policies.end() ? nullptr : &found->second;
}

std::string Ids::offering(const std::string& policy) const {
    const auto* found = known(policy);
    return found == nullptr ? uuid("offering", cluster_, "") : found->offering;
}

std::string Ids::policy(const std::string& name) const {
    const auto* found = known(name);
    return found == nullptr || found->uuid.empty() ? uuid("policy", cluster_, name) : found->uuid;
}

std::string Ids::resource(const std::string& account) const {
    const auto found = known_->resources.find(account);
    return found == known_->resources.end() ? uuid("resource", cluster_, account) : found->second;
}

bool Ids::is_offering(const std::string& policy, const std::string& id) const {
    return id == offering(policy) || id == uuid("offering", cluster_, "");
}

bool Ids::is_policy(const std::string& name, const std::string& id) const {
    return id == policy(name) || id == uuid("policy", cluster_, name);
}

bool Ids::is_resource(const std::string& account, const std::string& id) const {
    return id == resource(account) || id == uuid("resource", cluster_, account);
}

Context::Context(const Call& asked, std::shared_ptr<const KnownIds> known)
    : call(asked), set(call.status.policies()), info(call.status.info()),
      ids(info.cluster, std::move(known)), cycle(call.status.last_cycle()),
      visible(cycle.get(), call.request.viewer) {}

bool Context::shows(const model::Policy& policy) const {
    if (visible.all())
        return true;
    return cycle != nullptr &&
           std::any_of(cycle->decision.accounts.begin(), cycle->decision.accounts.end(),
                       [&](const auto& account) {
                           return is_evaluated(account, policy) && visible.sees(account.account);
                       });
}

const model::Policy* Context::policy(std::string_view uuid) const {
    const std::string wanted = uuid_of(uuid);
    for (const auto& each : set->policies)
        if (!wanted.empty() && ids.is_policy(each.name, wanted) && shows(each))
            return &each;
    return nullptr;
}

std::vector<std::string> Context::accounts(const model::Policy& policy,
                                           const std::string& uuid) const {
    std::vector<std::string> out;
    if (cycle != nullptr)
        for (const auto& account : cycle->decision.accounts)
            if (is_evaluated(account, policy) && visible.sees(account.account) &&
                (uuid.empty() || ids.is_resource(account.account, uuid)))
                out.push_back(account.account);
    return out;
}

bool is_evaluated(const model::AccountDecision& account, const model::Policy& policy) {
    return std::find(account.policies.begin(), account.policies.end(), policy.name) !=
           account.policies.end();
}

Response field_failure(std::string_view field, std::string_view what) {
    Value texts = Value::array();
    texts.append(what);
    Value body = Value::object();
    body.set(field, std::move(texts));
    return ok(body, 400);
}

Response not_found() {
    return failure(404, "Not found.");
}

std::string Context::query(const char* key) const {
    return call.request.argument(key);
}

Value Context::cut(Value value) const {
    const auto fields = split(query("field"), ',');
    if (!fields.empty())
        value.keep(fields);
    return value;
}

Response Context::paged(std::vector<Value> all, std::size_t default_size) const {
    const auto page = page_of(call.request, default_size, kMaxPageSize);
    if (!page)
        return page.error().code == Errc::not_found ? failure(404, "Invalid page.")
                                                    : failure(page.error());
    const std::size_t begin = page->begin(all.size());
    if (page->number > 1 && begin >= all.size())
        return failure(404, "Invalid page.");
    Value list = Value::array();
    for (std::size_t i = begin; i < page->end(all.size()); ++i)
        list.append(cut(std::move(all[i])));
    Response out = ok(list);
    put_paging(out, call.request, *page, all.size());
    return out;
}

Body body_of(const Call& call) {
    if (trim(call.request.body).empty())
        return {Value::object(), std::nullopt};
    auto parsed = json::parse(call.request.body);
    if (!parsed)
        return {Value(), failure(400, "JSON parse error - " + parsed.error().context)};
    if (!parsed->view().is_object())
        return {Value(), field_failure("non_field_errors",
                                       "Invalid data. Expected a dictionary, but got list.")};
    return {std::move(*parsed), std::nullopt};
}

GivenUuid uuid_in(json::View body, const char* key) {
    const json::View given = body[key];
    if (!given.exists() || given.is_null())
        return {};
    std::string uuid = uuid_of(given.text());
    if (uuid.empty())
        return {"", field_failure(key, "Must be a valid UUID.")};
    return {std::move(uuid), std::nullopt};
}

} // namespace sluice::http::waldur
