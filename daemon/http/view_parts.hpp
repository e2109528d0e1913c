// SPDX-License-Identifier: GPL-2.0-or-later
// What the routes have in common: the answer's frame, which accounts a caller may name, queries of
// the journal. Answers nothing itself.
#pragma once

#include "daemon/http/render.hpp"
#include "daemon/http/router.hpp"
#include "daemon/http/visible.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http {

using CyclePtr = std::shared_ptr<const ports::CycleReport>;

// Slurm's own top level: payload beside meta, errors and warnings.
json::Value envelope(const Call& call, const ports::DaemonInfo& info, json::Value warnings);
json::Value envelope(const Call& call);

// null for nullptr. The reason of a failure is for staff.
json::Value render_cycle(const ports::CycleReport* cycle, bool staff);
json::Value render_problems(const ports::CycleReport& cycle);
// A sentence for each plugin that has not stored the snapshot in use for some minutes.
std::vector<std::string> storage_faults(const ports::PluginServerStatus& server, Instant now);

// The accounts of ?account=a,b
std::vector<std::string> asked(const Request& request);
// No names mean all.
bool named(const std::vector<std::string>& accounts, const std::string& account);
// 404 with what is known of the name.
Response no_account(const Call& call, const ports::CycleReport* cycle, const Visible& visible,
                    const std::string& account);
// For the first of these accounts that the viewer cannot see or that no policy judges.
std::optional<Response> unknown(const Call& call, const ports::CycleReport* cycle,
                                const Visible& visible, const std::vector<std::string>& accounts);
json::Value accounts_array(const ports::CycleReport* cycle, const Visible& visible,
                           const std::vector<std::string>& wanted);

// A page of a list: ?page= (from 1) and ?page_size=; without either the whole of it.
struct Page {
    std::size_t number = 1;
    std::size_t size = SIZE_MAX;
    std::size_t begin(std::size_t count) const;
    std::size_t end(std::size_t count) const;
};
// malformed; not_found is the caller's matter.
Result<Page> page_of(const Request& request, std::size_t size_without, std::size_t most);
// X-Result-Count, and Link with first, prev, next and last where they exist.
void put_paging(Response& response, const Request& request, const Page& page, std::size_t count);

inline constexpr std::size_t kMaxLimit = 10000;
// ?limit=, a default without. malformed
Result<std::size_t> limit(const Request& request);
// What a viewer may ask of the journal. Staff may name an account that no policy judges any more.
Result<ports::Query> journal_query(const Call& call, const ports::CycleReport* cycle);

// What the journal has of the viewer's accounts, as {key: [...]}.
template <class Ask, class Show>
Response journal_view(const Call& call, std::string_view key, Ask ask, Show show) {
    const CyclePtr cycle = call.service.last_cycle();
    const auto query = journal_query(call, cycle.get());
    if (!query)
        return failure(query.error());
    json::Value list = json::Value::array();
    // An empty list would mean all accounts.
    if (call.request.viewer.sees_all() || !query->accounts.empty()) {
        const auto records = ask(*query);
        if (!records)
            return failure(records.error());
        for (const auto& record : *records)
            list.append(show(record));
    }
    json::Value out = envelope(call);
    out.set(key, std::move(list));
    return ok(out);
}
template <class Ask>
Response journal_view(const Call& call, std::string_view key, Ask ask) {
    return journal_view(call, key, ask, [](const auto& record) { return render(record); });
}

// A cycle run on request: what was decided and done, or would be.
json::Value evaluation(const Call& call, const ports::CycleReport& cycle,
                       const std::vector<std::string>& wanted);

} // namespace sluice::http
