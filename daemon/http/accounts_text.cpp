// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/accounts_text.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <set>

namespace sluice::http {
namespace {

constexpr std::size_t kMaxEntries = 4;
constexpr std::size_t kMaxPage = 100'000;

std::string text_of(const model::AccountDecision& account, const std::vector<std::string>& fields) {
    json::Value value = render(account);
    if (!fields.empty())
        value.keep(fields);
    return value.compact();
}

AccountsText::Texts make(const ports::CycleReport& cycle, const std::string& fields) {
    auto out = std::make_shared<std::vector<std::string>>();
    const auto keys = split(fields, ',');
    out->reserve(cycle.decision.accounts.size());
    for (const auto& account : cycle.decision.accounts)
        out->push_back(text_of(account, keys));
    return out;
}

// Indices of the accounts to show.
std::vector<std::size_t> chosen(const ports::CycleReport& cycle, const Visible& visible,
                                const std::vector<std::string>& wanted) {
    const std::set<std::string> names(wanted.begin(), wanted.end());
    std::vector<std::size_t> out;
    const auto& accounts = cycle.decision.accounts;
    for (std::size_t i = 0; i < accounts.size(); ++i)
        if (visible.sees(accounts[i].account) &&
            (names.empty() || names.contains(accounts[i].account)))
            out.push_back(i);
    return out;
}

} // namespace

AccountsText::Texts AccountsText::of(const CyclePtr& cycle, const std::string& fields) {
    // Held while the text is made: several requests after a cycle shall not all make it.
    auto held = held_.lock();
    std::erase_if(*held, [&](const Entry& entry) { return entry.cycle != cycle; });
    for (const auto& entry : *held)
        if (entry.fields == fields)
            return entry.texts;
    if (held->size() >= kMaxEntries)
        held->erase(held->begin());
    held->push_back({cycle, fields, make(*cycle, fields)});
    return held->back().texts;
}

Response with_accounts(const Call& call, const CyclePtr& cycle, const json::Value& out,
                       const std::vector<std::string>& wanted) {
    const auto page = page_of(call.request, SIZE_MAX, kMaxPage);
    if (!page)
        return failure(page.error());
    Response response = ok(out);
    if (cycle == nullptr)
        return response;
    const auto found = call.request.query.find("fields");
    const std::string fields = found == call.request.query.end() ? "" : found->second;
    const auto indices = chosen(*cycle, Visible(cycle.get(), call.request.viewer), wanted);
    const bool few = indices.size() < cycle->decision.accounts.size() / 2;
    const auto texts =
        few || call.shared.texts == nullptr ? nullptr : call.shared.texts->of(cycle, fields);
    const auto keys = split(fields, ',');
    std::string list;
    for (std::size_t i = page->begin(indices.size()); i < page->end(indices.size()); ++i) {
        if (!list.empty())
            list += ',';
        list += texts ? (*texts)[indices[i]] : text_of(cycle->decision.accounts[indices[i]], keys);
    }
    // A quotation mark inside a text is escaped, so this is the key itself.
    constexpr std::string_view kEmpty = "\"accounts\":[]";
    const auto at = response.body.find(kEmpty);
    if (at != std::string::npos)
        response.body.insert(at + kEmpty.size() - 1, list);
    put_paging(response, call.request, *page, indices.size());
    return response;
}

} // namespace sluice::http
