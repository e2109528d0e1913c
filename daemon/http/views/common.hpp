// SPDX-License-Identifier: GPL-2.0-or-later
// What the routes have in common: bodies, the frame of an answer, which accounts a caller may name,
// queries of the journal.
#pragma once

#include "daemon/http/auth/visible.hpp"
#include "daemon/http/server/router.hpp"
#include "daemon/http/views/render.hpp"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

using CyclePtr = std::shared_ptr<const ports::CycleReport>;

// Reads the JSON body of a request and keeps the first fault, to be checked before anything is done
// with what was read.
class Form {
public:
    // The body must be an object with no other keys than `known`; an empty body is an empty object.
    Form(const Request& request, std::initializer_list<std::string_view> known);

    json::View operator[](std::string_view key) const { return body_[key]; }
    // "": not sent, or null.
    std::string text(const std::string& key);
    bool flag(const std::string& key);
    // Keys `account` and `accounts`: names in lower case, as the cluster has them.
    std::string account();
    std::vector<std::string> accounts();
    void fail(std::string what);
    const std::optional<Error>& fault() const { return fault_; }

private:
    json::Value body_ = json::Value::object();
    std::optional<Error> fault_; // malformed
};

// The name that Slurm knows for the viewer's uid, for the ledger.
std::string who(const Call& call);
// ?dry_run=1
bool asks_dry_run(const Request& request);
// Who asks and why. Some clients send no body with DELETE: reason and dry_run may be in the query.
ports::Person person(const Call& call, Form& form);
// The entry's number and the cycle that followed it.
Response booked(const Call& call, const Result<ports::Booked>& done, const ports::Person& by,
                const std::vector<std::string>& accounts);

// What a person must know before trusting the figures.
struct Warning {
    const char* source; // "cycle", "clock", "config", "source", "plugin_server", "usage"
    std::string description;
};

// Slurm's own top level: payload beside meta, errors and warnings.
json::Value envelope(const Call& call, const ports::DaemonInfo& info,
                     const std::vector<Warning>& warnings);
json::Value envelope(const Call& call);
// 200: the frame with these keys.
template <class... T>
Response answer(const Call& call, Field<T>&&... fields) {
    json::Value out = envelope(call);
    put(out, std::move(fields)...);
    return ok(out);
}

// null for nullptr. The reason of a failure is for staff.
json::Value render_cycle(const ports::CycleReport* cycle, bool staff);
json::Value render_problems(const ports::CycleReport& cycle);
json::Value render_info(const ports::DaemonInfo& info, bool staff);
// null: no evaluation runs.
json::Value render_under_way(const std::optional<ports::UnderWay>& running);
// 503: before the first cycle.
Response no_cycle_yet();

// Users learn that something is wrong, staff also why. `cycle` may be nullptr.
std::vector<Warning> warnings(const ports::DaemonInfo& info, const ports::CycleReport* cycle,
                              const ports::PluginServerStatus& server, bool staff);
// Accounts are enforced, but no plugin is connected.
bool lacks_a_plugin(const ports::CycleReport* cycle, const ports::PluginServerStatus& server);

// The accounts of ?account=a,b
std::vector<std::string> asked(const Request& request);
// No names mean all.
bool named(const std::vector<std::string>& accounts, const std::string& account);
// 404 with the reason and, for a misspelt name, the nearest one.
Response no_account(const Call& call, const ports::CycleReport* cycle, const Visible& visible,
                    const std::string& account);
// 404 for the first of these accounts that the viewer cannot see or that no policy evaluates.
std::optional<Response> unknown(const Call& call, const ports::CycleReport* cycle,
                                const Visible& visible, const std::vector<std::string>& accounts);

// A page of a list: ?page= (from 1) and ?page_size=; without either the whole of it.
struct Page {
    std::size_t number = 1;
    std::size_t size = SIZE_MAX;
    std::size_t begin(std::size_t count) const;
    std::size_t end(std::size_t count) const;
};
// not_found: no such page; malformed: page_size.
Result<Page> page_of(const Request& request, std::size_t size_without, std::size_t most);
// X-Result-Count, and Link with first, prev, next and last where they exist.
void put_paging(Response& response, const Request& request, const Page& page, std::size_t count);

inline constexpr std::size_t kMaxLimit = 10000;
// ?limit=, a default without. malformed
Result<std::size_t> limit(const Request& request);
// ?before=, ?start=, ?end=, ?period= and ?only=, with one of the words that the route knows.
// malformed
Result<void> narrow_query(const Call& call, const std::vector<std::string>& words,
                          ports::Query& query);
// What a viewer may read of the journal. Staff may name an account that no policy evaluates any
// more.
Result<ports::Query> journal_query(const Call& call, const ports::CycleReport* cycle);

// The records of the viewer's accounts, as {key: [...]}.
template <class Ask, class Show>
Response journal_view(const Call& call, std::string_view key, Ask ask, Show show,
                      const std::vector<std::string>& words = {}) {
    const CyclePtr cycle = call.status.last_cycle();
    auto query = journal_query(call, cycle.get());
    if (!query)
        return failure(query.error());
    if (const auto narrowed = narrow_query(call, words, *query); !narrowed)
        return failure(narrowed.error());
    // An empty list would mean all accounts.
    if (!call.request.viewer.sees_all() && query->accounts.empty())
        return answer(call, kv(key, json::Value::array()));
    const auto records = ask(*query);
    if (!records)
        return failure(records.error());
    return answer(call, kv(key, array_of(*records, show)));
}
template <class Ask>
Response journal_view(const Call& call, std::string_view key, Ask ask,
                      const std::vector<std::string>& words = {}) {
    return journal_view(
        call, key, ask, [](const auto& record) { return render(record); }, words);
}

// A cycle that was ordered: what it decided and did, or would do. Without names, and unless `all`,
// only the accounts that it changed or could not evaluate, and the number of the others.
json::Value evaluation(const Call& call, const ports::CycleReport& cycle,
                       const std::vector<std::string>& wanted, bool all = false);

} // namespace sluice::http
