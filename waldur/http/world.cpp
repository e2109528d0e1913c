// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/world.hpp"

#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kMaxPageSize = 300; // as Waldur

} // namespace

World::World(const Call& call)
    : set(call.service.policies()), info(call.service.info()),
      names(info.cluster, call.service.portal_names()), cycle(call.service.last_cycle()),
      visible(cycle.get(), call.request.viewer) {}

bool World::shows(const model::Policy& policy) const {
    if (visible.all())
        return true;
    return cycle != nullptr &&
           std::any_of(cycle->decision.accounts.begin(), cycle->decision.accounts.end(),
                       [&](const auto& account) {
                           return waldur::judges(account, policy) && visible.sees(account.account);
                       });
}

const model::Policy* World::policy(std::string_view uuid) const {
    const std::string wanted = waldur::bare(uuid);
    for (const auto& each : set->policies)
        if (!wanted.empty() && names.is_policy(each.name, wanted) && shows(each))
            return &each;
    return nullptr;
}

std::vector<std::string> World::accounts(const model::Policy& policy,
                                         const std::string& uuid) const {
    std::vector<std::string> out;
    if (cycle != nullptr)
        for (const auto& account : cycle->decision.accounts)
            if (waldur::judges(account, policy) && visible.sees(account.account) &&
                (uuid.empty() || names.is_resource(account.account, uuid)))
                out.push_back(account.account);
    return out;
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

std::string query(const Call& call, const char* key) {
    const auto found = call.request.query.find(key);
    return found == call.request.query.end() ? "" : found->second;
}

Value cut(Value value, const Call& call) {
    const auto fields = split(query(call, "field"), ',');
    if (!fields.empty())
        value.keep(fields);
    return value;
}

Response paged(const Call& call, std::vector<Value> all, std::size_t size_without) {
    const auto page = page_of(call.request, size_without, kMaxPageSize);
    if (!page)
        return page.error().code == Errc::not_found ? failure(404, "Invalid page.")
                                                    : failure(page.error());
    const std::size_t begin = page->begin(all.size());
    if (page->number > 1 && begin >= all.size())
        return failure(404, "Invalid page.");
    Value list = Value::array();
    for (std::size_t i = begin; i < page->end(all.size()); ++i)
        list.append(cut(std::move(all[i]), call));
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

} // namespace sluice::http
